"""The second sentence: the difference of the chosen setting, else of all, to the baseline."""

from __future__ import annotations

import math
from collections.abc import Sequence

from regexp.comparison.answer.choice import strength
from regexp.comparison.findings import Findings
from regexp.comparison.measuring import Row, values
from regexp.comparison.settings import named
from regexp.comparison.statistics import LEVEL
from regexp.comparison.wording import bracketed, interval, number, p_value
from regexp.metrics import lower_is_better
from regexp.words import counted


def difference(found: Findings) -> str:
    """By how much the compared metric differs from the baseline's, with interval and test."""
    tested = [row for row in found.rows if row.difference is not None]
    if not tested:
        return f"{found.how.metric} of {found.baseline.label} has nothing to be compared with."
    if found.choice is not None and found.choice.setting is not found.baseline:
        return f"Its {_of_one(found.choice, found)}"
    if len(tested) == 1:
        return f"With {tested[0].setting.label}{strength(tested[0].setting)} the {_of_one(tested[0], found)}"
    return _of_all(tested, found)


def _of_all(tested: Sequence[Row], found: Findings) -> str:
    """Where nothing but the baseline was chosen: all settings, so that the test split picks none of them."""
    if all(math.isnan(row.p) for row in tested):
        return f"There is a single seed each: no difference to {found.baseline.label} can be tested."
    sign = 1 if lower_is_better(found.how.metric) else -1
    sure = [(row.setting.label, sign * row.difference.mean) for row in tested if row.difference and row.p < LEVEL]
    better, worse = [label for label, mean in sure if mean < 0], [label for label, mean in sure if mean > 0]
    metric, base = found.how.metric, found.baseline.label
    return (
        f"Of the {len(tested)} others, {len(better)} have a better {metric} than {base}{bracketed(better)}, "
        f"{len(worse)} a worse one{bracketed(worse)} (p < {LEVEL:g} after Holm)."
    )


def _of_one(row: Row, found: Findings) -> str:
    metric, base, difference = found.how.metric, found.baseline.label, row.difference
    if difference is None:
        return f"{metric} cannot be compared with that of the baseline ({base}): one of the two has no completed run."
    if difference.none:
        return f"{metric} is the same as that of the baseline ({base}) in all {difference.n} seeds, but for rounding."
    comparison = "lower" if difference.mean < 0 else "higher" if difference.mean > 0 else "neither lower nor higher"
    size = f"{number(abs(difference.mean))} {comparison}" if difference.mean else comparison
    text = f"{metric} is {size} than that of the baseline ({base})"
    if not math.isfinite(row.p):
        return f"{text}, without interval and test{_why_untested(row, found)}."
    tests = sum(other.difference is not None for other in found.rows)
    how = "paired over shared seeds" if difference.paired else f"unpaired, Welch: {_shared(row, found)} shared"
    corrected = f" after Holm over {tests} comparisons" if tests > 1 else ""
    text += f": difference {number(difference.mean)}, 95 % interval {interval(difference)}, {p_value(row.p)}{corrected}"
    return f"{text}, {how}" + (f", better in {row.better} of {difference.n} seeds." if difference.paired else ".")


def _why_untested(row: Row, found: Findings) -> str:
    base = next(one for one in found.rows if one.setting is found.baseline)
    if row.n == base.n == 1:
        return ", with a single seed each"
    own, other = counted(row.n, "seed"), counted(base.n, "seed")
    return f": {row.setting.label} has {own}, {base.setting.label} {other}, and {_shared(row, found)} shared"


def _shared(row: Row, found: Findings) -> str:
    """``no seed is``, ``one seed (3) is``."""
    own, base = (values(setting, found.how.metric, found.how.at) for setting in (row.setting, found.baseline))
    both = [seed for seed in own if seed in base]
    return f"one seed ({named(both)}) is" if both else "no seed is"
