"""Three sentences: what validation chose, its difference to the baseline, and what the data do not decide."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from pathlib import Path

from regexp.comparison.commands import studied, sweep, with_fresh_seeds
from regexp.comparison.extending import extension
from regexp.comparison.measuring import Choice, Measure, Row, values
from regexp.comparison.settings import Seed, Setting, named, split_sizes
from regexp.comparison.statistics import LEVEL, Difference, Estimate, holm, paired, seeds_needed, unpaired
from regexp.component import is_number
from regexp.metrics import lower_is_better

_LISTED = 5
_RETRAINED = {"missing", "failed", "interrupted", "running"}
"""Why a seed is absent, where training it (again) is the way out."""


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
    folders: Sequence[Path] = ()
    """The folders that are compared."""

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
        f"{_seeds(by.n)}{which}) of {_settings(found)}."
    )
    return text + extension(row.setting, found.settings, found.seeds, found.study, found.folders)


def _settings(found: Findings) -> str:
    """How many there were to choose from."""
    having, all_ = sum(row.validation is not None for row in found.rows), len(found.rows)
    return f"{all_} settings" if having == all_ else f"the {having} settings (of {all_}) with finished runs"


def _no_choice(found: Findings) -> str:
    if sizes := split_sizes(found.settings):
        names = " and ".join(key.removeprefix("dataset.") for key in sizes)
        return (
            f"Nothing was chosen: settings differ in {names}, and means over different splits are not comparable. Compare "
            "settings of one size, in a study (or folder) of its own."
        )
    text = f"Nothing was chosen: no run has {found.how.objective}, and the test split decides nothing."
    runs = [run for setting in found.settings for run in setting.runs.values()]
    key, size = "dataset.val_size", str(_validation_size(runs[0].fields.get("dataset.train_size")))
    if "dataset.val_fraction" in runs[0].fields:
        key, size = "dataset.val_fraction", "0.2"
    line = sweep(runs, {key: [size]}, _of_its_own(found))
    return f"{text} For a choice, train with a validation split, {key} > 0" + (f":\n  {line}" if line else ".")


def _of_its_own(found: Findings) -> str | None:
    """A new study for runs with a validation split: in one with the runs without, they would be other settings."""
    study = found.study or studied([run for setting in found.settings for run in setting.runs.values()])
    return f"{study}-val" if study else None


def _validation_size(train_size: object) -> int:
    return int(train_size) if is_number(train_size) and train_size else 5000  # type: ignore[call-overload]


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
        return f"{text}, without interval and test{_why_untested(row, found)}."
    tests = sum(other.difference is not None for other in found.rows)
    how = "paired over shared seeds" if difference.paired else f"unpaired, Welch: {_shared(row, found)} shared"
    corrected = f" after Holm over {tests} comparisons" if tests > 1 else ""
    text += f": difference {number(difference.mean)}, 95 % interval {interval(difference)}, {p_value(row.p)}{corrected}"
    return f"{text}, {how}" + (f", better in {row.better} of {difference.n} seeds." if difference.paired else ".")


def _why_untested(row: Row, found: Findings) -> str:
    base = next(one for one in found.rows if one.setting is found.baseline)
    if row.n == base.n == 1:
        return ", with a single seed each"
    return f": {row.setting.label} has {_seeds(row.n)}, {base.setting.label} {_seeds(base.n)}, and {_shared(row, found)} shared"


def _shared(row: Row, found: Findings) -> str:
    """``no seed is``, ``one seed (3) is``."""
    own, base = (values(setting, found.how.metric, found.how.at) for setting in (row.setting, found.baseline))
    both = [seed for seed in own if seed in base]
    return f"one seed ({named(both)}) is" if both else "no seed is"


def _undecided(found: Findings) -> str:
    if len(found.rows) > 1 and all(row.n < 2 for row in found.rows):
        line = _more_seeds(found)
        return "One seed per setting decides nothing: train several" + (f":\n  {line}" if line else ".")
    if not any(row.difference for row in found.rows):
        return " ".join(part for part in ("Nothing was compared, and nothing is decided.", _gaps(found)) if part)
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
        apart = " (the baseline apart)" if center is not found.baseline and _against_baseline(found) else ""
        return f"{center.label} differs in {found.how.metric} from each of the other settings{apart}."
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
    return with_fresh_seeds(runs, 10) or sweep(runs, {"seed": ["range(10)"]}, found.study)


def _gaps(found: Findings) -> str:
    """Where a mean is over fewer runs than there should be, and the command that trains those."""
    diverged = [row for row in found.rows if row.absent.get("diverged")]
    all_, some = [row.setting.label for row in diverged if not row.n], [row.setting.label for row in diverged if row.n]
    partial = [row for row in found.rows if set(row.absent) & _RETRAINED]
    failed = [row for row in partial if "failed" in row.absent]
    parts = []
    if all_:
        parts.append(f"All runs of {_count(all_)} diverged{_list(all_)}.")
    if some:
        parts.append(
            f"Some runs of {_count(some)} diverged{_list(some)}: the means are of the others, and flatter those settings."
        )
    if failed:
        parts.append(f"Runs failed{_list([row.setting.label for row in failed])}: see their train.log.")
    if waiting := [row.setting.label for row in partial if set(row.absent) & _RETRAINED - {"failed"}]:
        parts.append(f"Not all seeds are in{_list(waiting)}.")
    return " ".join(parts) + (_retraining(partial, found) if partial else "")


def _count(labels: Sequence[str]) -> str:
    return f"{len(labels)} settings" if len(labels) != 1 else "one setting"


def _retraining(rows: Sequence[Row], found: Findings) -> str:
    """The commands that train what is missing; where they are many, the first."""
    lines = []
    for row in rows[:_LISTED]:
        seeds = sorted({str(seed) for why in _RETRAINED for seed, _ in row.absent.get(why, ())}, key=int)
        line = sweep(list(row.setting.runs.values()), {"seed": seeds}, found.study)
        lines += [line] if line else []
    more = len(rows) - _LISTED
    head = f" Train what is missing{f' (for the first {_LISTED} of {len(rows)} settings)' if more > 0 else ''}:"
    return "\n  ".join([head, *lines]) if lines else ""


def _seeds(n: int) -> str:
    return f"{n} seeds" if n != 1 else "1 seed"
