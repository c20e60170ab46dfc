"""How many seeds decide, if the truth is what was measured: in a single test, and in several that Holm's procedure makes.

Reference: Cohen, "Statistical power analysis for the behavioral sciences", 1988.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Sequence
from statistics import NormalDist
from typing import Any

import numpy as np
from scipy import special

from regexp.comparison.statistics import LEVEL

CHANCE, MOST = 0.8, 1000
"""The power for which seeds are counted, and how far."""

PLAIN = 1000.0
"""Deviations that any two seeds show, such as the infinitely many of a difference without spread."""


@dataclasses.dataclass(frozen=True)
class Needed:
    """How many seeds a test needs."""

    seeds: float
    """Infinite: more than ``MOST``."""
    ever: bool = True
    """Whether there is such a number at all."""


@dataclasses.dataclass(frozen=True)
class Planned:
    """A test that is made together with others."""

    plain: float
    """How plain its truth is: Holm's procedure takes the plainest first."""
    alone: Callable[[float], Needed]
    """What it needs if it is made alone, at this level."""


def t_test(effect: float, correction: float = 0.0) -> Planned | None:
    """The t-test of a true mean of ``effect`` deviations; None for one that is not known (nan)."""
    if math.isnan(effect):
        return None

    def alone(level: float) -> Needed:
        number = seeds_needed(effect, level, correction=correction)
        return Needed(number or math.inf, is_ever_seen(effect, level, correction=correction))

    return Planned(abs(effect), alone)


def needed_by_holm(tests: Sequence[Planned | None]) -> list[Needed]:
    """The seeds with which :func:`regexp.comparison.statistics.holm` decides each of several tests.

    The k-th plainest of m is made at ``LEVEL / (m - k + 1)``, and decides only where all plainer ones do. What is not known
    (None) is not tested, as a missing p-value is not.

    >>> [one.seeds for one in needed_by_holm([t_test(0.5), t_test(1.0)])]
    [34, 13]
    """
    found, most = [Needed(math.inf, ever=False)] * len(tests), Needed(0)
    known = [(place, test) for place, test in enumerate(tests) if test is not None]
    for rank, (place, test) in enumerate(sorted(known, key=lambda one: -one[1].plain)):
        own = test.alone(LEVEL / (len(known) - rank))
        most = Needed(max(most.seeds, own.seeds), most.ever and own.ever)
        found[place] = most
    return found


def power(effect: Any, n: Any, level: float = LEVEL, correction: float = 0.0) -> Any:
    """The chance that a paired t-test of ``n`` pairs sees a true mean difference of ``effect`` standard deviations."""
    n = np.asarray(n, dtype=float)
    limit, shift = special.stdtrit(n - 1, 1 - level / 2), effect * np.sqrt(n / (1 + correction * n))
    return 1 - special.nctdtr(n - 1, shift, limit) + special.nctdtr(n - 1, shift, -limit)


def seeds_needed(
    effect: float, level: float = LEVEL, chance: float = CHANCE, most: int = MOST, correction: float = 0.0
) -> int | None:
    """The fewest seeds with which a true difference of ``effect`` deviations is seen with this chance; None beyond ``most``.

    >>> seeds_needed(1.0), seeds_needed(0.5)
    (10, 34)

    Seeds that re-split the same examples never show what is small beside the spread of the splits:

    >>> seeds_needed(2.0, correction=1 / 3), seeds_needed(1.0, correction=1 / 3)
    (12, None)
    """
    size = min(abs(effect), PLAIN)
    return fewest(lambda n: power(size, n, level, correction) >= chance, most)


def fewest(enough: Callable[[np.ndarray], np.ndarray], most: int = MOST) -> int | None:
    """The fewest seeds that are enough; None beyond ``most``."""
    numbers = np.arange(2, most + 1)
    found = np.flatnonzero(enough(numbers))
    return int(numbers[found[0]]) if found.size else None


def is_ever_seen(effect: float, level: float = LEVEL, chance: float = CHANCE, correction: float = 0.0) -> bool:
    """Whether any number of seeds sees a true difference of ``effect`` deviations with this chance.

    Where seeds re-split the same examples the variance of a mean does not fall below ``correction`` times that of one seed.

    >>> is_ever_seen(1.0, correction=1 / 3), is_ever_seen(2.0, correction=1 / 3), is_ever_seen(0.01)
    (False, True, True)
    """
    if not correction:
        return bool(effect)
    normal, shift = NormalDist(), effect / math.sqrt(correction)
    limit = normal.inv_cdf(1 - level / 2)
    return normal.cdf(shift - limit) + normal.cdf(-shift - limit) >= chance
