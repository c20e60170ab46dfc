"""Three sentences: what validation chose, its difference to the baseline, and what the data do not decide."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

from regexp.comparison.commands import further, sweep
from regexp.comparison.measuring import Choice, Measure, Row, values
from regexp.comparison.settings import Seed, Setting, short_key
from regexp.comparison.statistics import LEVEL, Difference, Estimate, holm, paired, seeds_needed, unpaired
from regexp.component import is_number
from regexp.metrics import lower_is_better

_LISTED = 5
_LIMITS = {"rate": 1.0, "input_rate": 1.0, "momentum": 1.0, "label_noise": 1.0}


@dataclasses.dataclass(frozen=True, eq=False)
class Findings:
    """Everything that the sentences speak of."""

    rows: Sequence[Row]
    baseline: Setting
    choice: Row | None
    chosen_by: Choice | None
    how: Measure
    seeds: Sequence[Seed]
    study: str | None = None
    """The name under which further commands join these runs."""

    @property
    def settings(self) -> list[Setting]:
        return [row.setting for row in self.rows]


def sentences(found: Findings) -> list[str]:
    """The answer, one sentence (with its consequence, such as a command to type) per item."""
    return [_choice(found), _difference(found), _undecided(found)]


def one_setting(found: Findings) -> str:
    """One line for runs that differ in nothing but their seed."""
    row, how = found.rows[0], found.how
    assert row.final is not None
    spread = f", 95 % interval {interval(row.final)}" if row.n > 1 else ""
    figures = f"{how.metric} is {number(row.final.mean)} (mean of {_seeds(row.n)}{spread})"
    missing = _gaps(found)
    return f"There is one setting only, nothing to compare: its {figures}." + (f" {missing}" if missing else "")


def number(value: float) -> str:
    """Four digits."""
    return f"{value:.4g}"


def interval(found: Estimate | Difference) -> str:
    """``[low, high]``, or that there is none."""
    return f"[{number(found.low)}, {number(found.high)}]" if math.isfinite(found.low) else "no interval"


def p_value(p: float) -> str:
    """``p = 0.012``, ``p < 0.0001``."""
    return "p < 0.0001" if p < 1e-4 else f"p = {p:.2g}"


def ends_of_grids(choice: Setting, settings: Sequence[Setting]) -> list[tuple[str, bool, list[float]]]:
    """The numbers of the chosen setting that are the ends of their grids: key, whether the upper end, the grid.

    A grid is what the settings have that are equal in everything else. Zero is no end: it is absence.
    """
    found = []
    for key, value in choice.numbers.items():
        others = {k: v for k, v in choice.values.items() if k != key}
        alike = [s for s in settings if key in s.numbers and {k: v for k, v in s.values.items() if k != key} == others]
        grid = sorted({s.numbers[key] for s in alike})
        if len(grid) > 1 and (value == grid[-1] or value == grid[0] > 0):
            found.append((key, value == grid[-1], grid))
    return found


def _choice(found: Findings) -> str:
    if found.choice is None:
        return _no_choice(found)
    if len(found.rows) == 1:
        return "There is one setting only: nothing was chosen."
    row, by = found.choice, found.chosen_by
    assert by is not None
    which = "" if by.n == len(found.seeds) else " that all settings have" if by.shared else " of its own: too few are shared"
    best = "lowest" if lower_is_better(found.how.objective) else "highest"
    text = (
        f"Validation chose {row.setting.label}: the {best} mean {found.how.objective} ({number(by.mean)}, "
        f"{_seeds(by.n)}{which}) of {len(found.rows)} settings."
    )
    return text + _end(found, row.setting)


def _no_choice(found: Findings) -> str:
    text = f"Nothing was chosen: no run has {found.how.objective}, and the test split decides nothing."
    runs = [run for setting in found.settings for run in setting.runs.values()]
    key, size = "dataset.val_size", str(_validation_size(runs[0].fields.get("dataset.train_size")))
    if "dataset.val_fraction" in runs[0].fields:
        key, size = "dataset.val_fraction", "0.2"
    line = sweep(runs, {key: [size]})
    return f"{text} For a choice, train with a validation split, {key} > 0" + (f":\n  {line}" if line else ".")


def _validation_size(train_size: object) -> int:
    return int(train_size) if is_number(train_size) and train_size else 5000  # type: ignore[call-overload]


def _end(found: Findings, choice: Setting) -> str:
    """That the choice is the end of its grid, and the command that extends it."""
    ends = ends_of_grids(choice, found.settings)
    if not ends:
        return ""
    points = {key: _further(choice, key, up, grid, alone=len(ends) == 1) for key, up, grid in ends}
    line = sweep(list(choice.runs.values()), {**points, **_seed_change(found)}, found.study)
    with_these = "" if found.study or not line else ", and compare both folders together"
    where = " and ".join(
        f"the {'upper' if up else 'lower'} end of its grid ({short_key(key, choice.values)} {_grid(grid)})"
        for key, up, grid in ends
    )
    values = "; ".join(f"{short_key(key, choice.values)} to {' and '.join(shown)}" for key, shown in points.items())
    return f" That is {where}: the best may lie beyond. Extend it{with_these}" + (f":\n  {line}" if line else f": {values}.")


def _further(choice: Setting, key: str, up: bool, grid: Sequence[float], *, alone: bool) -> list[str]:
    """The values to try; of several grids to be crossed also the end itself."""
    limit = _LIMITS.get(key.rpartition(".")[2], math.inf)
    points = further(grid, up=up, whole=isinstance(choice.values[key], int), below=limit)
    return [f"{point:g}" for point in ([] if alone else [choice.numbers[key]]) + points]


def _seed_change(found: Findings) -> dict[str, list[str]]:
    return {"seed": [str(seed) for seed, _ in found.seeds]} if len(found.seeds) > 1 else {}


def _grid(grid: Sequence[float]) -> str:
    return ", ".join(f"{v:g}" for v in grid) if len(grid) <= 6 else f"{grid[0]:g} to {grid[-1]:g} in {len(grid)} values"


def _difference(found: Findings) -> str:
    tested = [row for row in found.rows if row.difference is not None]
    if not tested:
        return f"{found.how.metric} of {found.baseline.label} has nothing to be compared with."
    if found.choice is not None and found.choice.setting is not found.baseline:
        return f"Its {_told(found.choice, found)}"
    if len(tested) == 1:
        return f"With {tested[0].setting.label} the {_told(tested[0], found)}"
    return ("It is the baseline itself. " if found.choice else "") + _all_told(tested, found)


def _all_told(tested: Sequence[Row], found: Findings) -> str:
    """Where nothing but the baseline was chosen: all settings, so that the test split picks none of them."""
    if all(math.isnan(row.p) for row in tested):
        return f"There is a single seed each: no difference to {found.baseline.label} can be tested."
    sign = 1 if lower_is_better(found.how.metric) else -1
    sure = [(row.setting.label, sign * row.difference.mean) for row in tested if row.difference and row.p < LEVEL]
    better, worse = [label for label, mean in sure if mean < 0], [label for label, mean in sure if mean > 0]
    metric, base = found.how.metric, found.baseline.label
    return (
        f"Of the {len(tested)} others, {len(better)} have a better {metric} than {base}{_list(better)}, "
        f"{len(worse)} a worse one{_list(worse)} (p < {LEVEL:g} after Holm)."
    )


def _list(labels: Sequence[str]) -> str:
    more = len(labels) - _LISTED
    return f" ({', '.join(labels[:_LISTED])}{f' and {more} more' if more > 0 else ''})" if labels else ""


def _told(row: Row, found: Findings) -> str:
    """The difference of one setting to the baseline."""
    metric, base, difference = found.how.metric, found.baseline.label, row.difference
    if difference is None:
        return f"{metric} cannot be compared with that of the baseline ({base}): one of the two has no completed run."
    comparison = "lower" if difference.mean < 0 else "higher" if difference.mean > 0 else "neither lower nor higher"
    size = f"{number(abs(difference.mean))} {comparison}" if difference.mean else comparison
    text = f"{metric} is {size} than that of the baseline ({base})"
    if not math.isfinite(row.p):
        return f"{text} with a single seed each: there is no interval and no test."
    tests = sum(other.difference is not None for other in found.rows)
    how = "paired over shared seeds" if difference.paired else "unpaired, Welch: fewer than two seeds are shared"
    corrected = f" after Holm over {tests} comparisons" if tests > 1 else ""
    text += f": difference {number(difference.mean)}, 95 % interval {interval(difference)}, {p_value(row.p)}{corrected}"
    return f"{text}, {how}" + (f", better in {row.better} of {difference.n} seeds." if difference.paired else ".")


def _undecided(found: Findings) -> str:
    if len(found.rows) > 1 and all(row.n < 2 for row in found.rows):
        line = _more_seeds(found)
        return "One seed per setting decides nothing: train several" + (f":\n  {line}" if line else ".")
    parts = [_against_baseline(found), _rivals(found), _gaps(found)]
    return " ".join(part for part in parts if part) or "Nothing that was compared is left open at the 5 % level."


def _against_baseline(found: Findings) -> str:
    row = found.choice
    if row is None or row.difference is None or not row.p >= LEVEL:
        return ""
    text = (
        f"The data do not decide whether {row.setting.label} differs from {found.baseline.label}: every difference in "
        f"{interval(row.difference)} is compatible with them."
    )
    needed = seeds_needed(float(row.difference.effect)) if row.difference.paired and not found.how.correction else None
    if needed and needed > row.difference.n:
        text += f" If it is as large as measured, about {needed} seeds would show it (power 80 %, a single test)."
    return text


def _rivals(found: Findings) -> str:
    """The settings that cannot be told from the chosen one, or from the baseline where nothing was chosen."""
    center = found.choice.setting if found.choice else found.baseline
    others = [row.setting for row in found.rows if row.setting not in (center, found.baseline) and row.n]
    if not others:
        return ""
    tests = [_between(center, other, found.how) for other in others]
    open_ = [other.label for other, p in zip(others, holm(tests), strict=True) if not p < LEVEL]
    if not open_:
        return f"{center.label} differs in {found.how.metric} from each of the other settings."
    more = len(open_) - _LISTED
    names = ", ".join(open_[:_LISTED]) + (f" and {more} more" if more > 0 else "")
    return (
        f"The data do not tell {center.label} in {found.how.metric} from {names} "
        f"({len(open_)} of {len(others)} compared with it, 5 % level after Holm)."
    )


def _between(one: Setting, other: Setting, how: Measure) -> float:
    a, b = values(one, how.metric, how.at), values(other, how.metric, how.at)
    shared = [seed for seed in a if seed in b]
    if len(shared) > 1:
        return float(paired([a[s] for s in shared], [b[s] for s in shared], how.correction).p)
    if len(a) > 1 or len(b) > 1:
        return float(unpaired(list(a.values()), list(b.values()), how.correction).p)
    return math.nan


def _more_seeds(found: Findings) -> str | None:
    runs = [run for setting in found.settings for run in setting.runs.values()]
    return sweep(runs, {"seed": ["range(10)"]}, found.study)


def _gaps(found: Findings) -> str:
    """Where a mean is over fewer runs than there should be."""
    diverged = [row for row in found.rows if row.absent.get("diverged")]
    all_, some = [row.setting.label for row in diverged if not row.n], [row.setting.label for row in diverged if row.n]
    partial = [row.setting.label for row in found.rows if set(row.absent) - {"diverged"}]
    parts = []
    if all_:
        parts.append(f"Every run diverged{_list(all_)}.")
    if some:
        parts.append(f"Runs diverged{_list(some)}: the means are of the others, and flatter those settings.")
    if partial:
        parts.append(f"Not all seeds are in{_list(partial)}.")
    return " ".join(parts)


def _seeds(n: int) -> str:
    return f"{n} seeds" if n != 1 else "1 seed"
