"""The first forward of a model, before a stack of it is trained: what fails, draws or remembers is refused."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

import torch
from jaxtyping import Float
from torch import nn

from regexp.machine import is_out_of_memory
from regexp.program.checks import refused

if TYPE_CHECKING:
    from regexp.program.model import StackedModel

_DRAW = "put regexp.Slot('hidden') there and choose regularizer=[dropout] or [input_noise], which draw for it"
_KEEP = "keep no state outside the parameters"
_MISFIT = (RuntimeError, ValueError, IndexError)
"""What torch raises for shapes that do not fit."""


def require_scores(model: StackedModel, inputs: Float[torch.Tensor, "groups batch *features"], outputs: int) -> None:
    """Refuse a model that does not map (batch, features) to (batch, outputs), or whose ``forward`` draws or remembers.

    The message names the layer that fails, and what it was given.
    """
    before = {name: value.clone() for name, value in model.constants.items()}
    try:
        with torch.no_grad():
            first, again = model(inputs), model(inputs)
    except _MISFIT as error:
        if is_out_of_memory(error):
            raise
        if "randomness" in str(error):
            raise refused(f"draws random numbers in its forward, outside the run's own streams: {_DRAW}") from error
        why = (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
        fit = f"build(features={inputs.shape[-1]}, outputs={outputs}) must make layers that fit"
        raise refused(f"fails in its first forward{_at_work(model, inputs)}: {why}: {fit}") from error
    if changed := [name for name, value in before.items() if not torch.equal(value, model.constants[name])]:
        raise refused(f"changes {', '.join(changed)} in its forward, which is state outside the run: {_KEEP}")
    if not torch.allclose(first, again, rtol=0, atol=0, equal_nan=True):
        why = "gives other scores for the same inputs at the second time, so it draws or remembers"
        raise refused(f"{why}: {_KEEP}, and to draw, {_DRAW}")
    if (shape := tuple(first.shape[1:])) != (inputs.shape[1], outputs):
        raise refused(f"must return scores (batch, {outputs}), got {shape} for a batch of {inputs.shape[1]}")


def _at_work(model: StackedModel, inputs: torch.Tensor) -> str:
    """The innermost layer that has begun and not ended when the forward fails, and the shapes that it was given."""
    begun: list[str] = []

    def begin(name: str, layer: nn.Module, given: tuple) -> None:
        shapes = ", ".join(str(tuple(x.shape)) for x in given if isinstance(x, torch.Tensor))
        kind = type(layer).__name__ if next(layer.children(), None) else repr(layer)
        begun.append(f", in {name}, {kind}, given {shapes}" if name else f", given {shapes}")

    def end(*_: object) -> None:
        begun.pop()

    hooks = []
    for name, layer in model.module.named_modules():
        hooks += [layer.register_forward_pre_hook(partial(begin, name)), layer.register_forward_hook(end)]
    with suppress(Exception), torch.no_grad():
        model(inputs)
    for hook in hooks:
        hook.remove()
    return begun[-1] if begun else ""
