"""The third sentence: what the data do not decide, and how many seeds would."""

from __future__ import annotations

import math

from regexp.comparison.answer.gaps import gaps
from regexp.comparison.answer.seeds import Open, enough, told
from regexp.comparison.commands import sweep, with_fresh_seeds
from regexp.comparison.findings import Findings
from regexp.comparison.measuring import difference
from regexp.comparison.settings import Setting
from regexp.comparison.statistics import LEVEL, holm
from regexp.comparison.wording import interval
from regexp.words import listed


def undecided(found: Findings) -> str:
    """Which differences are open: to the baseline, to the other settings, and where runs are missing."""
    if len(found.rows) > 1 and all(row.n < 2 for row in found.rows):
        line = with_fresh_seeds(found.runs, 10) or sweep(found.runs, {"seed": ["range(10)"]}, found.study)
        return "One seed per setting decides nothing: train several" + (f":\n  {line}" if line else ".")
    if not any(row.difference for row in found.rows):
        return " ".join(part for part in ("Nothing was compared, and nothing is decided.", gaps(found)) if part)
    parts = [_against_baseline(found), _rivals(found), _seeds(found), gaps(found)]
    return " ".join(part for part in parts if part) or "Nothing that was compared is left open at the 5 % level."


def _against_baseline(found: Findings) -> str:
    row = found.choice
    if row is None or row.difference is None or not row.p >= LEVEL:
        return ""
    text = f"The data do not decide whether {row.setting.label} differs from {found.baseline.label}: "
    if row.difference.low > 0 or row.difference.high < 0:
        return f"{text}alone its interval would leave out 0, but not after the correction for all comparisons."
    return f"{text}every difference in {interval(row.difference)} is compatible with them."


def _rivals(found: Findings) -> str:
    """The settings that cannot be told from the chosen one, or from the baseline where nothing was chosen."""
    center, others = _around(found)
    if not others:
        return ""
    open_ = [label for label, _ in _untold(found)]
    if not open_:
        apart = " (the baseline apart)" if center is not found.baseline and _against_baseline(found) else ""
        return f"{center.label} differs in {found.how.metric} from each of the other settings{apart}."
    return (
        f"The data do not tell {center.label} in {found.how.metric} from {listed(open_)} "
        f"({len(open_)} of {len(others)} compared with it, 5 % level after Holm)."
    )


def _around(found: Findings) -> tuple[Setting, list[Setting]]:
    center = found.choice.setting if found.choice else found.baseline
    return center, [row.setting for row in found.rows if row.setting not in (center, found.baseline) and row.n]


def _untold(found: Findings) -> list[Open]:
    """Those others whose difference to the chosen setting is open."""
    center, others = _around(found)
    tested = [difference(center, other, found.how) for other in others]
    corrected = holm([float(one.p) if one else math.nan for one in tested])
    return [(other.label, one) for other, one, p in zip(others, tested, corrected, strict=True) if not p < LEVEL]


def _seeds(found: Findings) -> str:
    """How many seeds would decide; where all runs are in, with the command that repeats a search with as many."""
    open_ = _untold(found)
    if _against_baseline(found) and found.choice:
        open_ = [(found.baseline.label, found.choice.difference), *open_]
    text, numbers = told(open_, found.how), enough(open_, found.how)
    line = with_fresh_seeds(found.runs, max(numbers.values())) if numbers and not gaps(found) else None
    return f"{text} To train as many:\n  {line}" if line else text
