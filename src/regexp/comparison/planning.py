"""How many seeds several differences need that Holm's procedure tests together, if they are truly of this size."""

from __future__ import annotations

import dataclasses
import math
from statistics import NormalDist
from typing import Any

import numpy as np

from regexp.comparison.statistics import CHANCE, LEVEL, seeds_needed

_PLAIN = 1000.0
"""Deviations that any two seeds show, such as the infinitely many of a difference without spread."""


@dataclasses.dataclass(frozen=True)
class Needed:
    """How many seeds a difference needs."""

    seeds: float
    """Infinite: more than ``MOST``."""
    ever: bool
    """Whether there is such a number at all."""


def needed_by_holm(effects: Any, correction: float = 0.0) -> list[Needed]:
    """The seeds with which :func:`regexp.comparison.statistics.holm` shows each of several true differences, in deviations.

    The k-th largest of m is tested at ``LEVEL / (m - k + 1)``, and shown only where all larger ones are. An effect that is not
    known (nan) is not tested, as a missing p-value is not.

    >>> [one.seeds for one in needed_by_holm([0.5, 1.0])]
    [34, 13]
    """
    sizes = np.minimum(np.abs(np.asarray(effects, dtype=float)), _PLAIN)
    order = np.argsort(-sizes)  # nan last
    count = int(np.isfinite(sizes).sum())
    found, most = [Needed(math.inf, False)] * len(sizes), Needed(0, True)
    for rank, place in enumerate(order[:count]):
        size, level = float(sizes[place]), LEVEL / (count - rank)
        number = seeds_needed(size, level, correction=correction) or math.inf
        most = Needed(max(most.seeds, number), most.ever and is_ever_seen(size, level, correction=correction))
        found[place] = most
    return found


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
