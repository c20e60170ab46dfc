"""Two ways of training the same stack, in turn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager

import torch

from benchmarks import ours
from benchmarks.timing import Contestant, interleave
from benchmarks.work import Work
from regexp.experiment import Experiment
from regexp.program import Program
from regexp.training import State

Option = Callable[[], AbstractContextManager[object]]
"""What is otherwise inside the block."""


class Training:
    """A stack that trains on with every call: all its epochs, or some, and an evaluation."""

    def __init__(
        self,
        experiments: Sequence[Experiment],
        epochs: int | None = None,
        prepare: Callable[[Sequence[Experiment]], tuple[Program, State]] = ours.prepare,
    ):
        self.program, self.state = prepare(experiments)
        self.epochs = epochs or self.program.spec.epochs

    def __call__(self) -> torch.Tensor:
        for _ in range(self.epochs - 1):
            ours.steps(self.program, self.state)
        metrics = ours.epoch(self.program, self.state)
        return metrics.get("test/accuracy", metrics["test/loss"])


def inside(option: Option, call: Callable[[], object]) -> Callable[[], None]:
    """The call with the option."""

    def once() -> None:
        with option():
            call()

    return once


def race(
    work: Work, what: str, changed: Callable[[], object], plain: Callable[[], object], turns: int
) -> tuple[list[float], list[float]]:
    """The seconds of both in turn, recorded under ``what``."""
    pairs = (("option", changed), ("as it is", plain))
    both = [Contestant(name, lambda call=call: (call(), None)[-1]) for name, call in pairs]
    interleave(both, turns)
    taken = work.record(both, label=f"{what}: ")
    return taken["option"], taken["as it is"]
