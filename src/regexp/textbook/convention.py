"""A convention: how one book or library writes the strength of a regularizer, against ours.

A convention is an objective ``c * (our data loss) + penalty``. Ours is ``data loss + strength / 2 * sum W^2`` for L2, and
``strength * sum |W|`` for L1; ``c`` is 1, or ``2 / outputs`` where a library's mean squared error has no half and averages
over the outputs of an example.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from numbers import Real
from typing import Any

LOSSES = ("mse", "half_mse", "cross_entropy")


class Inconvertible(ValueError):
    """There is no equivalent. The message says why."""


@dataclasses.dataclass(frozen=True)
class Facts:
    """What a conversion may need to know of the problem."""

    loss: str
    n: int | None = None
    batch_size: int | None = None
    outputs: int = 1
    lr: float | None = None
    l1_ratio: float | None = None

    def check(self) -> None:
        """Raise ``ValueError`` for values that cannot be."""
        for name in ("n", "batch_size", "outputs", "lr", "l1_ratio"):
            value = getattr(self, name)
            if value is not None and not (is_finite(value) and value > 0):
                raise ValueError(f"{name} must be > 0, got {value!r}: give a finite number")
        if self.l1_ratio is not None and self.l1_ratio > 1:
            raise ValueError(f"l1_ratio must be in (0, 1], got {self.l1_ratio!r}")
        if self.n is not None and self.batch_size is not None and self.batch_size > self.n:
            raise ValueError(f"batch_size must be <= n, got {self.batch_size!r} of {self.n!r} examples")

    def need(self, name: str) -> float:
        """A fact that this conversion cannot do without."""
        value = getattr(self, name)
        if value is None:
            raise ValueError(f"this conversion needs {name}: give --{name.replace('_', '-')}")
        return float(value)

    @property
    def scale(self) -> float:
        """How many times our data loss the library's own is."""
        return 2 / self.outputs if self.loss == "mse" else 1.0


Factor = Callable[[Facts], float]


@dataclasses.dataclass(frozen=True)
class Term:
    """One reason why a number differs from ours, and the factor that it makes: ``ours = factor * theirs``."""

    reason: str
    """With the names of facts in braces."""
    factor: Factor

    def told(self, facts: Facts) -> str:
        """The reason, with its numbers."""
        return self.reason.format(**dataclasses.asdict(facts))


@dataclasses.dataclass(frozen=True)
class Convention:
    """``ours = factor * theirs``; of dropout ``1 - theirs`` where a rate is that of keeping; of ``C`` its inverse."""

    name: str
    family: str
    """L2, L1, dropout or decoupled: only within one there are equivalents."""
    written: str
    terms: tuple[Term, ...] = ()
    remarks: tuple[str, ...] = ()
    symbol: str = "lambda"
    shape: str = "linear"
    """linear, inverse (ours = factor / theirs) or keep (ours = 1 - theirs)."""
    losses: tuple[str, ...] = LOSSES
    """The data losses that it is used with."""
    biases: bool = False
    """Whether biases are decayed unless one says otherwise."""
    beside: str = ""
    """What to type beside the strength, with the names of facts in braces: the optimizer that it presupposes."""
    subgradient: bool = False
    """Whether L1 is minimised along a subgradient, without exact zeros."""
    scale: Factor | None = lambda facts: 1.0
    """How many times our data loss its own is; None where the learning rate does not follow it (a solver, Adam)."""

    def factor(self, facts: Facts) -> float:
        """The product of the terms."""
        return math.prod(term.factor(facts) for term in self.terms)

    def to_ours(self, strength: float, facts: Facts) -> float:
        """Our strength for theirs."""
        return self._apply(strength, self.factor(facts))

    def from_ours(self, strength: float, facts: Facts) -> float:
        """Their strength for ours."""
        factor = self.factor(facts)
        if factor == 0:
            raise Inconvertible(f"{self.name} has no such part with l1_ratio {facts.l1_ratio!r}: no alpha gives it")
        return self._apply(strength, factor if self.shape == "inverse" else 1 / factor)

    def check(self, strength: float, facts: Facts) -> None:
        """Raise ``ValueError`` for a rate of dropping that drops all, or is none."""
        if self.family == "dropout" and not 0 <= self.to_ours(strength, facts) < 1:
            raise ValueError(f"{self.name} = {strength!r} cannot drop all: the rate of dropping must be in [0, 1)")

    def override(self, strength: float, facts: Facts) -> str:
        """What to type for our strength, so that it means here what it means there."""
        name, field = {"L2": ("l2", "strength"), "L1": ("l1", "strength"), "dropout": ("dropout", "rate")}.get(
            self.family, ("weight_decay", "strength")
        )
        hidden_units = "model=mlp " if name == "dropout" else ""  # the default model is linear: it has none to drop
        beside = f"{self.beside.format(**dataclasses.asdict(facts))} " if self.beside else ""
        biases = f" regularizer.{name}.biases=true" if self.biases else ""
        return f"{beside}{hidden_units}regularizer={name} regularizer.{name}.{field}={strength!r}{biases}"

    def _apply(self, strength: float, factor: float) -> float:
        if self.family == "dropout" and strength > 1:
            raise ValueError(f"a probability must be in [0, 1], got {strength!r}")
        if self.shape == "keep":
            return 1 - strength
        if self.shape == "inverse":
            if strength == 0:
                raise Inconvertible("strength 0 is an infinite C")
            return factor / strength
        return factor * strength


def is_finite(value: Any) -> bool:
    """Whether it is a number, not a flag, and neither infinite nor NaN."""
    return isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value)


def rounded(value: float) -> float:
    """Without the last digits of a float's arithmetic."""
    return float(f"{value:.12g}")
