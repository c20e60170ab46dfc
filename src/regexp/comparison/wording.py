"""How sentences and tables write numbers, intervals and lists of settings."""

from __future__ import annotations

import math
from collections.abc import Sequence

from regexp.comparison.statistics import Difference, Estimate

LISTED = 5
"""How many settings a sentence names."""


def number(value: float) -> str:
    """Four digits."""
    return f"{value:.4g}"


def interval(found: Estimate | Difference) -> str:
    """``[low, high]``, or that there is none."""
    return f"[{number(found.low)}, {number(found.high)}]" if math.isfinite(found.low) else "no interval"


def p_value(p: float) -> str:
    """``p = 0.012``, ``p < 0.0001``."""
    return "p < 0.0001" if p < 1e-4 else f"p = {p:.2g}"


def listed(labels: Sequence[str], most: int = LISTED) -> str:
    """``a, b and 2 more``."""
    more = len(labels) - most
    return ", ".join(labels[:most]) + (f" and {more} more" if more > 0 else "")


def bracketed(labels: Sequence[str]) -> str:
    """The same in brackets, after a blank; nothing for no labels."""
    return f" ({listed(labels)})" if labels else ""
