"""The first forward of a model, before a stack of it is trained: what fails, draws or remembers is refused."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

import torch
from jaxtyping import Float
from torch import nn

from regexp.memory import is_out_of_memory
from regexp.models.layers import Network
from regexp.program.checks import refused
from regexp.program.function import require_function

if TYPE_CHECKING:
    from regexp.program.model import StackedModel

_FAILURES = (RuntimeError, ValueError, IndexError)
"""What torch raises for shapes that do not fit, and for what vmap cannot do."""


def require_scores(model: StackedModel, inputs: Float[torch.Tensor, "groups batch *features"], outputs: int) -> None:
    """Refuse a model that does not map (batch, features) to (batch, outputs), or does more than that in its ``forward``.

    A module that is not ours is first tried as ordinary torch, for one run: what fails there does not fit, and what fails only
    afterwards cannot be computed for many runs at once.
    """
    x, one = (inputs, inputs[:, :1]) if model.carries_runs else (inputs[0], inputs[0, :1])
    scores = partial(_scores, model.module, inputs.shape[-1], outputs, int(model.carries_runs))
    if type(model.module) is Network:
        scores(x)
        return
    require_function(model.module, scores, x, one)
    try:
        with torch.no_grad():
            model(inputs)
    except _FAILURES as error:
        if is_out_of_memory(error):
            raise
        way_out = "use operations that vmap knows, and no Python if or float() on the values of tensors"
        why = _first_line(error).partition(". ")[0]
        raise refused(f"cannot be computed for many runs at once: {why}: {way_out}") from error


def _scores(module: nn.Module, features: int, outputs: int, axis: int, x: torch.Tensor) -> torch.Tensor:
    """The scores of a batch, which is the ``axis``-th of x. The message names the layer that fails, and what it was given."""
    try:
        scores = module(x)
    except _FAILURES as error:
        if is_out_of_memory(error):
            raise
        fit = f"build(features={features}, outputs={outputs}) must make layers that fit"
        raise refused(f"fails in its first forward{_at_work(module, x)}: {_first_line(error)}: {fit}") from error
    if not isinstance(scores, torch.Tensor):
        raise refused(f"must return a tensor of scores (batch, {outputs}), got {type(scores).__name__}")
    if (shape := tuple(scores.shape[axis:])) != (x.shape[axis], outputs):
        raise refused(f"must return scores (batch, {outputs}), got {shape} for a batch of {x.shape[axis]}")
    return scores


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")


def _at_work(module: nn.Module, x: torch.Tensor) -> str:
    """The innermost layer that has begun and not ended when the forward fails, and the shapes that it was given."""
    begun: list[str] = []

    def begin(name: str, layer: nn.Module, given: tuple) -> None:
        shapes = ", ".join(str(tuple(x.shape)) for x in given if isinstance(x, torch.Tensor))
        kind = type(layer).__name__ if next(layer.children(), None) else repr(layer)
        begun.append(f", in {name}, {kind}, given {shapes}" if name else f", given {shapes}")

    def end(*_: object) -> None:
        begun.pop()

    hooks = []
    for name, layer in module.named_modules():
        hooks += [layer.register_forward_pre_hook(partial(begin, name)), layer.register_forward_hook(end)]
    with suppress(Exception), torch.no_grad():
        module(x)
    for hook in hooks:
        hook.remove()
    return begun[-1] if begun else ""
