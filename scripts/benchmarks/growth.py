"""What the numbers of growth say: the work, the exponents, the costs of what was counted, a reason for every bend, memory."""

from __future__ import annotations

from benchmarks.axes import AXES
from benchmarks.bends import reason
from benchmarks.curve import BEND, Curve
from benchmarks.fit import CONSTANT, Fit, fit
from regexp.words import counted

SECONDS = ((1.0, "s"), (1e-3, "ms"), (1e-6, "us"), (1e-9, "ns"), (1e-12, "ps"))
BYTES = ((1e6, "MB"), (1e3, "kB"), (1.0, "bytes"))


def sentences(curve: Curve) -> list[str]:
    """What the numbers say, computed from them."""
    found = costs(curve)
    reasons = [reason(curve, found, number) for number in curve.bends()] or [f"No bend above {BEND}."]
    return [work(curve), time(curve), by_counts(curve, found), *reasons, memory(curve)]


def costs(curve: Curve) -> Fit:
    """Of the terms of the axis, in seconds."""
    return fit(curve.points, list(AXES[curve.axis].terms), [point.seconds for point in curve.points], relative=True)


def work(curve: Curve) -> str:
    """What every point did."""
    stacks = [f"{point.counts['stacks']:.0f} at {point.value:,}" for point in curve.points if point.counts["stacks"] > 1]
    cut = f" Stacks: one, {', '.join(stacks)} (`max_stack`)." if stacks else ""
    return f"{curve.axis}: {AXES[curve.axis].work.format(**curve.points[-1].counts)}.{cut}"


def time(curve: Curve) -> str:
    """How it grows, beside the counted work."""
    first, last = curve.points[0], curve.points[-1]
    ends = " to ".join(f"{p.seconds:.3g} s ({min(p.turns):.3g} to {max(p.turns):.3g})" for p in (first, last))
    grown = f"multiplications grow {digits(last.multiplications / first.multiplications)}-fold"
    return (
        f"From {first.value:,} to {last.value:,}, medians and ranges of {counted(len(last.turns), 'turn')}: {ends}; {grown}, "
        f"time {digits(last.seconds / first.seconds)}-fold. Exponents from point to point: of time "
        f"{listed(curve.local('seconds'))}; of the multiplications {listed(curve.local('multiplications'))}."
    )


def by_counts(curve: Curve, found: Fit) -> str:
    """The sum that comes nearest to the times."""
    names = AXES[curve.axis].terms
    parts = " + ".join(f"{scaled(cost, SECONDS)} {names[term]}" for term, cost in found.costs.items() if cost > 0)
    pairs = zip(found.foretold, curve.points, strict=True)
    off, worst = max((abs(value / point.seconds - 1), point.value) for value, point in pairs)
    return f"Time is {parts} (least squares), within {100 * off:.0f} % at every point (worst at {worst:,})."


def memory(curve: Curve) -> str:
    """How it grows, and what grows."""
    axis, first, last = AXES[curve.axis], curve.points[0], curve.points[-1]
    terms = axis.memory_terms
    found = fit(curve.points, [CONSTANT, *terms], [1e6 * point.taken for point in curve.points], relative=False)
    parts = " + ".join(
        f"{scaled(cost, BYTES)} {terms.get(term, 'that stay')}" for term, cost in found.costs.items() if cost > 0
    )
    held = f"{first.counts['state bytes'] / 1e6:.3g} to {last.counts['state bytes'] / 1e6:.3g} MB"
    cut = cut_up(curve) if last.counts["stacks"] > 1 else ""
    return (
        f"Memory peaks at {first.megabytes:.0f} to {last.megabytes:.0f} MB; the work adds {digits(first.taken)} to "
        f"{digits(last.taken)} MB, exponents from point to point {listed(curve.local('taken'))}: {parts or '0 MB'}. Weights, "
        f"gradients and averages of the largest stack are {held} of it (counted). What grows: {axis.memory}.{cut}"
    )


def cut_up(curve: Curve) -> str:
    """What becomes of memory where the last point is more than a stack."""
    last = curve.points[-1]
    together = max(point.counts["runs at once"] for point in curve.points)
    one = next((point for point in curve.points if point.counts["stacks"] == 1 and point.value == together), None)
    beside = f", and add {digits(last.taken / one.taken)} times as much memory as {one.value:,} in one stack" if one else ""
    stacks = f"{last.counts['stacks']:g} stacks of at most {together:,}"
    return f" {last.value:,} are cut into {stacks}, trained one after the other{beside}."


def listed(exponents: list[float]) -> str:
    return ", ".join(f"{exponent:.2f}" for exponent in exponents)


def digits(number: float) -> str:
    """Three significant ones, without an exponent."""
    return f"{float(f'{number:.3g}'):,.10g}"


def scaled(amount: float, units: tuple[tuple[float, str], ...]) -> str:
    """In the unit that gives it a figure before the point."""
    factor, unit = next((one for one in units if amount >= one[0]), units[-1])
    return f"{amount / factor:.3g} {unit}"
