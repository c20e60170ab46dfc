"""Three sentences: what validation chose, its difference to the baseline, what the data do not decide; and all in one line."""

from __future__ import annotations

from regexp.comparison.answer.choice import choice
from regexp.comparison.answer.difference import difference
from regexp.comparison.answer.gaps import gaps
from regexp.comparison.answer.undecided import undecided
from regexp.comparison.answer.verdict import verdict
from regexp.comparison.condition import conditional
from regexp.comparison.findings import Findings
from regexp.comparison.wording import interval, number
from regexp.words import counted

__all__ = ["one_setting", "sentences", "verdict"]


def sentences(found: Findings) -> list[str]:
    """The answer, one sentence (with its consequence, such as a command to type) per item."""
    if len(found.rows) == 1:
        return [one_setting(found)]
    first, second = choice(found), difference(found)
    if found.choice is None:
        return [first, conditional(second, found), undecided(found)]
    return [conditional(first, found), second, undecided(found)]


def one_setting(found: Findings) -> str:
    """One line for runs that differ in nothing but their seed."""
    row, how = found.rows[0], found.how
    assert row.final is not None
    spread = f", 95 % interval {interval(row.final)}" if row.n > 1 else ""
    figures = f"{how.metric} is {number(row.final.mean)} (mean of {counted(row.n, 'seed')}{spread})"
    missing = gaps(found)
    return f"There is one setting only, nothing to compare: its {figures}." + (f" {missing}" if missing else "")
