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
        """Seconds for one more, from the two largest sizes; where noise hides it, the largest shared out."""
        a, b = self.points[-2:]
        return (b.seconds - a.seconds) / (b.value - a.value) if b.seconds > a.seconds else b.seconds / b.value

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
    """Why it bends, as far as the numbers show it."""
    return by_width(curve) if curve.axis == "width" else by_fixed_cost(curve)


def by_width(curve: Curve) -> str:
    """Multiplications grow faster than the width, and come faster in larger products."""
    first, last = curve.points[0], curve.points[-1]
    counts = [784 * w + w * w / 2 + 5 * w for w in (first.value, last.value)]
    grown, slower = counts[1] / counts[0], last.seconds / first.seconds
    return (
        f"Multiplications per image grow {grown:.3g}-fold (as the width while the 784 inputs dominate, its square from "
        f"twice their number on), time {slower:.3g}-fold: the widest network gets {grown / slower:.2g} times as many per "
        f"second as the narrowest."
    )


def by_fixed_cost(curve: Curve) -> str:
    """The line through the two largest sizes has a part that does not grow."""
    first, last, marginal = curve.points[0], curve.points[-1], curve.marginal()
    fixed = max(0.0, last.seconds - marginal * last.value)
    predicted = fixed + marginal * first.value
    text = f"One more costs {1000 * marginal:.3g} ms at the top, {1000 * first.seconds / first.value:.3g} ms each at the bottom"
    if not curve.bends("seconds"):
        return f"{text}."
    share = 100 * fixed / last.seconds
    agrees = abs(predicted - first.seconds) < 0.5 * first.seconds
    why = "so a fixed cost explains the bend" if agrees else "so a fixed cost alone does not explain the bend"
    return (
        f"{text}. The line through the two largest has {fixed:.3g} s that do not grow ({share:.0f} % of the largest) and "
        f"foretells {predicted:.3g} s for the smallest, which took {first.seconds:.3g}: {why}."
    )
