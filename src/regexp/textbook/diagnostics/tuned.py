"""Two settings compared at equal tuning: each gets the number that validation prefers on seeds of its own."""

from __future__ import annotations

import statistics
from typing import Any

from regexp.comparison.reading import Run
from regexp.metrics import lower_is_better
from regexp.textbook import measuring
from regexp.textbook.expression import Place, Term, parse
from regexp.textbook.study import NotMeasured, Study, count_diverged, matches
from regexp.textbook.verdicts import worst_of_two

QUANTITIES = ("first", "second", "gain", "chosen_first", "chosen_second")


def of_study(
    study: Study, first: dict[str, Any], second: dict[str, Any], key: str, by: str, metric: str, place: Place
) -> dict[str, Any]:
    """``first`` and ``second``: the metric at the place, for every seed, at the value of ``key`` whose mean of ``by`` is best
    on the tuning seeds (see :data:`regexp.textbook.study.TUNING`). ``gain``: second minus first, within seeds. ``metric`` may
    be any quantity of an expression (``epochs until test/accuracy > 0.8``).
    """
    quantity = parse(f"{metric} of any").first.quantity
    found: dict[str, Any] = {}
    lost: dict[str, tuple[int, int]] = {}
    for name, setting in (("first", first), ("second", second)):
        chosen = _chosen([run for run in study.tuning if matches(run.fields, setting)], key, by, place)
        runs = [run for run in study.runs if matches(run.fields, {**setting, key: chosen})]
        lost |= count_diverged({f"{name} setting": runs})
        found[name] = {
            run.seed: measuring.of_run(Term(quantity, None, place), run, study)
            for run in sorted(runs, key=lambda run: run.seed)
        }
        found[f"chosen_{name}"] = [chosen]
        if len(found[name]) < study.n:
            raise NotMeasured(f"{len(found[name])} of {study.n} seeds have a run with {key}={chosen}")
    found["gain"] = {seed: float(worst_of_two(found["second"][seed], value)) for seed, value in found["first"].items()}
    return {**found, "diverged": lost}


def _chosen(runs: list[Run], key: str, by: str, place: Place) -> float:
    grid: dict[float, list[float]] = {}
    for run in runs:
        if run.status == "completed":
            grid.setdefault(float(run.fields[key]), []).append(measuring.at_place(run, by, place))
    if not grid:
        raise NotMeasured(f"no tuning run has {key}")
    sign = 1 if lower_is_better(by) else -1
    return min(grid, key=lambda value: sign * statistics.fmean(grid[value]))
