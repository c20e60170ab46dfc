"""When to stop: patience, and the three criteria of Prechelt, "Early stopping - but when?", 1998.

Each is a function of the evaluations until now that says which runs go on. Tensors have one entry per run; ``state`` is what
the criterion remembers, empty at first. Errors, on the validation and on the training examples, are better when lower. Epoch 0
is before training.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from jaxtyping import Bool, Float

from regexp.lazy import torch
from regexp.stack.numbers import Numbers


@dataclasses.dataclass(frozen=True)
class Evaluation:
    """What a criterion judges."""

    epoch: int
    error: Float[torch.Tensor, " runs"]
    training: Float[torch.Tensor, " runs"]


State = dict[str, "torch.Tensor"]
Criterion = Callable[[Evaluation, State, Numbers], "torch.Tensor"]


def patience(now: Evaluation, state: State, numbers: Numbers) -> Bool[torch.Tensor, " runs"]:
    """Stops when the error has not improved by more than ``min_delta`` for ``patience`` epochs."""
    state.setdefault("mark", torch.full_like(now.error, torch.inf))
    state.setdefault("epoch", torch.zeros_like(now.error, dtype=torch.int64))
    progress = now.error < state["mark"] - numbers["min_delta"]
    state["mark"] = torch.where(progress, now.error, state["mark"])
    state["epoch"] = torch.where(progress, now.epoch, state["epoch"])
    return now.epoch - state["epoch"] < numbers["patience"]


def gl(now: Evaluation, state: State, numbers: Numbers) -> Bool[torch.Tensor, " runs"]:
    """Generalization loss: stops when ``GL > alpha``, ``GL = 100 (E / E_opt - 1)`` per cent above the lowest error so far."""
    return ~(_generalization_loss(now, state) > numbers["alpha"])


def pq(now: Evaluation, state: State, numbers: Numbers) -> Bool[torch.Tensor, " runs"]:
    """Quotient of generalization loss and training progress: stops at the end of a strip where ``GL / P > alpha``.

    ``P = 1000 (mean of the training error over the strip / its minimum there - 1)``, in per mille: large while training errors
    still fall, or are unsteady.
    """
    loss = _generalization_loss(now, state)
    progress = _progress(now, state, numbers)
    return ~(_strip_ends(now, numbers) & (loss / progress > numbers["alpha"]))


def up(now: Evaluation, state: State, numbers: Numbers) -> Bool[torch.Tensor, " runs"]:
    """Stops when the error has risen in ``strips`` successive strips, from the end of one to the end of the next."""
    state.setdefault("before", now.error)
    state.setdefault("risen", torch.zeros_like(now.error))
    ends = _strip_ends(now, numbers)
    rises = now.error > state["before"]
    state["risen"] = torch.where(ends, torch.where(rises, state["risen"] + 1, 0.0), state["risen"])
    state["before"] = torch.where(ends, now.error, state["before"])
    return state["risen"] < numbers["strips"]


CRITERIA: dict[str, Criterion] = {"patience": patience, "gl": gl, "pq": pq, "up": up}


def _generalization_loss(now: Evaluation, state: State) -> Float[torch.Tensor, " runs"]:
    lowest = torch.fmin(state.get("lowest", now.error), now.error)
    state["lowest"] = lowest
    return 100 * (now.error / lowest - 1)


def _progress(now: Evaluation, state: State, numbers: Numbers) -> Float[torch.Tensor, " runs"]:
    """Of the training error over the evaluated epochs of the strip until now; its state starts anew behind each strip's end."""
    zero = torch.zeros_like(now.training)
    total = state.get("strip_total", zero) + now.training
    count = state.get("strip_count", zero) + 1
    least = torch.fmin(state.get("strip_least", now.training), now.training)
    ends = _strip_ends(now, numbers) | (now.epoch == 0)
    state["strip_total"], state["strip_count"] = torch.where(ends, 0.0, total), torch.where(ends, 0.0, count)
    state["strip_least"] = torch.where(ends, torch.inf, least)
    return 1000 * (total / count / least - 1)


def _strip_ends(now: Evaluation, numbers: Numbers) -> Bool[torch.Tensor, " runs"]:
    return torch.as_tensor(now.epoch > 0) & (now.epoch % numbers["strip_length"] == 0)
