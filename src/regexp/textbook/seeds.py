"""How many seeds would decide a claim that is not decided, if its truth is what was measured."""

from __future__ import annotations

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
        return _by_signs(len(x), lambda n: np.minimum(_sign_p(x <= 0, n), _sign_p(x >= margin, n)) < level / 2)
    found = estimate(differences)
    return seeds_needed(float(ratio(max(found.mean, margin - found.mean), found.sd)), level)


def for_equality(differences: Any, margin: float, level: float = LEVEL, *, median: bool = False) -> int | None:
    """The fewest seeds that decide whether the centre is within the margin of 0; None beyond 1000. ``median``: by signs."""
    if median:
        x = np.asarray(differences, dtype=float)
        inside = lambda n: np.maximum(_sign_p(x <= -margin, n), _sign_p(x >= margin, n)) < level  # noqa: E731
        outside = lambda n: np.minimum(_sign_p(x <= margin, n), _sign_p(x >= -margin, n)) < level / 2  # noqa: E731
        return _by_signs(len(x), lambda n: inside(n) | outside(n))
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


def _by_signs(seen: int, enough: Callable[[np.ndarray], np.ndarray]) -> int | None:
    """The fewest of more than the seeds that were not enough."""
    return fewest(lambda n: (n > seen) & enough(n))


def _sign_p(against: np.ndarray, n: np.ndarray) -> np.ndarray:
    """The one-sided p-value of the sign test with ``n`` seeds of which as large a share, rounded up, is against."""
    return special.bdtr(np.ceil(against.mean() * n - 1e-9), n, 0.5)
