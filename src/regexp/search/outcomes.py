"""What came of the settings that were tried, read from the folders of their runs."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from regexp.config.spaces import Space
from regexp.files.history import read_summary
from regexp.metrics import lower_is_better

ENDED = ("completed", "diverged", "failed")


@dataclasses.dataclass(frozen=True)
class Outcome:
    """One setting, trained with every tuning seed. The metrics are those of the best epoch by validation."""

    number: int
    values: dict[str, float]
    validation: list[float]
    """The objective of every run that is completed."""
    test: list[float]
    """Its counterpart on the test split, which decides nothing."""
    lost: int = 0
    """Seeds that diverged or failed."""

    @property
    def mean(self) -> float:
        """The mean objective over the seeds that are completed."""
        return float(np.mean(self.validation)) if self.validation else math.nan

    @property
    def test_mean(self) -> float:
        """The mean test metric over the same seeds."""
        return float(np.mean(self.test)) if self.test else math.nan


@dataclasses.dataclass(frozen=True)
class Searched:
    """A space and all that was tried of it, in the order of asking."""

    space: Space
    objective: str
    outcomes: list[Outcome]

    @property
    def test_metric(self) -> str:
        """The objective's counterpart on the test split."""
        return f"test/{self.objective.partition('/')[2]}"

    @property
    def chosen(self) -> Outcome:
        """The best setting by validation: the lowest loss (highest accuracy) of those with the fewest lost seeds."""
        return self.ranked[0]

    @property
    def ranked(self) -> list[Outcome]:
        """Best first. A seed that diverged or failed is worse than any that did not; equal settings stay in order."""
        sign = 1 if lower_is_better(self.objective) else -1
        return sorted(self.outcomes, key=lambda one: (one.lost, math.isnan(one.mean), sign * one.mean))


def told(outcomes: Iterable[Outcome], objective: str) -> dict[int, float]:
    """What Optuna learns, by number: the mean objective; the worst value there is where a seed was lost."""
    worst = math.inf if lower_is_better(objective) else -math.inf
    return {one.number: worst if one.lost or math.isnan(one.mean) else one.mean for one in outcomes}


def outcome(
    number: int, values: Mapping[str, float], hashes: Sequence[str], known: Mapping[str, tuple[Path, str]], objective: str
) -> Outcome:
    """What came of the setting whose runs have these hashes."""
    best = [read_summary(known[one][0])["best"] or {} for one in hashes if known[one][1] == "completed"]
    validation = [_number(found.get(objective)) for found in best]
    test = [_number(found.get(f"test/{objective.partition('/')[2]}")) for found in best]
    return Outcome(number, dict(values), validation, test, len(hashes) - len(best))


def _number(value: float | None) -> float:
    return math.nan if value is None else float(value)
