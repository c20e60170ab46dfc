"""What a comparison's numbers are worth: the constant predictor and the best linear model on the same splits."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping

from regexp.comparison.findings import Findings
from regexp.comparison.measuring import Row, values
from regexp.comparison.rounding import same
from regexp.comparison.settings import Seed
from regexp.comparison.statistics import Difference, paired
from regexp.comparison.wording import interval, number
from regexp.metrics import lower_is_better
from regexp.report import LINEAR, no_linear_model
from regexp.words import counted

CONSTANT = "constant"
_NAMES = {CONSTANT: "the constant predictor", **LINEAR}


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
    if not all(same(max(seen), min(seen)) for seeds in by_name.values() for seen in seeds.values()):
        return []
    return [Reference(name, {seed: min(seen) for seed, seen in seeds.items()}) for name, seeds in by_name.items()]


def told(found: Findings) -> list[str]:
    """One sentence for each, with the difference of the chosen setting (else of the baseline) to it, and what that shows.

    Where all seeds share one split it shows nothing: the references have no seeds, and what training's seeds make of a few
    test examples is no evidence about others.
    """
    row = found.choice or next(row for row in found.rows if row.setting is found.baseline)
    own, beside = values(row.setting, found.how.metric, found.how.at), references(found)
    place = "On this one split" if found.between_seeds.one_split else "On the same splits"
    lines = []
    for one in beside:
        chosen = "" if one.name == CONSTANT else ", its strength chosen by validation,"
        text = f"{place} {one.label}{chosen} has a mean {found.how.metric} of {number(one.mean)} "
        text += f"({counted(len(one.values), 'seed')})"
        if gap := _gap(own, one.values, found):
            name = found.name(row.setting)
            text += f"; {name} minus it: {number(float(gap.mean))}, 95 % interval {interval(gap)}"
            text += "" if found.between_seeds.one_split else f". {_verdict(name, one, gap, beside, found)}"
        lines.append(f"{text}.")
    alone = no_linear_model(name for run in found.runs for name in run.summary.get("baselines") or ())
    return [*lines, f"Beside them stands {alone}."] if lines and alone else lines


def beats_constant(row: Row, found: Findings) -> bool | None:
    """Whether a setting is shown to be better than the constant predictor; None where that is not known."""
    own = values(row.setting, found.how.metric, found.how.at)
    gaps = [_gap(own, one.values, found) for one in references(found) if one.name == CONSTANT]
    return _better(gaps[0], found) if gaps and gaps[0] and not found.between_seeds.one_split else None


def _verdict(name: str, one: Reference, gap: Difference, beside: list[Reference], found: Findings) -> str:
    """What the difference of a setting to a reference shows."""
    if _better(gap, found):
        return f"So {name} is better than {one.label}"
    if one.name == CONSTANT:
        return f"So {name} is not shown to beat a constant: {_why(one, beside, found)}"
    is_worse = gap.low > 0 or gap.high < 0
    return f"So {name} is worse than {one.label}" if is_worse else f"So the data do not tell {name} from {one.label}"


def _why(constant: Reference, beside: list[Reference], found: Findings) -> str:
    """Why a network may not beat the constant: a linear model that does shows that there is something to learn."""
    for one in beside:
        gap = _gap(one.values, constant.values, found) if one is not constant else None
        if gap and _better(gap, found):
            return (
                f"{one.label} does ({number(float(gap.mean))}, 95 % interval {interval(gap)}), so there is something to learn, "
                "and this network does not show it with these epochs, lr and strength"
            )
    return "there may be nothing to learn here, or too few seeds to see it"


def _gap(own: Mapping[Seed, float], other: Mapping[Seed, float], found: Findings) -> Difference | None:
    """The difference over the seeds that both have; None below two."""
    shared = [seed for seed in own if seed in other]
    if len(shared) < 2:
        return None
    return paired([own[seed] for seed in shared], [other[seed] for seed in shared], found.how.correction)


def _better(gap: Difference, found: Findings) -> bool:
    """Whether the whole interval of a difference is on the better side."""
    return bool(gap.high < 0 if lower_is_better(found.how.metric) else gap.low > 0)
