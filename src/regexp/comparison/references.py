"""What a comparison's numbers are worth: the constant predictor and the best linear model on the same splits."""

from __future__ import annotations

import dataclasses
import math

from regexp.comparison.findings import Findings
from regexp.comparison.measuring import values
from regexp.comparison.settings import Seed
from regexp.comparison.statistics import Difference, paired
from regexp.comparison.wording import interval, number
from regexp.metrics import lower_is_better
from regexp.report import no_linear_model
from regexp.words import counted

_NAMES = {"constant": "the constant predictor", "ridge": "ridge regression", "logistic": "logistic regression"}


@dataclasses.dataclass(frozen=True)
class Reference:
    """A model that needed no training, over the seeds of the runs."""

    name: str
    values: dict[Seed, float]
    """The compared metric, by seed."""

    @property
    def mean(self) -> float:
        return sum(self.values.values()) / len(self.values)

    @property
    def label(self) -> str:
        return _NAMES.get(self.name, self.name)


def references(found: Findings) -> list[Reference]:
    """Those that the runs noted in their summaries; none where settings have different data."""
    by_name: dict[str, dict[Seed, set[float]]] = {}
    for setting in found.settings:
        for seed, run in setting.runs.items():
            for name, row in (run.summary.get("baselines") or {}).items():
                if (value := row.get(found.how.metric)) is not None and math.isfinite(value):
                    by_name.setdefault(name, {}).setdefault(seed, set()).add(value)
    if any(max(seen) - min(seen) > 1e-6 * abs(max(seen)) for seeds in by_name.values() for seen in seeds.values()):
        return []
    return [Reference(name, {seed: min(seen) for seed, seen in seeds.items()}) for name, seeds in by_name.items()]


def told(found: Findings) -> list[str]:
    """One sentence for each, with the difference of the chosen setting (else of the baseline) to it."""
    row = found.choice or next(row for row in found.rows if row.setting is found.baseline)
    own = values(row.setting, found.how.metric, found.how.at)
    lines, beside = [], references(found)
    for one in beside:
        chosen = "" if one.name == "constant" else ", its strength chosen by validation,"
        mean = f"a mean {found.how.metric} of {number(one.mean)} ({counted(len(one.values), 'seed')})"
        text = f"On the same splits {one.label}{chosen} has {mean}"
        shared = [seed for seed in own if seed in one.values]
        if len(shared) > 1:
            gap = paired([own[seed] for seed in shared], [one.values[seed] for seed in shared], found.how.correction)
            text += f"; {found.name(row.setting)} minus it: {number(float(gap.mean))}, 95 % interval {interval(gap)}"
            if one.name == "constant" and not _better(gap, found.how.metric):
                why = "there may be nothing to learn here, or too few seeds to see it"
                text += f". So {found.name(row.setting)} is not shown to beat a constant: {why}"
        lines.append(f"{text}.")
    alone = no_linear_model(name for run in found.runs for name in run.summary.get("baselines") or ())
    return [*lines, f"Beside them stands {alone}."] if lines and alone else lines


def _better(gap: Difference, metric: str) -> bool:
    """Whether the whole interval of a difference is on the better side."""
    return bool(gap.high < 0 if lower_is_better(metric) else gap.low > 0)
