"""Whether those who draw other random numbers reach our loss: means over seeds, by Student's t."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence

import numpy as np
from scipy import special

from benchmarks.work import Check

LEVEL = 0.002
"""How often seeds alone differ by more than the tolerance: in a report, which has ten such checks, once in fifty."""


def over_seeds(who: str, theirs: Sequence[float], ours: Sequence[float]) -> Check:
    """A check of two means over seeds.

    Its tolerance is the half-width of the interval of their difference, ``t s sqrt(1/n + 1/m)`` with the pooled deviation s
    (n + m - 2 degrees of freedom), relative to our mean.
    """
    n, m = len(theirs), len(ours)
    freedom = n + m - 2
    pooled = math.sqrt((n * np.var(theirs) + m * np.var(ours)) / freedom)
    half = special.stdtrit(freedom, 1 - LEVEL / 2) * pooled * math.sqrt(1 / n + 1 / m)
    mean = statistics.fmean(ours)
    counted = f"{who} ({n} seed{'s' * (n > 1)}, ours {m})"
    return Check(counted, statistics.fmean(theirs), mean, round(float(half / abs(mean)), 3))
