"""The third sentence: what the data do not decide, and how many seeds would."""

from __future__ import annotations

import math

from regexp.comparison.answer.gaps import gaps
from regexp.comparison.commands import sweep, with_fresh_seeds
from regexp.comparison.findings import Findings
from regexp.comparison.measuring import difference
from regexp.comparison.statistics import LEVEL, holm, seeds_needed
from regexp.comparison.wording import interval
from regexp.words import listed


def undecided(found: Findings) -> str:
    """Which differences are open: to the baseline, to the other settings, and where runs are missing."""
    if len(found.rows) > 1 and all(row.n < 2 for row in found.rows):
        line = _more_seeds(found)
        return "One seed per setting decides nothing: train several" + (f":\n  {line}" if line else ".")
    if not any(row.difference for row in found.rows):
        return " ".join(part for part in ("Nothing was compared, and nothing is decided.", gaps(found)) if part)
    parts = [_against_baseline(found), _rivals(found), gaps(found)]
    return " ".join(part for part in parts if part) or "Nothing that was compared is left open at the 5 % level."


def _more_seeds(found: Findings) -> str | None:
    return with_fresh_seeds(found.runs, 10) or sweep(found.runs, {"seed": ["range(10)"]}, found.study)


def _against_baseline(found: Findings) -> str:
    row = found.choice
    if row is None or row.difference is None or not row.p >= LEVEL:
        return ""
    text = (
        f"The data do not decide whether {row.setting.label} differs from {found.baseline.label}: every difference in "
        f"{interval(row.difference)} is compatible with them."
    )
    needed = seeds_needed(float(row.difference.effect)) if row.difference.paired and not found.how.correction else None
    if needed and needed > row.difference.n:
        text += f" If it is as large as measured, about {needed} seeds would show it (power 80 %, a single test)."
    return text


def _rivals(found: Findings) -> str:
    """The settings that cannot be told from the chosen one, or from the baseline where nothing was chosen."""
    center = found.choice.setting if found.choice else found.baseline
    others = [row.setting for row in found.rows if row.setting not in (center, found.baseline) and row.n]
    if not others:
        return ""
    tested = [difference(center, other, found.how) for other in others]
    corrected = holm([float(one.p) if one else math.nan for one in tested])
    open_ = [other.label for other, p in zip(others, corrected, strict=True) if not p < LEVEL]
    if not open_:
        apart = " (the baseline apart)" if center is not found.baseline and _against_baseline(found) else ""
        return f"{center.label} differs in {found.how.metric} from each of the other settings{apart}."
    return (
        f"The data do not tell {center.label} in {found.how.metric} from {listed(open_)} "
        f"({len(open_)} of {len(others)} compared with it, 5 % level after Holm)."
    )
