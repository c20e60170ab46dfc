"""The multilayer perceptron."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from regexp.component import per_run
from regexp.models.model import Model
from regexp.rules import Rule, above, at_least, each, finite, one_of, require, whole

if TYPE_CHECKING:
    from torch import nn

INITS = (
    "default",
    "normal",
    "lecun_normal",
    "xavier_normal",
    "xavier_uniform",
    "kaiming_normal",
    "kaiming_uniform",
    "constant",
)
OUTPUTS = ("auto", "identity", "sigmoid", "softmax")


@dataclasses.dataclass(frozen=True)
class MLP(Model):
    """A multilayer perceptron: ``h_0 = x``, ``h_l = activation(h_{l-1} W_l + b_l)``, ``scores = h_L W + b``.

    ``hidden``: the widths of the hidden layers. ``activation``: relu, tanh, sigmoid or identity.
    ``init``: ``default`` (torch's ``nn.Linear``: U(-1, 1) / sqrt(inputs), biases too), ``normal`` (standard deviation
    ``init_std``), ``lecun_normal`` (1 / sqrt(inputs); LeCun et al., "Efficient backprop", 1998), ``xavier_normal``,
    ``xavier_uniform`` (Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural networks", 2010),
    ``kaiming_normal``, ``kaiming_uniform`` (He et al., "Delving deep into rectifiers", 2015), ``constant``
    (``init_value``). All but the default draw biases with standard deviation ``init_bias_std``: 0 for zeros, 1 for Nielsen's.
    ``output``: the output function that the loss applies (auto: the loss's own).

    >>> MLP(hidden=(256, 128)).hidden_layers
    2
    """

    hidden: Any = (256, 128)
    activation: str = "relu"
    init: str = per_run("default")
    init_std: float = per_run(0.01)
    init_value: float = per_run(0.0)
    init_bias_std: float = per_run(0.0)
    output: str = "auto"

    def __post_init__(self) -> None:
        activation = one_of("relu", "tanh", "sigmoid", "identity")
        check_fields(self, hidden=each(whole(1), empty=False), activation=activation)
        object.__setattr__(self, "hidden", tuple(self.hidden))

    def build(self, features: int, outputs: int) -> nn.Module:
        return build_network([features, *self.hidden, outputs], self.activation, self)

    @property
    def hidden_layers(self) -> int:
        return len(self.hidden)


def build_network(widths: list[int], activation: str, spec: Any, bias: bool = True) -> nn.Module:
    """A network of our own layers with the initial weights that ``spec`` asks for, checked."""
    from regexp.models.initialization import check_initialization, initialize
    from regexp.models.layers import Network

    network = Network(widths, activation, bias)
    initialize(network, spec)
    check_initialization(network, spec)
    return network


def check_fields(spec: Any, **more: Rule) -> None:
    """The rules of the fields that all our models have, and ``more``."""
    require(
        spec,
        init=one_of(*INITS),
        init_std=above(0),
        init_value=finite(),
        init_bias_std=at_least(0),
        output=one_of(*OUTPUTS),
        **more,
    )
