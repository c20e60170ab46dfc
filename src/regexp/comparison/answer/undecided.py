"""The third sentence: what the data do not decide, and how many seeds would."""

from __future__ import annotations

from regexp.comparison.answer.gaps import gaps
from regexp.comparison.answer.rivals import center, rivals
from regexp.comparison.answer.seeds import Open, planned, told
from regexp.comparison.commands import sweep, with_fresh_seeds
from regexp.comparison.condition import beyond
from regexp.comparison.findings import Findings
from regexp.comparison.statistics import LEVEL
from regexp.comparison.wording import interval
from regexp.words import LISTED, listed


def undecided(found: Findings) -> str:
    """Which differences are open: to the baseline, to the other settings, and where runs are missing."""
    if len(found.rows) > 1 and all(row.n < 2 for row in found.rows):
        line = with_fresh_seeds(found.runs, 10) or sweep(found.runs, {"seed": ["range(10)"]}, found.study)
        return "One seed per setting decides nothing: train several" + (f":\n  {line}" if line else ".")
    if not any(row.difference for row in found.rows):
        return " ".join(part for part in ("Nothing was compared, and nothing is decided.", gaps(found)) if part)
    parts = [_against_baseline(found), _rivals(found), _seeds(found), beyond(found), gaps(found)]
    return " ".join(part for part in parts if part) or "Nothing that was compared is left open at the 5 % level."


def _against_baseline(found: Findings) -> str:
    row = found.choice
    if row is None or row.difference is None or row.difference.none or not row.p >= LEVEL:
        return ""
    text = f"The data do not decide whether {row.setting.label} differs from {found.name(found.baseline)}: "
    if row.difference.low > 0 or row.difference.high < 0:
        return f"{text}alone its interval would leave out 0, but not after the correction for all comparisons."
    return f"{text}every difference in {interval(row.difference)} is compatible with them."


def _rivals(found: Findings) -> str:
    """The settings that cannot be told from the center, and those that are the same."""
    others, one = rivals(found), center(found)
    open_, same = [each.setting.label for each in others if each.open], [each.setting.label for each in others if each.same]
    parts = []
    if open_:
        parts.append(
            f"The data do not tell {found.name(one)} in {found.how.metric} from {listed(open_)} "
            f"({len(open_)} of {len(others)} compared with it, 5 % level after Holm)."
        )
    if same and not (one is found.baseline and len(others) == 1):  # which the second sentence says
        parts.append(f"The {found.how.metric} of {found.name(one)} is the same as that of {listed(same)}, but for rounding.")
    if others and not open_ and not same:
        apart = " (the baseline apart)" if one is not found.baseline and _against_baseline(found) else ""
        parts.append(f"{one.label} differs in {found.how.metric} from each of the other settings{apart}.")
    return " ".join(parts)


def _seeds(found: Findings) -> str:
    """How many seeds would decide; where all runs are in, with the command that repeats a search with as many."""
    open_ = [*_open_to_baseline(found), *_open_to_others(found)][:LISTED]
    numbers = [one.seeds for one in open_ if one.seeds]
    line = with_fresh_seeds(found.runs, max(numbers)) if numbers and not gaps(found) else None
    text = told(found.name(center(found)), open_)
    return f"{text} To train as many:\n  {line}" if line else text


def _open_to_baseline(found: Findings) -> list[Open]:
    """The chosen setting's difference to the baseline, which was tested together with those of all others."""
    rows = found.rows if _against_baseline(found) else []
    needed = planned([row.difference for row in rows], found.how.correction)
    chosen = [(row.difference, plan) for row, plan in zip(rows, needed, strict=True) if row is found.choice]
    return [Open(found.name(found.baseline), one, plan) for one, plan in chosen if one and plan]


def _open_to_others(found: Findings) -> list[Open]:
    others = rivals(found)
    needed = planned([each.difference for each in others], found.how.correction)
    plans = zip(others, needed, strict=True)
    return [Open(each.setting.label, each.difference, plan) for each, plan in plans if each.difference and plan and each.open]
