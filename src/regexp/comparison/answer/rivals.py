"""The settings beside the chosen one, or beside the baseline where nothing was chosen, and their differences to it."""

from __future__ import annotations

import dataclasses
import math

from regexp.comparison.findings import Findings
from regexp.comparison.measuring import difference
from regexp.comparison.settings import Setting
from regexp.comparison.statistics import LEVEL, Difference, holm


@dataclasses.dataclass(frozen=True, eq=False)
class Rival:
    """Another setting than the center and the baseline."""

    setting: Setting
    difference: Difference | None
    """Of the center to it; None where it cannot be had."""
    p: float
    """Of no difference, after Holm's correction over all rivals."""

    @property
    def same(self) -> bool:
        """Whether its values are those of the center, but for rounding."""
        return self.difference is not None and self.difference.none

    @property
    def open(self) -> bool:
        """Whether the data do not tell it from the center."""
        return not self.p < LEVEL and not self.same


def center(found: Findings) -> Setting:
    """The chosen setting, else the baseline."""
    return found.choice.setting if found.choice else found.baseline


def rivals(found: Findings) -> list[Rival]:
    """All others, the baseline apart."""
    one = center(found)
    others = [row.setting for row in found.rows if row.setting not in (one, found.baseline) and row.n]
    tested = [difference(one, other, found.how) for other in others]
    corrected = holm([math.nan if each is None else float(each.p) for each in tested])
    return [Rival(*each) for each in zip(others, tested, corrected.tolist(), strict=True)]
