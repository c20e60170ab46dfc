"""The last line: one setting at one strength, or that the data cannot tell it from others.

Where nothing was chosen it says what the seeds show of the baseline, and leaves the choice open.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from regexp.comparison.answer.choice import strength
from regexp.comparison.answer.rivals import rivals
from regexp.comparison.condition import where
from regexp.comparison.findings import Findings
from regexp.comparison.measuring import Row
from regexp.comparison.references import beats_constant
from regexp.comparison.settings import Setting, split_sizes
from regexp.comparison.statistics import LEVEL
from regexp.metrics import lower_is_better
from regexp.words import listed


def verdict(found: Findings) -> str:
    """``weight_decay at strength 0.2: its test/loss is lower than ...``, or ``the data cannot tell ... from ...``."""
    tested = [row for row in found.rows if math.isfinite(row.p)]
    if not tested or (found.choice and found.choice.setting is not found.baseline and found.choice not in tested):
        return "none yet: there is no test of a difference."
    if found.choice is None:
        return f"{f'{place}, ' if (place := where(found)) else ''}{_without_choice(tested, found)}"
    text = _of_baseline(tested, found) if found.choice.setting is found.baseline else _of_other(found.choice, found)
    place = f"{where(found)}, " if where(found) else ""
    if beats_constant(found.choice, found) is False:
        text = f"{text[:-1]}; {found.name(found.choice.setting)} is not shown to beat a constant."
    return f"{place}{text}"


def _of_other(row: Row, found: Findings) -> str:
    """Validation chose another setting than the baseline."""
    one, base, metric = _named(row.setting, found), found.name(found.baseline), found.how.metric
    assert row.difference is not None
    if row.difference.none:
        return f"the data cannot tell {one} from {base}: their {metric} is the same."
    open_ = [each.setting.label for each in rivals(found) if each.open or each.same]
    if not row.p < LEVEL:
        return f"the data cannot tell {one} from {listed([base, *open_])}."
    direction = "lower" if row.difference.mean < 0 else "higher"
    if not _better(row, found):
        return f"{base}. The {metric} of {one}, which validation chose, is {direction}."
    beside = f"; the data cannot tell it from {listed(open_)}" if open_ else ""
    return f"{one}. Its {metric} is {direction} than that of {base}{beside}."


def _of_baseline(tested: Sequence[Row], found: Findings) -> str:
    """Validation chose the baseline."""
    base, metric = found.name(found.baseline), found.how.metric
    same = [_named(row.setting, found) for row in tested if row.difference and row.difference.none]
    if open_ := [name for row in tested if not row.p < LEVEL and (name := _named(row.setting, found)) not in same]:
        return f"the data cannot tell {base} from {listed(open_)}."
    if better := [_named(row.setting, found) for row in tested if _better(row, found)]:
        return f"{base}. Yet {listed(better)} has a better {metric}."
    return f"{base}. " + (f"No difference is made by {listed(same)}." if same else f"No other setting has a better {metric}.")


def _without_choice(tested: Sequence[Row], found: Findings) -> str:
    """There is no validation split, or splits of different sizes: every difference to the baseline, and no setting."""
    parts = {"lower": list[str](), "higher": list[str](), "the same": list[str](), "": list[str]()}
    for row in tested:
        assert row.difference is not None
        sure = "lower" if row.difference.mean < 0 else "higher"
        parts["the same" if row.difference.none else sure if row.p < LEVEL else ""].append(_named(row.setting, found))
    base, metric = found.name(found.baseline), found.how.metric
    shown = [f"{how} with {listed(names)}" for how, names in parts.items() if how and names]
    text = f"compared with {base}, {metric} is {', '.join(shown)}" if shown else ""
    open_ = f"the data cannot tell {'it' if shown else base} from {listed(parts[''])}" if parts[""] else ""
    return f"{'; '.join(filter(None, [text, open_]))}. None is chosen, for want of {_missing(found)}."


def _missing(found: Findings) -> str:
    return "splits of one size" if split_sizes(found.settings) else "a validation split"


def _better(row: Row, found: Findings) -> bool:
    return bool(row.difference and row.difference.mean and (row.difference.mean < 0) == lower_is_better(found.how.metric))


def _named(setting: Setting, found: Findings) -> str:
    return f"{found.name(setting)}{strength(setting)}"
