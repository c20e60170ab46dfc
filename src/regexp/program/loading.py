"""The data of a stack's experiments: loaded once where it is the same, and in an order that lets runs share it."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from regexp.datasets.dataset import Data
from regexp.experiment import Experiment
from regexp.lazy import torch
from regexp.program.checks import require_data


def arrange(experiments: Sequence[Experiment]) -> list[int]:
    """An order in which runs that share data are neighbours, and among them those that share a seed."""
    places: dict[Hashable, int] = {}

    def place(key: Hashable) -> int:
        return places.setdefault(key, len(places))

    order = [(place(_data_key(e)), place((_data_key(e), e.seed)), i) for i, e in enumerate(experiments)]
    return [i for _, _, i in sorted(order)]


def load_data(experiments: Sequence[Experiment]) -> list[Data]:
    """The data of every experiment; equal specifications with equal seeds are loaded once."""
    loaded: dict[Hashable, Data] = {}
    for experiment in experiments:
        if (key := _data_key(experiment)) not in loaded:
            loaded[key] = experiment.dataset.load(experiment.data_seed, getattr(torch, experiment.dtype))
            require_data(loaded[key])
    return [loaded[_data_key(experiment)] for experiment in experiments]


def _data_key(experiment: Experiment) -> Hashable:
    return repr(experiment.dataset), experiment.data_seed, experiment.dtype  # a user's own fields need not be hashable
