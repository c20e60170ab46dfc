"""The third sentence: what the data do not decide, and how many seeds would."""

from __future__ import annotations

import math

from regexp.comparison.answer.gaps import gaps
from regexp.comparison.answer.seeds import Open, planned, told
from regexp.comparison.commands import sweep, with_fresh_seeds
from regexp.comparison.findings import Findings
from regexp.comparison.measuring import difference
from regexp.comparison.settings import Setting
from regexp.comparison.statistics import LEVEL, Difference, holm
from regexp.comparison.wording import interval
from regexp.words import LISTED, listed


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
    text = f"The data do not decide whether {row.setting.label} differs from {found.name(found.baseline)}: "
    if row.difference.low > 0 or row.difference.high < 0:
        return f"{text}alone its interval would leave out 0, but not after the correction for all comparisons."
    return f"{text}every difference in {interval(row.difference)} is compatible with them."


def _rivals(found: Findings) -> str:
    """The settings that cannot be told from the chosen one, or from the baseline where nothing was chosen."""
    center, others = _around(found)
    if not others:
        return ""
    open_ = [other.label for other, _, p in _tested(found) if not p < LEVEL]
    if not open_:
        apart = " (the baseline apart)" if center is not found.baseline and _against_baseline(found) else ""
        return f"{center.label} differs in {found.how.metric} from each of the other settings{apart}."
    return (
        f"The data do not tell {found.name(center)} in {found.how.metric} from {listed(open_)} "
        f"({len(open_)} of {len(others)} compared with it, 5 % level after Holm)."
    )


def _around(found: Findings) -> tuple[Setting, list[Setting]]:
    """The chosen setting, else the baseline, and the others, the baseline apart."""
    center = found.choice.setting if found.choice else found.baseline
    return center, [row.setting for row in found.rows if row.setting not in (center, found.baseline) and row.n]


def _tested(found: Findings) -> list[tuple[Setting, Difference | None, float]]:
    """Those others, with the difference to each and its p-value after Holm."""
    center, others = _around(found)
    tested = [difference(center, other, found.how) for other in others]
    corrected = holm([math.nan if one is None else float(one.p) for one in tested])
    return list(zip(others, tested, corrected.tolist(), strict=True))


def _seeds(found: Findings) -> str:
    """How many seeds would decide; where all runs are in, with the command that repeats a search with as many."""
    open_ = [*_open_to_baseline(found), *_open_to_others(found)][:LISTED]
    numbers = [one.seeds for one in open_ if one.seeds]
    line = with_fresh_seeds(found.runs, max(numbers)) if numbers and not gaps(found) else None
    text = told(found.name(_around(found)[0]), open_)
    return f"{text} To train as many:\n  {line}" if line else text


def _open_to_baseline(found: Findings) -> list[Open]:
    """The chosen setting's difference to the baseline, which was tested together with those of all others."""
    rows = found.rows if _against_baseline(found) else []
    needed = planned([row.difference for row in rows], found.how.correction)
    chosen = [(row.difference, plan) for row, plan in zip(rows, needed, strict=True) if row is found.choice]
    return [Open(found.name(found.baseline), one, plan) for one, plan in chosen if one and plan]


def _open_to_others(found: Findings) -> list[Open]:
    tested = _tested(found)
    needed = planned([one for _, one, _ in tested], found.how.correction)
    plans = zip(tested, needed, strict=True)
    return [Open(other.label, one, plan) for (other, one, p), plan in plans if one and plan and not p < LEVEL]
