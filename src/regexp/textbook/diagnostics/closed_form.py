"""Predictors that need no training, on the very data of a run of linear regression: what any training has to beat.

Losses are half mean squared errors on the test split.
"""

from __future__ import annotations

import functools

import regexp
from regexp.comparison.reading import Run
from regexp.lazy import torch

QUANTITIES = ("constant", "ridge", "minimum_norm", "ridge_error")


def of_run(run: Run, strength: float | None = None) -> dict[str, float]:
    """``constant``: the mean of the training targets. ``ridge``: with a free intercept; ``strength``: None is the run's own.
    ``minimum_norm``: its limit for strength 0. ``ridge_error``: how far the run's test loss is from that of ridge, relatively.
    """
    found = regexp.load(run.folder)
    own = max((getattr(one, "strength", 0.0) for one in found.experiment.regularizers), default=0.0)
    losses = _losses(found.experiment.dataset, found.experiment.data_seed, own if strength is None else strength)
    return {**losses, "ridge_error": run.value("test/loss", "final") / losses["ridge"] - 1}


@functools.lru_cache(maxsize=4096)
def _losses(dataset: regexp.Dataset, seed: int, strength: float) -> dict[str, float]:
    from regexp.diagnostics import constant, minimum_norm, ridge

    data = dataset.load(seed, torch.float64)
    train, test = ((data.inputs[data.rows[split]], data.targets[data.rows[split]]) for split in ("train", "test"))
    fits = {"constant": constant(*train), "ridge": ridge(*train, strength), "minimum_norm": minimum_norm(*train)}
    return {name: fit.loss(*test) for name, fit in fits.items()}
