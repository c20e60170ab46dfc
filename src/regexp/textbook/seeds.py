"""How many seeds would decide a claim that is not decided, if its truth is what was measured."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import special

from regexp.comparison.power import CHANCE, PLAIN, Needed, Planned, fewest, seeds_needed
from regexp.comparison.statistics import LEVEL, estimate, ratio
from regexp.textbook.protocol import Claim


def planned(claim: Claim, values: Any, *, median: bool) -> Planned | None:
    """The claim's test among others; None for a kind that has none.

    No level decides about a published value, but how narrow its interval is: among others it is the last.
    """
    if claim.kind == "published":
        return Planned(0.0, lambda level: Needed(math.inf))
    count = {"direction": for_direction, "equal": for_equality}.get(claim.kind)
    if count is None:
        return None
    differences = np.asarray(values, dtype=float) - claim.target

    def alone(level: float) -> Needed:
        return Needed(count(differences, claim.margin or 0.0, level, median=median) or math.inf)

    return Planned(1 / alone(LEVEL).seeds, alone)


def for_direction(differences: Any, margin: float, level: float = LEVEL, *, median: bool = False) -> int | None:
    """The fewest seeds that decide whether the centre is above 0; None beyond 1000. ``median``: by the sign test."""
    if median:
        x = np.asarray(differences, dtype=float)
        return _more_than(len(x), lambda n: np.maximum(_by_signs(x <= 0, n, level / 2), _by_signs(x >= margin, n, level / 2)))
    found = estimate(differences)
    return seeds_needed(float(ratio(max(found.mean, margin - found.mean), found.sd)), level)


def for_equality(differences: Any, margin: float, level: float = LEVEL, *, median: bool = False) -> int | None:
    """The fewest seeds that decide whether the centre is within the margin of 0; None beyond 1000. ``median``: by signs."""
    if median:
        x = np.asarray(differences, dtype=float)
        inside = lambda n: _by_signs(x <= -margin, n, level) + _by_signs(x >= margin, n, level) - 1  # noqa: E731
        outside = lambda n: np.maximum(_by_signs(x <= margin, n, level / 2), _by_signs(x >= -margin, n, level / 2))  # noqa: E731
        return _more_than(len(x), lambda n: np.maximum(inside(n), outside(n)))
    found = estimate(differences)
    near, far = (float(ratio(margin - side * abs(found.mean), found.sd)) for side in (1, -1))
    if not near > 0:
        return seeds_needed(near, level)
    return fewest(lambda n: _one_sided(near, n, level) + _one_sided(far, n, level) - 1 >= CHANCE)


def for_published(values: Any, tolerance: float) -> int | None:
    """The fewest seeds whose prediction interval is no wider than the tolerance; None if single runs vary more than that."""
    sd = estimate(values).sd
    width = lambda n: 2 * special.stdtrit(n - 1.0, 1 - LEVEL / 2) * sd * np.sqrt(1 + 1 / n)  # noqa: E731
    return fewest(lambda n: width(n) <= tolerance)


def _one_sided(effect: float, n: np.ndarray, level: float) -> np.ndarray:
    """The power of a one-sided t-test."""
    return 1 - special.nctdtr(n - 1, min(effect, PLAIN) * np.sqrt(n), special.stdtrit(n - 1, 1 - level))


def _more_than(seen: int, chance: Callable[[np.ndarray], np.ndarray]) -> int | None:
    """The fewest seeds that decide with a good chance, of more than those that did not."""
    return fewest(lambda n: (n > seen) & (chance(n) >= CHANCE))


def _by_signs(against: np.ndarray, n: np.ndarray, level: float) -> np.ndarray:
    """The power of a one-sided sign test with ``n`` seeds, each of which is against with the chance of the share that was."""
    most = np.array([_most(int(one), level) for one in n])
    return np.where(most < 0, 0.0, special.bdtr(most.clip(0).astype(float), n, against.mean()))


@functools.cache
def _most(n: int, level: float) -> int:
    """The largest number of ``n`` seeds against with which the p-value of the sign test is below the level; -1 if none is."""
    return int((special.bdtr(np.arange(n + 1.0), n, 0.5) < level).sum()) - 1
