"""How many seeds would show the differences that are open, if they are as large as measured."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

from regexp.comparison.power import CHANCE, MOST, Needed, needed_by_holm, t_test
from regexp.comparison.statistics import Difference

_POWER = f"{100 * CHANCE:g} %"
"""The chance to be shown, for which seeds are counted."""


@dataclasses.dataclass(frozen=True)
class Open:
    """A difference of one setting to another, which the data do not show."""

    other: str
    """What the other one is called."""
    found: Difference
    needed: Needed

    @property
    def seeds(self) -> int | None:
        """How many would show it; None where no number is known, or as many as are there should have."""
        return int(self.needed.seeds) if self.found.n < self.needed.seeds < math.inf else None


def planned(tested: Sequence[Difference | None], correction: float) -> list[Needed | None]:
    """What each of the differences that Holm tests together needs; None without pairs, and for those of size 0."""
    needed = needed_by_holm([None if one is None else t_test(float(one.effect), correction) for one in tested])
    return [plan if one and _has_size(one) else None for one, plan in zip(tested, needed, strict=True)]


def told(center: str, open_: Sequence[Open]) -> str:
    """One sentence; nothing where nothing is known. ``center``: whose differences they are."""
    some = [one for one in open_ if one.seeds]
    many, never = ([o.other for o in open_ if math.isinf(o.needed.seeds) and o.needed.ever is ever] for ever in (True, False))
    parts = []
    if some:
        more = "".join(f", about {one.seeds} from {one.other}" for one in some[1:])
        basis = f"estimated from n = {min(one.found.n for one in some)}; power {_POWER}, 5 % level after Holm"
        parts.append(f"about {some[0].seeds} seeds or more would tell {center} from {some[0].other}{more} ({basis})")
    if many:
        parts.append(f"even {MOST} seeds would not tell {center} from {' or '.join(many)} with {_POWER} power")
    if never:
        why = "all of them split the same examples, so that it would take more examples"
        parts.append(f"no number of seeds would tell {center} from {' or '.join(never)} with {_POWER} power: {why}")
    subject = "the difference is" if len(open_) == 1 else "the differences are"
    return f"If {subject} as large as measured, {'; '.join(parts)}." if parts else ""


def _has_size(one: Difference) -> bool:
    """In deviations that are not 0."""
    return one.paired and one.n > 1 and math.isfinite(one.effect) and bool(one.effect)
