"""Performance against budget: the best of b settings that are drawn at random from all that were tried.

With the B settings sorted by validation, best first (ranks 0 to B - 1), the best of b drawn without replacement has rank r
with probability ``C(B - 1 - r, b - 1) / C(B, b)``: r is drawn, and the b - 1 others from the B - 1 - r worse ones. Its
expectation is the *expected validation performance* of Dodge et al., "Show your work: improved reporting of experimental
results", 2019, in the unbiased form (they draw with replacement) of Tang et al., "Showing your work doesn't always work",
2020. At b = B it is the best setting of all, the one that was chosen.
"""

from __future__ import annotations

from math import comb

import numpy as np
from jaxtyping import Float

LEVEL = 0.95
"""Of all draws lie between the ends of the interval."""


def chances(tried: int, drawn: int) -> Float[np.ndarray, " tried"]:
    """The probability of every rank to be the best of ``drawn`` settings out of ``tried``; both at least 1."""
    return np.array([comb(tried - 1 - rank, drawn - 1) / comb(tried, drawn) for rank in range(tried)])


def expected(ranked: Float[np.ndarray, " tried"]) -> Float[np.ndarray, " tried"]:
    """The expectation of the best of 1, 2, ... settings. ``ranked``: a metric of all settings, the one to be chosen first.

    >>> expected(np.array([1.0, 2.0, 6.0])).round(3).tolist()
    [3.0, 1.333, 1.0]
    """
    return np.array([chances(len(ranked), drawn) @ ranked for drawn in range(1, len(ranked) + 1)])


def interval(ranked: Float[np.ndarray, " tried"]) -> tuple[Float[np.ndarray, " tried"], Float[np.ndarray, " tried"]]:
    """The quantiles between which 95 % of all draws of 1, 2, ... settings have their best: better ends, worse ends."""
    cumulative = [np.cumsum(chances(len(ranked), drawn)) for drawn in range(1, len(ranked) + 1)]
    ends = [(1 - LEVEL) / 2, (1 + LEVEL) / 2]
    better, worse = ([ranked[min(int(np.searchsorted(c, end - 1e-12)), len(ranked) - 1)] for c in cumulative] for end in ends)
    return np.array(better), np.array(worse)
