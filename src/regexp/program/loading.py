"""The data of a stack's experiments: loaded once where it is the same, and in an order that lets runs share it."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from regexp.component import texts
from regexp.datasets.dataset import Data
from regexp.experiment import Experiment
from regexp.program.checks import require_data

_ahead: dict[Hashable, Data] = {}
"""What was loaded to see whether it can be: whoever needs it first takes it, since data are a function of their fields."""


def arrange(experiments: Sequence[Experiment]) -> list[int]:
    """An order in which runs that share data are neighbours, and among them those that share a seed."""
    places: dict[Hashable, int] = {}

    def place(key: Hashable) -> int:
        return places.setdefault(key, len(places))

    keys = zip(_data_keys(experiments), experiments, strict=True)
    order = [(place(key), place((key, experiment.seed)), i) for i, (key, experiment) in enumerate(keys)]
    return [i for _, _, i in sorted(order)]


def load_ahead(experiment: Experiment) -> Data:
    """The data of an experiment, which will then not be loaded twice."""
    _ahead.clear()
    (key,), (data,) = _data_keys([experiment]), load_data([experiment])
    _ahead[key] = data
    return data


def load_data(experiments: Sequence[Experiment]) -> list[Data]:
    """The data of every experiment; equal specifications with equal seeds are loaded once."""
    loaded: dict[Hashable, Data] = {}
    keys = _data_keys(experiments)
    for key, experiment in zip(keys, experiments, strict=True):
        if key not in loaded:
            ready = _ahead.pop(key, None)
            loaded[key] = ready or experiment.dataset.load(experiment.data_seed, experiment.stored_dtype)
            require_data(loaded[key])
    return [loaded[key] for key in keys]


def _data_keys(experiments: Sequence[Experiment]) -> list[Hashable]:
    """What tells the data of experiments apart: texts, since a user's own fields need not be hashable."""
    named = zip(texts([experiment.dataset for experiment in experiments]), experiments, strict=True)
    return [(text, experiment.data_seed, experiment.dtype) for text, experiment in named]
