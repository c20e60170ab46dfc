"""Contestants, timed in turn: A B A B ..., so that what else the machine does hits all of them."""

from __future__ import annotations

import dataclasses
import importlib.util
import time
from collections.abc import Callable, Iterable


@dataclasses.dataclass(frozen=True)
class Once:
    """What a contestant says after one turn: the loss it reached, or those of several seeds, and its time where that is not the
    time of the call.
    """

    loss: float | list[float] | None = None
    seconds: float | None = None


@dataclasses.dataclass
class Contestant:
    """Somebody who does the work: what one turn is, and how long each took."""

    name: str
    once: Callable[[], Once | None]
    seconds: list[float] = dataclasses.field(default_factory=list)
    losses: list[float] = dataclasses.field(default_factory=list)

    def turn(self) -> None:
        """Do the work once, and note time and loss."""
        began = time.perf_counter()
        said = self.once() or Once()
        passed = time.perf_counter() - began
        self.seconds.append(passed if said.seconds is None else said.seconds)
        if said.loss is not None:
            self.losses += said.loss if isinstance(said.loss, list) else [said.loss]


def interleave(contestants: Iterable[Contestant], turns: int, warm: bool = True, settled: bool = False) -> None:
    """Give every contestant ``turns`` turns, one after the other; ``warm``: and one before that does not count.

    ``settled``: the work is done twice in every turn, and the second time counts, for what follows itself where it is used:
    memory that lay idle while others had their turns is slow at first.
    """
    contestants = list(contestants)
    for _ in range(turns + warm):
        for contestant in contestants:
            if settled:
                contestant.turn()
                contestant.seconds.pop()
            contestant.turn()
    for contestant in contestants:
        del contestant.seconds[: int(warm)]


def seconds(function: Callable[[], object]) -> float:
    """Wall time of one call."""
    began = time.perf_counter()
    function()
    return time.perf_counter() - began


def ratios(a: Iterable[float], b: Iterable[float], scale: float = 1.0) -> list[float]:
    """A over B turn by turn, ``scale`` times."""
    return [scale * x / y for x, y in zip(a, b, strict=True)]


def installed(*modules: str) -> bool:
    """Whether all of these can be imported."""
    return all(importlib.util.find_spec(module.partition(".")[0]) and importlib.util.find_spec(module) for module in modules)
