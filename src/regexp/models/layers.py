"""The layers of our models. They serve one run (a weight is a matrix) and a stack (it has a leading runs axis)."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import nn

from regexp.stack.axis import affine


class Linear(nn.Module):
    """``x @ weight + bias``, or without bias; the weight is stored as (inputs, outputs)."""

    units_last = True

    def __init__(self, inputs: int, outputs: int, bias: bool = True):
        nn.Module.__init__(self)
        self.weight = nn.Parameter(torch.empty(inputs, outputs))
        self.bias = nn.Parameter(torch.empty(outputs)) if bias else None

    def forward(self, x: Float[torch.Tensor, "*groups batch inputs"]) -> Float[torch.Tensor, "*runs batch outputs"]:
        weight, own = self.weight, self.bias
        bias = weight.new_zeros(weight[..., 0, :].shape) if own is None else own
        if weight.dim() == 3:
            return affine(x, weight, bias)
        return affine(x.unsqueeze(0), weight.unsqueeze(0), bias.unsqueeze(0)).squeeze(0)


class Slot(nn.Module):
    """A named place where regularizers may change activations during training; the identity everywhere else.

    ``place`` is ``"input"`` or ``"hidden"``. The slots of one place are numbered in the order in which the model holds them.
    """

    def __init__(self, place: str):
        nn.Module.__init__(self)
        self.place = place
        self.change: Callable[[torch.Tensor], torch.Tensor] | None = None

    def forward(self, x: Float[torch.Tensor, "..."]) -> Float[torch.Tensor, "..."]:
        return x if self.change is None else self.change(x)


def _identity(x: torch.Tensor) -> torch.Tensor:
    return x


Activation = Callable[[torch.Tensor], torch.Tensor]
ACTIVATIONS: dict[str, tuple[Activation, Activation]] = {
    "relu": (torch.relu, torch.relu_),
    "tanh": (torch.tanh, torch.tanh_),
    "sigmoid": (torch.sigmoid, torch.sigmoid_),
    "identity": (_identity, _identity),
}
"""By name: the first for a single run, since a hook may keep what its layers give; the second, in place, for a stack."""


class Network(nn.Module):
    """Linear layers with an activation and a slot behind each but the last. No hidden layer: a linear model."""

    carries_runs = True

    def __init__(self, widths: list[int], activation: str, bias: bool = True):
        nn.Module.__init__(self)
        *hidden, outputs = [Linear(i, o, bias) for i, o in itertools.pairwise(widths)]
        self.activation, self.activation_in_place = ACTIVATIONS[activation]
        self.input = Slot("input")
        self.hidden = nn.ModuleList(hidden)
        self.slots = nn.ModuleList(Slot("hidden") for _ in hidden)
        self.output = outputs

    def forward(self, x: Float[torch.Tensor, "*groups batch inputs"]) -> Float[torch.Tensor, "*runs batch outputs"]:
        """The scores: what the output function (softmax, sigmoid) of the loss is applied to."""
        activation = self.activation_in_place if self.output.weight.dim() == 3 else self.activation
        x = self.input(x)
        for layer, slot in zip(self.hidden, self.slots, strict=True):
            x = slot(activation(layer(x)))
        return self.output(x)
