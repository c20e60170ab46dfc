"""What was measured along one axis: points, and the exponents between them."""

from __future__ import annotations

import dataclasses
import itertools
import math
import statistics
from collections.abc import Sequence

import numpy as np

BEND = 0.25
"""By how much the local exponents of neighbouring intervals differ where a reason is due."""


@dataclasses.dataclass(frozen=True)
class Point:
    """What one size took: the seconds of every turn, peak memory, that held before the work, and what the work counts."""

    value: int
    turns: list[float]
    megabytes: float
    before: float
    counts: dict[str, float]

    @property
    def seconds(self) -> float:
        return statistics.median(self.turns)

    @property
    def taken(self) -> float:
        """Megabytes that the work added."""
        return self.megabytes - self.before

    @property
    def multiplications(self) -> float:
        return self.counts["multiplications"]


@dataclasses.dataclass(frozen=True)
class Curve:
    """All points of one axis, in order."""

    axis: str
    points: list[Point]

    def local(self, field: str) -> list[float]:
        """The exponents between neighbours: 1 where it grows as the axis, 0 where it does not grow."""
        return [slope(pair, field) for pair in itertools.pairwise(self.points)]

    def exponent(self, field: str) -> float:
        """The exponent over the upper half of the axis, where fixed costs do not hide it."""
        return slope(self.points[len(self.points) // 2 :] if len(self.points) > 2 else self.points, field)

    def marginal(self) -> float:
        """Seconds for one more, from the two largest sizes; where noise hides it, the largest shared out."""
        a, b = self.points[-2:]
        return (b.seconds - a.seconds) / (b.value - a.value) if b.seconds > a.seconds else b.seconds / b.value

    def fixed(self) -> float:
        """Seconds that do not grow: where the line through the smallest and the largest meets 0."""
        a, b = self.points[0], self.points[-1]
        return max(0.0, a.seconds - a.value * (b.seconds - a.seconds) / (b.value - a.value))

    def bends(self) -> list[int]:
        """The numbers of the points at which the local exponent of time changes."""
        steps = itertools.pairwise(self.local("seconds"))
        return [i + 1 for i, (a, b) in enumerate(steps) if abs(b - a) > BEND]


def slope(points: Sequence[Point], field: str) -> float:
    """The least-squares exponent of ``field ~ value ** exponent``."""
    x, y = ([math.log(max(getattr(p, name), 1e-9)) for p in points] for name in ("value", field))
    return float(np.polyfit(x, y, 1)[0])
