"""Of every data set the network with dropout and the ensemble of those without, and what each of them predicts."""

from __future__ import annotations

from collections.abc import Sequence

import regexp
from regexp.comparison.reading import Run
from regexp.lazy import torch
from regexp.prediction import Prediction
from regexp.results import Result
from regexp.textbook.study import NotMeasured, Study

IMAGES = 2000
"""Of the test split, on which they are asked."""


def by_data(study: Study) -> dict[int, tuple[Run, list[Run]]]:
    """For every seed of the data the network with dropout, of several that of the same seed, and all without."""
    groups = _groups(study)
    return {seed: (next((run for run in a if run.seed[0] == seed), a[0]), b) for seed, (a, b) in groups.items()}


def with_dropout(study: Study) -> dict[int, list[Run]]:
    """For every seed of the data all networks with dropout."""
    return {seed: a for seed, (a, _) in _groups(study).items()}


def _groups(study: Study) -> dict[int, tuple[list[Run], list[Run]]]:
    groups: dict[int, tuple[list[Run], list[Run]]] = {}
    for run in sorted(study.runs, key=lambda run: run.seed):
        dropped, plain = groups.setdefault(run.seed[1], ([], []))
        (dropped if "dropout" in run.fields["regularizer"] else plain).append(run)
    if len(groups) < study.n or not all(a and b for a, b in groups.values()):
        raise NotMeasured(f"{len(groups)} of {study.n} data sets have networks with dropout and without")
    return dict(sorted(groups.items()))


def ended(runs: Sequence[Run]) -> bool:
    """Whether none of the runs diverged."""
    return all(run.status == "completed" for run in runs)


def predicted(kind: str, one: Result, ensemble: list[Result], x: torch.Tensor, samples: int) -> Prediction:
    """What the network predicts with dropout left on (``samples``) or off (``scaled``), or what the ``ensemble`` does."""
    if kind == "ensemble":
        return regexp.predict(ensemble, x)
    return regexp.predict(one, x, samples=samples if kind == "samples" else None)


def log_loss(found: Prediction, y: torch.Tensor) -> float:
    """The mean of minus the logarithm of the mean probability of the true class, which counts as 1e-12 at least."""
    return -found.mean.gather(1, y[:, None]).clamp_min(1e-12).log().mean().item()
