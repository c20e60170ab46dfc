"""The rules by which a claim holds, does not hold, or is not decided. Seeds lie along the last axis; leading axes are cases.

The centre of the seeds' values is their mean, with Student's t, or for heavy tails their median, with the sign test. Values may
be infinite (a diverged run is the worst outcome): then it is the median in either case, which they cannot move far.

References: Schuirmann, "A comparison of the two one-sided tests procedure and the power approach for assessing the equivalence
of average bioavailability", 1987; Holm, "A simple sequentially rejective multiple test procedure", 1979; Hahn and Meeker,
"Statistical intervals", 1991 (prediction intervals, sign intervals).
"""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
from scipy import special

from regexp.comparison.statistics import LEVEL, Figure, estimate, holm, ratio


@dataclasses.dataclass(frozen=True)
class Decision:
    """What the data say of a claim: ``holds``, ``fails``, or neither, which is not decided."""

    holds: Figure
    fails: Figure
    p: Figure
    """Of the decision that was made, to be compared with 5 %; of the claim where none was; nan where nothing was tested."""
    low: Figure
    high: Figure
    """The 95 % interval; of a published value the prediction interval."""


UNTESTED = Decision(False, False, math.nan, math.nan, math.nan)
"""Neither."""


def exact(values: Any, target: float, tolerance: float) -> Decision:
    """An identity: holds if the largest error is within the tolerance."""
    values = np.asarray(values, dtype=float)
    holds = np.abs(values - target).max(-1) <= tolerance
    return Decision(holds, ~holds, *np.full((3, *np.shape(holds)), np.nan))


def within_band(values: Any, low: float, high: float) -> Decision:
    """The mean lies in the range that an independent simulation has for it."""
    found = estimate(values)
    holds = (low <= found.mean) & (found.mean <= high)
    return Decision(holds, ~holds, np.full(np.shape(holds), np.nan)[()], found.low, found.high)


def direction(differences: Any, margin: float, *, median: bool = False) -> Decision:
    """The centre is above 0: holds if L > 0, does not if L <= 0 and U < margin, [L, U] being the 95 % interval.

    A claim is not refuted by a difference that may be ``margin`` or more: then it is not decided.
    """
    x, median = _prepared(differences, median)
    p_holds, p_fails = 2 * p_above(x, 0.0, median=median), 2 * p_above(-x, -margin, median=median)
    holds = p_holds < LEVEL
    fails = ~holds & (p_fails < LEVEL)
    return Decision(holds, fails, np.where(fails, p_fails, p_holds).clip(max=1)[()], *interval(x, LEVEL, median=median))


def equal(differences: Any, margin: float, *, median: bool = False) -> Decision:
    """The centre is within the margin of 0: holds if the 90 % interval lies inside (-margin, margin), that is, if both
    one-sided tests at 5 % say so; does not if the 95 % interval lies outside. A large p-value is never equality.
    """
    x, median = _prepared(differences, median)
    p_holds = np.maximum(p_above(x, -margin, median=median), p_above(-x, -margin, median=median))
    p_fails = 2 * np.minimum(p_above(x, margin, median=median), p_above(-x, margin, median=median))
    holds = p_holds < LEVEL
    fails = ~holds & (p_fails < LEVEL)
    return Decision(holds, fails, np.where(fails, p_fails, p_holds).clip(max=1)[()], *interval(x, LEVEL, median=median))


def published(values: Any, value: float, tolerance: float) -> Decision:
    """A printed number of one run: inside (holds) or outside the 95 % prediction interval, mean +- t s sqrt(1 + 1/n).

    Not decided if the interval is wider than ``tolerance``: nearly every number would lie inside.
    """
    found = estimate(values)
    scale = found.sd * np.sqrt(1 + 1 / found.n)
    half = special.stdtrit(found.n - 1.0, 1 - LEVEL / 2) * scale
    low, high = found.mean - half, found.mean + half
    usable = high - low <= tolerance
    inside = (low <= value) & (value <= high)
    p = 2 * special.stdtr(found.n - 1.0, -np.abs(ratio(found.mean - value, scale)))
    return Decision(usable & inside, usable & ~inside, p, low, high)


def withstand(p: Any) -> np.ndarray:
    """Which decisions stand when all primary claims of an experiment are judged together: Holm's correction at 5 %.

    ``p``: of all of them, decided or not. The chance that any decision is wrong is at most 5 %. What was not tested (nan)
    stands.
    """
    p = np.asarray(p, dtype=float)
    return np.isnan(p) | (holm(p) < LEVEL) if p.size else np.ones(0, dtype=bool)


def p_above(values: np.ndarray, bound: float, *, median: bool) -> Figure:
    """The one-sided p-value of "the centre is above the bound"."""
    n = values.shape[-1]
    if median:
        return special.bdtr(np.asarray((values <= bound).sum(-1), dtype=float), n, 0.5)
    found = estimate(values)
    return special.stdtr(n - 1.0, -ratio(found.mean - bound, found.sd / np.sqrt(n)))


def interval(values: Any, level: float = LEVEL, *, median: bool = False) -> tuple[Figure, Figure]:
    """The two-sided interval of the centre that covers ``1 - level``; infinite where there are too few values for one."""
    x, median = _prepared(values, median)
    n = x.shape[-1]
    if not median:
        found = estimate(x)
        half = special.stdtrit(max(n - 1.0, 1.0), 1 - level / 2) * found.sd / np.sqrt(n)
        return found.mean - half, found.mean + half
    out = int((special.bdtr(np.arange(n, dtype=float), n, 0.5) <= level / 2).sum())  # values beyond either end
    if out == 0:
        nothing = np.full(x.shape[:-1], np.inf)
        return -nothing[()], nothing[()]
    ordered = np.sort(x, axis=-1)
    return ordered[..., out - 1], ordered[..., n - out]


def interval_of_share(values: Any) -> tuple[float, float]:
    """Clopper and Pearson's 95 % interval of the share of ones, of values 0 and 1."""
    n, ones = len(values), float(np.sum(values))
    low = special.betaincinv(ones, n - ones + 1, LEVEL / 2) if ones else 0.0
    high = special.betaincinv(ones + 1, n - ones, 1 - LEVEL / 2) if ones < n else 1.0
    return float(low), float(high)


def center(values: Any, *, median: bool = False) -> Figure:
    """The mean; the median for heavy tails and where runs diverged."""
    x, median = _prepared(values, median)
    return np.median(x, axis=-1) if median else x.mean(-1)


def worst_of_two(a: Any, b: Any) -> np.ndarray:
    """Paired differences; of two runs that diverged both there is none."""
    with np.errstate(invalid="ignore"):
        difference = np.asarray(a, dtype=float) - np.asarray(b, dtype=float)
    return np.where(np.isinf(a) & (a == b), 0.0, difference)


def ratio_of_two(a: Any, b: Any) -> np.ndarray:
    """Paired ratios; of two runs that diverged both, whose losses are infinite or accuracies 0, it is 1."""
    a, b = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(a == b, 1.0, a / b)


def _prepared(values: Any, median: bool) -> tuple[np.ndarray, bool]:
    x = np.asarray(values, dtype=float)
    if np.isnan(x).any():
        raise ValueError("a value is missing (nan): every seed must have one")
    return x, median or bool(np.isinf(x).any())
