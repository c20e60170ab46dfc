"""Linear and softmax regression."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from regexp.component import per_run
from regexp.models.mlp import build_network, check_fields
from regexp.models.model import Model
from regexp.rules import boolean

if TYPE_CHECKING:
    from torch import nn


@dataclasses.dataclass(frozen=True)
class Linear(Model):
    """A linear model: ``scores = x W + b``. Linear regression under half the squared error, softmax regression under
    cross-entropy.

    ``bias``: false leaves b out. Other fields as in :class:`regexp.models.mlp.MLP`.

    >>> Linear(init="normal", init_std=1.0).hidden_layers
    0
    """

    init: str = per_run("default")
    init_std: float = per_run(0.01)
    init_value: float = per_run(0.0)
    init_bias_std: float = per_run(0.0)
    output: str = "auto"
    bias: bool = True

    def __post_init__(self) -> None:
        check_fields(self, bias=boolean())

    def build(self, features: int, outputs: int) -> nn.Module:
        return build_network([features, outputs], "identity", self, self.bias)

    @property
    def hidden_layers(self) -> int:
        return 0
