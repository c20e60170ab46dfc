"""How many seeds would show the differences that are open, if they are as large as measured."""

from __future__ import annotations

import math
from collections.abc import Sequence

from regexp.comparison.measuring import Measure
from regexp.comparison.statistics import CHANCE, MOST, Difference, seeds_needed
from regexp.words import LISTED

Open = tuple[str, Difference | None]
"""The label of a setting, and its difference to another, which the data do not show."""


def told(open_: Sequence[Open], how: Measure) -> str:
    """One sentence; nothing where it is not known: without pairs, for values that are equal."""
    needed = _needed(open_, how)
    which = {label: f"that to {label}" if len(open_) > 1 else "it" for label in needed}
    more = enough(open_, how)
    never = [which[label] for label, n in needed.items() if n is None]
    shown = [f"about {n} {'' if i else 'seeds would show '}{which[label]}" for i, (label, n) in enumerate(more.items())]
    parts = [f"{', '.join(shown)} (power {100 * CHANCE:g} %, a single test)"] if shown else []
    if never:
        same = ", as all of them split the same examples: more examples would be needed" if how.correction else ""
        parts.append(f"even {MOST} seeds would not show {' and '.join(never)}{same}")
    subject = "the difference is" if len(open_) == 1 else "the differences are"
    return f"If {subject} as large as measured, {'; '.join(parts)}." if parts else ""


def enough(open_: Sequence[Open], how: Measure) -> dict[str, int]:
    """The number of seeds by label, where it is larger than that of those which are there."""
    there = {label: one.n for label, one in open_ if one}
    return {label: n for label, n in _needed(open_, how).items() if n and n > there[label]}


def _needed(open_: Sequence[Open], how: Measure) -> dict[str, int | None]:
    """By label, of as many settings as a sentence names; None where no number is known to be enough."""
    measured = {label: one for label, one in open_[:LISTED] if one and _has_size(one)}
    return {label: seeds_needed(float(one.effect), correction=how.correction) for label, one in measured.items()}


def _has_size(one: Difference) -> bool:
    """In deviations that are not 0."""
    return one.paired and one.n > 1 and math.isfinite(one.effect) and bool(one.effect)
