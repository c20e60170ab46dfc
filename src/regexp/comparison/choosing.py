"""Which setting validation prefers."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from regexp.comparison.baseline import weakest
from regexp.comparison.measuring import Measure, Row, values
from regexp.comparison.rounding import same
from regexp.comparison.settings import Seed, Setting
from regexp.metrics import lower_is_better


@dataclasses.dataclass(frozen=True, eq=False)
class Choice:
    """What validation prefers, and by which mean over how many seeds."""

    setting: Setting
    mean: float
    n: int
    shared: bool
    """Whether the mean is over the seeds that all settings have."""
    tied: int = 0
    """How many other settings have the same mean but for rounding."""


def chosen(rows: Sequence[Row], how: Measure, seeds: Sequence[Seed]) -> Choice | None:
    """The setting that validation prefers: the best mean objective over the seeds that all settings have.

    Settings with diverged runs come after those without: a run that diverged is worse than any that did not. Of means that are
    the same but for rounding, the weakest setting's is preferred. Where settings share fewer than two seeds, each has the mean
    of its own. None without a validation split.
    """
    found = [(row, values(row.setting, how.objective, how.at)) for row in rows]
    having = [(row, scores) for row, scores in found if scores]
    if not having:
        return None
    shared = [seed for seed in seeds if all(seed in scores for _, scores in having)]
    sign, common = 1 if lower_is_better(how.objective) else -1, len(shared) > 1
    means = [float(np.mean([scores[seed] for seed in (shared if common else scores)])) for _, scores in having]
    ranks = [(len(row.absent.get("diverged", [])), sign * mean) for (row, _), mean in zip(having, means, strict=True)]
    lost, least = min(ranks)
    tied = [place for place, rank in enumerate(ranks) if rank[0] == lost and same(rank[1], least)]
    simplest = weakest([having[place][0].setting for place in tied])
    best = min((place for place in tied if having[place][0].setting in simplest), key=lambda place: ranks[place])
    row, scores = having[best]
    return Choice(row.setting, means[best], len(shared) if common else len(scores), common, len(tied) - 1)
