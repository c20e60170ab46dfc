"""The value of an expression for every seed."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from regexp.comparison.reading import Run
from regexp.metrics import lower_is_better
from regexp.textbook import diagnostics
from regexp.textbook.expression import Expression, Last, Place, Term, Until
from regexp.textbook.study import Diverged, NotMeasured, Study, count_diverged
from regexp.textbook.verdicts import ratio_of_two, worst_of_two

LAST = 0.1
"""``end`` is the mean over this part of the epochs; of a run with early stopping it is the epoch that was kept."""

Values = Mapping[Any, float]


def measure(expression: Expression, study: Study) -> np.ndarray:
    """One value per seed; minus infinity, the worst for any claim, where a run diverged and left nothing to measure.

    Raises :class:`NotMeasured` that says what the runs lack.
    """
    found = _joined(expression, study)
    values = np.array(list(found.values()), dtype=float)
    values[np.isnan(values) & [seed in _lost(expression, study) for seed in found]] = -math.inf
    if missing := int(np.isnan(values).sum()):
        raise NotMeasured(f"{expression.text} is no number for {missing} of {len(values)} seeds")
    return values


def _joined(expression: Expression, study: Study) -> Values:
    first = of_term(expression.first, study)
    if expression.second is None:
        return first
    second = of_term(expression.second, study)
    if first.keys() != second.keys():
        raise NotMeasured("both sides must have the same seeds")
    a, b = (np.array([side[seed] for seed in first], dtype=float) for side in (first, second))
    joined = worst_of_two(a, b) if expression.joined == "minus" else ratio_of_two(a, b)
    return dict(zip(first, joined.tolist(), strict=True))


def _lost(expression: Expression, study: Study) -> set[Any]:
    """The seeds of which a run diverged."""
    settings = [term.setting for term in expression.terms if term.setting is not None]
    return {seed for name in settings for seed, run in study.by_seed(name).items() if run.status == "diverged"}


def diverged(expression: Expression, study: Study) -> Diverged:
    """Settings of which runs diverged, whose values are the worst there is; a diagnostic of all runs names its own."""
    found: dict[str, tuple[int, int]] = {}
    for term in expression.terms:
        if term.setting is not None and term.place != "start":
            found |= count_diverged({term.setting: study.by_seed(term.setting).values()})
        elif term.setting is None and term.diagnostic:
            found |= _quantities(term.diagnostic[0], None, study).get("diverged", {})
    return found


def trained(expression: Expression, study: Study) -> list[Run]:
    """The runs that its value is measured of; none where a diagnostic needs none."""
    found: dict[int, Run] = {}
    for term in expression.terms:
        if term.setting is not None:
            runs = study.matching(term.setting)
        else:
            runs = _looked_at(*term.diagnostic, study) if term.diagnostic and _of_runs(*term.diagnostic, study) else []
        found |= {id(run): run for run in runs}
    return list(found.values())


def _looked_at(name: str, quantity: str, study: Study) -> list[Run]:
    """The runs that a diagnostic's quantity is of: all, unless it names their settings."""
    named = getattr(diagnostics.find(name), "settings_of", None)
    return [run for setting in named(quantity) for run in study.matching(setting)] if named else list(study.runs)


def _of_runs(name: str, quantity: str, study: Study) -> bool:
    """Whether a diagnostic of the study has a value per run's seed, and not a list of values of its own making."""
    return isinstance(_quantities(name, None, study)[quantity], Mapping)


def of_term(term: Term, study: Study) -> Values:
    """A term's value for every seed, in the order of the seeds."""
    if term.diagnostic and term.setting is None:
        return _of_study(*term.diagnostic, study)
    assert term.setting is not None  # the protocol was checked
    return {seed: of_run(term, run, study) for seed, run in study.by_seed(term.setting).items()}


def of_run(term: Term, run: Run, study: Study) -> float:
    """A term's value for one run. A run that diverged has the worst there is."""
    if term.diagnostic:
        name, quantity = term.diagnostic
        return float(_quantities(name, run, study)[quantity])
    if isinstance(term.quantity, Until):
        return math.inf if run.status == "diverged" else _until(term.quantity, run)
    if run.status == "diverged" and term.place != "start":
        return worst(term.quantity)
    return at_place(run, term.quantity, term.place)


def at_place(run: Run, metric: str, place: Place) -> float:
    """A metric of a run at a place of an expression. Raises :class:`NotMeasured`."""
    if place == "end" and "early_stopping" in run.fields.get("regularizer", ()):
        place = "final"  # the weights of the best epoch, to which the run went back
    if place in ("final", "best"):
        return _present(run.value(metric, str(place)), metric, run)
    if metric not in run.history:
        raise NotMeasured(f"{run.folder.name} has no column {metric}")
    column, epochs = run.history[metric], run.history["epoch"]
    if place == "end" or isinstance(place, Last):
        before = max(epochs[-1] - place.epochs, 0) if isinstance(place, Last) else (1 - LAST) * epochs[-1]
        return _present(float(column[epochs > before].mean()), metric, run)
    if place in ("smallest", "largest"):
        return float(np.nanmin(column) if place == "smallest" else np.nanmax(column))
    rows = np.flatnonzero(epochs == (0 if place == "start" else place))
    if not len(rows):
        raise NotMeasured(f"{run.folder.name} was not evaluated at epoch {place}")
    return _present(float(column[rows[0]]), metric, run)


def worst(metric: str) -> float:
    """The worst value a metric can have: infinite, or an accuracy of 0."""
    return math.inf if lower_is_better(metric) else 0.0


def _until(until: Until, run: Run) -> float:
    if until.metric not in run.history:
        raise NotMeasured(f"{run.folder.name} has no column {until.metric}")
    column = run.history[until.metric]
    reached = np.flatnonzero(column < until.limit if until.below else column > until.limit)
    if not len(reached):
        return math.inf
    after, epochs = int(reached[0]), run.history["epoch"]
    if after == 0:
        return float(epochs[0])
    part = (until.limit - column[after - 1]) / (column[after] - column[after - 1])
    return float(epochs[after - 1] + part * (epochs[after] - epochs[after - 1]))


def _quantities(name: str, run: Run | None, study: Study) -> Mapping[str, Any]:
    """What a diagnostic finds of a run, or of all runs."""
    module, arguments = diagnostics.find(name), study.arguments(name)
    if run is None:
        return study.once((name,), lambda: module.of_study(study, **arguments))
    return study.once((name, run), lambda: module.of_run(run, **arguments))


def _of_study(name: str, quantity: str, study: Study) -> Values:
    found = _quantities(name, None, study)[quantity]
    return found if isinstance(found, Mapping) else dict(enumerate(np.atleast_1d(found).tolist()))


def _present(value: float, metric: str, run: Run) -> float:
    if math.isnan(value):
        raise NotMeasured(f"{run.folder.name} has no {metric}")
    return value
