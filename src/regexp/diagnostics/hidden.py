"""The hidden layers of a model: its slots of that name, where their activations are read and changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import torch
from jaxtyping import Float
from torch import nn

from regexp.models.layers import Slot

Activations = dict[str, Float[torch.Tensor, "batch units"]]


def hidden_slots(model: nn.Module) -> dict[str, Slot]:
    """The hidden slots by name, ``hidden.0`` first. Raises ``ValueError`` for a model without any."""
    slots = [module for module in model.modules() if isinstance(module, Slot) and module.place == "hidden"]
    if not slots:
        raise ValueError("the model must have hidden layers, and has no slot for one: put regexp.Slot('hidden') behind them")
    return {f"hidden.{i}": slot for i, slot in enumerate(slots)}


@torch.no_grad()
def activations(model: nn.Module, inputs: Float[torch.Tensor, "batch features"]) -> Activations:
    """The outputs of every hidden layer, in evaluation mode."""
    seen: Activations = {}

    def reader(name: str) -> Callable[[torch.Tensor], torch.Tensor]:
        def read(x: torch.Tensor) -> torch.Tensor:
            seen[name] = x.flatten(1)
            return x

        return read

    with changing(model, {name: reader(name) for name in hidden_slots(model)}):
        model(inputs)
    return seen


@contextmanager
def changing(model: nn.Module, changes: Mapping[str, Callable[[torch.Tensor], torch.Tensor]]) -> Iterator[None]:
    """The named hidden layers pass their outputs through these functions inside the block."""
    slots = hidden_slots(model)
    for name, change in changes.items():
        slots[name].change = change
    try:
        yield
    finally:
        for name in changes:
            slots[name].change = None
