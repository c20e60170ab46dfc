"""The numbers of a comparison: estimates of every setting, and differences to the baseline."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

import numpy as np

from regexp.comparison.rounding import same
from regexp.comparison.settings import Seed, Setting
from regexp.comparison.statistics import Difference, Estimate, estimate, holm, paired, unpaired
from regexp.metrics import lower_is_better


@dataclasses.dataclass(frozen=True)
class Measure:
    """What is compared, and how."""

    metric: str
    at: str
    """``final``: of the weights that a run ends with; ``best``: of those at its best epoch."""
    objective: str
    """The validation metric that chooses."""
    correction: float = 0.0


@dataclasses.dataclass(frozen=True, eq=False)
class Row:
    """One setting's numbers. What cannot be had is None: without runs, without a validation split, with a single seed."""

    setting: Setting
    final: Estimate | None
    best: Estimate | None
    """Of the same runs at their best epoch by validation."""
    validation: Estimate | None
    seconds: float
    """Median per run: its share of the stack in which it was trained, start-up included, so no measure of its own work."""
    absent: dict[str, list[Seed]]
    """Seeds that are not in the estimates, by why: diverged, failed, interrupted, running, missing, without the metric."""
    difference: Difference | None = None
    p: float = math.nan
    """Of no difference to the baseline, after Holm's correction."""
    better: int = 0
    """In how many of the shared seeds the setting is better than the baseline."""

    @property
    def n(self) -> int:
        """How many seeds are in the estimate that is compared."""
        return self.final.n if self.final else 0


def measure(settings: Sequence[Setting], seeds: Sequence[Seed], how: Measure) -> list[Row]:
    """Every setting's estimates, without differences; ``seeds``: all that there should be."""
    return [_row(setting, seeds, how) for setting in settings]


def compare(rows: Sequence[Row], baseline: Setting, how: Measure) -> list[Row]:
    """The rows with their differences to the baseline: paired over shared seeds, unpaired where fewer than two are shared."""
    found = [difference(row.setting, baseline, how) if row.setting is not baseline else None for row in rows]
    corrected = holm([math.nan if one is None else float(one.p) for one in found])
    better = [_better(row.setting, baseline, how) if one and one.paired else 0 for row, one in zip(rows, found, strict=True)]
    return [
        dataclasses.replace(row, difference=one, better=count, p=float(p))
        for row, one, count, p in zip(rows, found, better, corrected, strict=True)
    ]


def difference(setting: Setting, other: Setting, how: Measure) -> Difference | None:
    """The metric of one setting minus that of another: paired over shared seeds, unpaired where fewer than two are shared.

    Values of one seed that are the same but for rounding have no difference. None where a setting has no completed run.
    """
    own, base = _beside(setting, other, how)
    shared = [seed for seed in own if seed in base]
    if not own or not base:
        return None
    if len(shared) < 2 and len(own) + len(base) > 2:
        return unpaired(list(own.values()), list(base.values()), how.correction)
    if not shared:
        return None
    return paired([own[seed] for seed in shared], [base[seed] for seed in shared], how.correction)


def values(setting: Setting, metric: str, at: str) -> dict[Seed, float]:
    """The metric of every completed run that has it, by seed."""
    found = {seed: run.value(metric, at) for seed, run in setting.runs.items() if run.status == "completed"}
    return {seed: value for seed, value in found.items() if math.isfinite(value)}


def _row(setting: Setting, seeds: Sequence[Seed], how: Measure) -> Row:
    final = values(setting, how.metric, how.at)
    validation = values(setting, how.objective, how.at)
    finished = [float(run.summary["seconds"]) for run in setting.runs.values() if run.summary.get("seconds") is not None]
    return Row(
        setting=setting,
        final=_estimate(final, how),
        best=_estimate(values(setting, how.metric, "best"), how),
        validation=_estimate(validation, how),
        seconds=float(np.median(finished)) if finished else math.nan,
        absent=_absent(setting, seeds, final, how),
    )


def _estimate(found: dict[Seed, float], how: Measure) -> Estimate | None:
    return estimate(list(found.values()), how.correction) if found else None


def _absent(setting: Setting, seeds: Sequence[Seed], final: dict[Seed, float], how: Measure) -> dict[str, list[Seed]]:
    found: dict[str, list[Seed]] = {}
    for seed in seeds:
        if seed not in final:
            run = setting.runs.get(seed)
            why = "missing" if run is None else f"without {how.metric}" if run.status == "completed" else run.status
            found.setdefault(why, []).append(seed)
    return found


def _better(setting: Setting, baseline: Setting, how: Measure) -> int:
    """In how many of the seeds that both have the setting is better."""
    own, base = _beside(setting, baseline, how)
    sign = 1 if lower_is_better(how.metric) else -1
    return sum(sign * own[seed] < sign * base[seed] for seed in own if seed in base)


def _beside(setting: Setting, other: Setting, how: Measure) -> tuple[dict[Seed, float], dict[Seed, float]]:
    """Both settings' values by seed; those of one seed are equal if they are the same but for rounding."""
    own, base = (values(one, how.metric, how.at) for one in (setting, other))
    rounded = {seed: base[seed] for seed, value in own.items() if seed in base and same(value, base[seed])}
    return own | rounded, base
