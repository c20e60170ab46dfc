"""Ask-and-tell: which settings of a space to try. They are kept in an SQLite file, one Optuna study per space."""

from __future__ import annotations

import contextlib
import dataclasses
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path

import optuna
from optuna.distributions import BaseDistribution, FloatDistribution, IntDistribution
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState

from regexp.config.ranges import Range
from regexp.search.samplers import make

DIGITS = 6
"""Of a searched number: what is trained is what is printed."""

Setting = dict[str, float]


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Without Optuna's log, and without its warnings about what is experimental in it."""
    verbosity = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        optuna.logging.set_verbosity(verbosity)


class Asker:
    """One space's settings: asked for in turn, and told what came of them. A space without ranges has one setting.

    ``file``: Optuna's storage, made if it is missing; ``name``: of the study in it, a new one or what there is of it.
    """

    @quiet()
    def __init__(self, file: Path, name: str, ranges: Mapping[str, Range], sampler: str, *, lower_is_better: bool):
        self._ranges, self._sampler = ranges, sampler
        self._distributions = {key: _distribution(one) for key, one in ranges.items()}
        direction = StudyDirection.MINIMIZE if lower_is_better else StudyDirection.MAXIMIZE
        if ranges:
            self._study = optuna.create_study(
                storage=f"sqlite:///{file}", study_name=name, direction=direction, load_if_exists=True
            )

    @quiet()
    def ask(self, count: int) -> dict[int, Setting]:
        """The first ``count`` settings by number, asked for as far as they have not been before."""
        if not self._ranges:
            return {0: {}}
        for trial in self._study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
            if set(trial.params) != set(self._ranges):  # its process was killed while it asked
                self._study.tell(trial.number, state=TrialState.FAIL)
        while len(_asked(self._study)) < count:
            number = len(self._study.get_trials(deepcopy=False))
            self._study.sampler = make(self._sampler, number, self._distributions)
            self._study.ask(self._distributions)
        trials = _asked(self._study)[:count]
        return {trial.number: {key: _value(trial.params[key], self._ranges[key]) for key in self._ranges} for trial in trials}

    @quiet()
    def tell(self, values: Mapping[int, float]) -> None:
        """What came of settings, by number. What was told before stays."""
        for trial in self._study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)) if self._ranges else ():
            if trial.number in values:
                self._study.tell(trial.number, values[trial.number])


@dataclasses.dataclass(frozen=True)
class Asked:
    """A space as its storage has it: the set's label, the settings that were asked for, and the ranges they are from."""

    label: str
    settings: list[Setting]
    ranges: dict[str, Range]


@quiet()
def stored(file: Path) -> list[Asked]:
    """Every space that was searched in this storage, whichever command asked for it."""
    if not file.is_file():
        return []
    found = []
    storage = f"sqlite:///{file}"
    for name in optuna.get_all_study_names(storage):
        trials = _asked(optuna.load_study(study_name=name, storage=storage))
        ranges = {key: _range(one) for key, one in trials[0].distributions.items()} if trials else {}
        settings = [{key: _value(trial.params[key], ranges[key]) for key in ranges} for trial in trials]
        found.append(Asked(name.rpartition(" [")[0], settings, ranges))
    return found


def _asked(found: optuna.Study) -> list[FrozenTrial]:
    trials = found.get_trials(deepcopy=False, states=(TrialState.RUNNING, TrialState.COMPLETE))
    return sorted(trials, key=lambda trial: trial.number)


def _distribution(one: Range) -> BaseDistribution:
    if one.whole:
        return IntDistribution(int(one.low), int(one.high), log=one.log)
    return FloatDistribution(one.low, one.high, log=one.log)


def _range(one: BaseDistribution) -> Range:
    assert isinstance(one, FloatDistribution | IntDistribution)  # which is all that is asked for
    return Range(one.low, one.high, one.log, isinstance(one, IntDistribution))


def _value(param: float, one: Range) -> float:
    return int(param) if one.whole else min(max(float(f"{param:.{DIGITS}g}"), one.low), one.high)
