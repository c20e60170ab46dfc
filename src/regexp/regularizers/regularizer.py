"""The base of all regularizers: five optional hooks."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from jaxtyping import Bool, Float

from regexp.component import Component
from regexp.lazy import torch
from regexp.stack.noise import Draws
from regexp.stack.numbers import Numbers

if TYPE_CHECKING:
    from regexp.experiment import Experiment

Tensors = Sequence["torch.Tensor"]
Change = Callable[["torch.Tensor", Numbers, Draws], "torch.Tensor"]


@dataclasses.dataclass(frozen=True)
class Place:
    """A slot of a model: the ``index``-th of its ``place`` (``input`` or ``hidden``)."""

    place: str
    index: int
    count: int
    """How many slots of this place the model has."""
    image: tuple[int, ...] | None = None
    """How the features of an input make a picture: (height, width) or (channels, height, width)."""


@dataclasses.dataclass(frozen=True)
class Verdict:
    """What a watching regularizer decides after an evaluation, for each run."""

    keep: Bool[torch.Tensor, " runs"]
    """Whether the present weights are the best so far; the last weights kept are those the run ends with."""
    go_on: Bool[torch.Tensor, " runs"]
    """Whether the run trains on."""


class Regularizer(Component):
    """A regularizer: a frozen dataclass that defines some of the hooks below.

    Every tensor a hook receives has a leading runs axis, and no run may influence another. ``weights`` are the tensors that
    the regularizer may touch: weight matrices, and biases too if it has a field ``biases`` that is true. ``numbers`` holds its
    per-run fields as tensors, ``numbers["strength"]`` with shape (runs,); the two hooks around the step are called for every
    weight, as (runs, inputs ..., units) whatever layer it is of, with numbers of its shape. (A layer of your own that stores
    its units last says so by ``units_last = True``.) At strength 0 a run's arithmetic must give the very bits it gives
    without the regularizer; ``strength: float = per_run(off=0.0)`` declares it.

    The training loop calls them in this order::

        model:   scores = model(x)                      wrap
        penalty: objective = data loss + penalty        penalty
        shrink:  w <- (1 - lr * strength) * w           before_step
        step:    w <- w - lr * gradient
        prox:    w <- prox(w)                           after_step
        watch:   best weights, who trains on            watch
    """

    biases = False
    """Whether biases are touched too."""

    def wrap(self, place: Place, numbers: Numbers) -> Change | None:
        """How activations change in this slot during training: a function (x, numbers, draws) -> x, or None for not at all.

        The function must use the numbers that it receives, not those of ``wrap``, which only tell whether it is needed.
        """

    def penalty(self, weights: Tensors, numbers: Numbers) -> Float[torch.Tensor, " runs"]:
        """A term of the objective, differentiable."""
        raise NotImplementedError

    def before_step(self, weight: torch.Tensor, lr: torch.Tensor, numbers: Numbers) -> None:
        """Change a weight in place before the optimizer's step. ``lr`` and ``numbers`` are shaped to meet it: (runs, 1, 1)."""

    def after_step(self, weight: torch.Tensor, step: torch.Tensor, numbers: Numbers) -> None:
        """Change a weight in place after it. ``step`` is its effective step, per run or per element; shapes as above."""

    def watch(
        self,
        epoch: int,
        metrics: Mapping[str, Float[torch.Tensor, " runs"]],
        state: dict[str, torch.Tensor],
        numbers: Numbers,
    ) -> Verdict:
        """Judge an evaluation. ``state`` is the regularizer's memory: tensors with a leading runs axis, empty at first."""
        raise NotImplementedError

    def report(self, weights: Tensors, numbers: Numbers) -> Float[torch.Tensor, " runs"]:
        """The value logged as ``train/penalty/<name>``."""
        return self.penalty(weights, numbers)

    def conflicts(self, experiment: Experiment) -> list[tuple[str, str]]:
        """What this regularizer cannot do in the experiment, as pairs (field, why and the way out)."""
        return []


HOOKS = ("wrap", "penalty", "before_step", "after_step", "watch")


def defines(regularizer: Regularizer, hook: str) -> bool:
    """Whether the regularizer has this hook."""
    return getattr(type(regularizer), hook) is not getattr(Regularizer, hook)


def switches(regularizer: Regularizer) -> dict[str, Any]:
    """The fields declared by ``per_run(off=...)``, at the values that switch the regularizer off; none: nothing does.

    A list is switched off item by item.
    """
    off = {field.name: field.metadata.get("off") for field in dataclasses.fields(regularizer)}
    declared = {name: value for name, value in off.items() if value is not None}
    now = {name: getattr(regularizer, name) for name in declared}
    return {name: (v,) * len(now[name]) if isinstance(now[name], (list, tuple)) else v for name, v in declared.items()}
