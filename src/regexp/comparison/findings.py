"""What a comparison has found: all that its sentences, tables and pictures speak of."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

from regexp.comparison.choosing import Choice
from regexp.comparison.measuring import Measure, Row
from regexp.comparison.reading import Run
from regexp.comparison.settings import Seed, Setting
from regexp.comparison.variation import Variation


@dataclasses.dataclass(frozen=True, eq=False)
class Findings:
    """Every setting's numbers, the baseline, and what validation chose."""

    rows: Sequence[Row]
    baseline: Setting
    choice: Row | None
    chosen_by: Choice | None
    how: Measure
    seeds: Sequence[Seed]
    between_seeds: Variation
    study: str | None = None
    """The name under which further commands join these runs."""
    folders: Sequence[Path] = ()
    """The folders that are compared."""

    @property
    def settings(self) -> list[Setting]:
        return [row.setting for row in self.rows]

    @property
    def runs(self) -> list[Run]:
        return [run for row in self.rows for run in row.setting.runs.values()]

    def name(self, setting: Setting) -> str:
        """What sentences call it: its label, and that it is the baseline."""
        return f"the baseline ({setting.label})" if setting is self.baseline else setting.label
