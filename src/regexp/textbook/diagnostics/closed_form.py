"""Predictors that need no training, on the very data of a run of linear regression: what any training has to beat.

Losses are half mean squared errors on the test split.
"""

from __future__ import annotations

import functools
from typing import Any

import regexp
from regexp.comparison.reading import Run
from regexp.lazy import torch

QUANTITIES = ("constant", "ridge", "minimum_norm", "ridge_error", "best_strength")


def of_run(run: Run, strength: float | None = None) -> dict[str, float]:
    """``constant``: the mean of the training targets. ``ridge``: with a free intercept; ``strength``: None is the run's own.
    ``minimum_norm``: its limit for strength 0. ``ridge_error``: how far the run's test loss is from that of ridge, relatively.
    ``best_strength``: that of ridge with the lowest expected loss on independent features of variance 1,
    ``features noise^2 / (|w|^2 examples)``, w the weights of the truth.

    Reference: Nakkiran, Venkat, Kakade and Ma, "Optimal regularization can mitigate double descent", 2021.
    """
    found = regexp.load(run.folder)
    own = max((getattr(one, "strength", 0.0) for one in found.experiment.regularizers), default=0.0)
    losses = _losses(found.experiment.dataset, found.experiment.data_seed, own if strength is None else strength)
    error = run.value("test/loss", "final") / losses["ridge"] - 1
    return {**losses, "ridge_error": error, "best_strength": _best_strength(found.experiment.dataset)}


def _best_strength(dataset: Any) -> float:
    signal = dataset.true_weights().square().sum()
    return float(dataset.features * dataset.noise**2 / (signal * dataset.train_size))


@functools.lru_cache(maxsize=4096)
def _losses(dataset: regexp.Dataset, seed: int, strength: float) -> dict[str, float]:
    from regexp.diagnostics import constant, minimum_norm, ridge

    data = dataset.load(seed, torch.float64)
    train, test = ((data.inputs[data.rows[split]], data.targets[data.rows[split]]) for split in ("train", "test"))
    fits = {"constant": constant(*train), "ridge": ridge(*train, strength), "minimum_norm": minimum_norm(*train)}
    return {name: fit.loss(*test) for name, fit in fits.items()}
