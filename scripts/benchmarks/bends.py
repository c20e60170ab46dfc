"""Why a curve bends: by the shares of what was counted, by the turns' ranges, by caches; or that none of these explains it."""

from __future__ import annotations

import itertools
import math

from benchmarks.axes import AXES
from benchmarks.curve import BEND, Curve, Point
from benchmarks.fit import Fit

CACHES = ("L2 bytes", "L3 bytes")
HELD = {"state bytes": "weights, gradients and averages of a stack", "data bytes": "examples that steps read"}


def reason(curve: Curve, found: Fit, number: int) -> str:
    """A sentence for the bend at a point."""
    before, after = curve.local("seconds")[number - 1 : number + 1]
    foretold = [exponent(curve.points, found.foretold, i) for i in (number - 1, number)]
    head = f"At {curve.points[number].value:,} the exponent goes from {before:.2f} to {after:.2f}"
    said = f"{head} (by the counts from {foretold[0]:.2f} to {foretold[1]:.2f})"
    change = foretold[1] - foretold[0]
    if abs(after - before - change) <= BEND:
        return f"{said}: {shares(curve, found, number)}."
    low, high = allowed(curve.points[number - 1 : number + 2])
    if low <= change <= high:
        return f"{said}: within the turns' ranges, which allow changes from {low:+.2f} to {high:+.2f}."
    if passed := crossed(curve.points[number - 1], curve.points[number + 1]):
        return f"{said}: {passed}."
    return f"{said}: neither the counts nor the turns' ranges nor the caches explain it."


def exponent(points: list[Point], values: list[float], number: int) -> float:
    """Of values between a point and the next."""
    grown = math.log(points[number + 1].value / points[number].value)
    return math.log(values[number + 1] / values[number]) / grown


def shares(curve: Curve, found: Fit, number: int) -> str:
    """Which part of the time falls most there, and which rises most."""
    moved = {term: found.share(term, number + 1) - found.share(term, number - 1) for term in found.costs}
    told = [(min(moved, key=lambda term: moved[term]), "falls"), (max(moved, key=lambda term: moved[term]), "rises")]
    names = AXES[curve.axis].terms
    return ", ".join(
        f"the part for {names[term]} {how} from {100 * found.share(term, number - 1):.0f} to "
        f"{100 * found.share(term, number + 1):.0f} %"
        for term, how in told
    )


def allowed(three: list[Point]) -> tuple[float, float]:
    """The changes of the exponent that the ranges of three points' turns allow."""
    first, second = (math.log(b.value / a.value) for a, b in itertools.pairwise(three))
    (a, b, c) = ([math.log(bound(point.turns)) for bound in (min, max)] for point in three)
    low = (c[0] - b[1]) / second - (b[1] - a[0]) / first
    high = (c[1] - b[0]) / second - (b[0] - a[1]) / first
    return low, high


def crossed(a: Point, b: Point) -> str:
    """What outgrows a cache between two points."""
    for held, name in HELD.items():
        for cache in CACHES:
            size = a.counts.get(cache, 0)
            if a.counts[held] <= size < b.counts[held]:
                grown = f"grow from {a.counts[held] / 1e6:.3g} to {b.counts[held] / 1e6:.3g} MB"
                return f"the {name} {grown}, beyond the {cache[:2]} cache of {size / 1e6:.3g} MB"
    return ""
