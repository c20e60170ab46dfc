"""How sentences and tables write numbers, intervals and settings in brackets."""

from __future__ import annotations

import math
from collections.abc import Sequence

from regexp.comparison.statistics import Difference, Estimate
from regexp.words import listed


def number(value: float) -> str:
    """Four digits."""
    return f"{value:.4g}"


def interval(found: Estimate | Difference) -> str:
    """``[low, high]``, or that there is none."""
    return f"[{number(found.low)}, {number(found.high)}]" if math.isfinite(found.low) else "no interval"


def p_value(p: float) -> str:
    """``p = 0.012``, ``p < 0.0001``."""
    return "p < 0.0001" if p < 1e-4 else f"p = {p:.2g}"


def bracketed(labels: Sequence[str]) -> str:
    """The settings in brackets, after a blank; nothing for no settings."""
    return f" ({listed(labels)})" if labels else ""
