"""How cost grows with the work: each point a fresh process, slopes by least squares, a sentence for every bend."""

from __future__ import annotations

import dataclasses
import itertools
import json
import math
import sys
import tempfile
from pathlib import Path

import numpy as np

from benchmarks.commands import called
from benchmarks.sizes import Sizes

BEND = 0.25
"""By how much the local exponents of neighbouring intervals differ where a sentence is due."""


@dataclasses.dataclass(frozen=True)
class Point:
    """What one size took: seconds of the work, and the process's peak memory with and without what it held before."""

    value: int
    seconds: float
    megabytes: float
    before: float


@dataclasses.dataclass(frozen=True)
class Curve:
    """All points of one axis, in order."""

    axis: str
    points: list[Point]

    def local(self, field: str) -> list[float]:
        """The exponents between neighbours: 1 where cost grows as the work, 0 where it does not grow."""
        return [slope(pair, field) for pair in itertools.pairwise(self.points)]

    def exponent(self, field: str) -> float:
        """The exponent over the upper half of the axis, where fixed costs do not hide it."""
        return slope(self.points[len(self.points) // 2 :] if len(self.points) > 2 else self.points, field)

    def marginal(self) -> float:
        """Seconds for one more, from the two largest sizes."""
        a, b = self.points[-2:]
        return (b.seconds - a.seconds) / (b.value - a.value)

    def bends(self, field: str) -> list[int]:
        """The values at which the local exponent changes."""
        steps = itertools.pairwise(self.local(field))
        return [self.points[i + 1].value for i, (a, b) in enumerate(steps) if abs(b - a) > BEND]


def slope(points: object, field: str) -> float:
    """The least-squares exponent of ``field ~ value ** exponent``."""
    x, y = ([math.log(max(getattr(p, name), 1e-9)) for p in points] for name in ("value", field))
    return float(np.polyfit(x, y, 1)[0])


def curves(sizes: Sizes) -> list[Curve]:
    """Every axis measured."""
    with tempfile.TemporaryDirectory() as folder:
        return [
            Curve(axis, [point(axis, value, sizes.growth_images, Path(folder)) for value in values])
            for axis, values in sizes.growth.items()
        ]


def point(axis: str, value: int, images: int, folder: Path) -> Point:
    """One size in a process of its own."""
    _, said = called([sys.executable, "-m", "benchmarks.point", axis, str(value), str(images)], folder)
    found = json.loads(said.splitlines()[-1])
    return Point(value, found["seconds"], found["megabytes"], found["megabytes before"])


def sentences(curve: Curve) -> list[str]:
    """What the numbers say, computed from them."""
    points, last = curve.points, curve.points[-1]
    said = [
        f"{curve.axis} from {points[0].value:,} to {last.value:,}: {points[0].seconds:.3g} to {last.seconds:.3g} s "
        f"(exponent {curve.exponent('seconds'):.2f} over the upper half), {points[0].megabytes:.0f} to {last.megabytes:.0f} MB "
        f"({last.megabytes - last.before:.0f} MB of them taken by the largest while it trains)."
    ]
    exponents = ", ".join(f"{e:.2f}" for e in curve.local("seconds"))
    bends = curve.bends("seconds")
    places = f"it bends at {', '.join(f'{value:,}' for value in bends)}" if bends else f"no bend above {BEND}"
    return [*said, f"Exponent of time from point to point: {exponents}; {places}. {evidence(curve)}"]


def evidence(curve: Curve) -> str:
    """Why it bends, as far as the numbers show it: fixed and marginal cost of the line through the two largest sizes."""
    first, last = curve.points[0], curve.points[-1]
    if curve.axis == "width":
        flops = [2 * 3 * (784 * w + w * w // 2 + w * 5) for w in (first.value, last.value)]
        rates = [flop / point.seconds for flop, point in zip(flops, (first, last), strict=True)]
        return (
            f"Multiplications per image grow {flops[1] / flops[0]:.0f}-fold (linear in the width while the 784 inputs dominate, "
            f"quadratic above 2 x 784), time {last.seconds / first.seconds:.0f}-fold: the widest network has "
            f"{rates[1] / rates[0]:.1f} times the multiplications per second of the narrowest."
        )
    marginal = curve.marginal()
    fixed = last.seconds - marginal * last.value
    alone = first.seconds / first.value
    share = max(0.0, fixed) / last.seconds
    return (
        f"One more costs {1000 * marginal:.3g} ms at the top and {1000 * alone:.3g} ms each at the bottom: what does not grow "
        f"({100 * share:.0f} % of the largest, {100 * min(1.0, max(0.0, first.seconds - marginal * first.value) / first.seconds):.0f} % "
        f"of the smallest) is what bends the curve."
    )
