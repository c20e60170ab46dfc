"""The numbers that are drawn: of a metric, or of its difference to the baseline."""

from __future__ import annotations

import math

from regexp.comparison.figures.style import DIFFERENCE
from regexp.comparison.findings import Findings
from regexp.comparison.measuring import values
from regexp.comparison.settings import Setting
from regexp.comparison.statistics import Difference, Estimate, estimate


def estimate_of(setting: Setting, metric: str, found: Findings) -> Estimate | Difference | None:
    """The setting's mean with its interval; None where it cannot be had."""
    if metric == DIFFERENCE:
        (row,) = (row for row in found.rows if row.setting is setting)
        return Estimate(row.n, 0.0, 0.0, 0.0, 0.0) if setting is found.baseline else row.difference
    own = list(values(setting, metric, found.how.at).values())
    return estimate(own, found.how.correction) if own else None


def error_of(one: Estimate | Difference) -> list[list[float]] | None:
    """The interval as ``errorbar`` takes it: how far it reaches below and above the mean."""
    return [[one.mean - one.low], [one.high - one.mean]] if math.isfinite(one.low) else None
