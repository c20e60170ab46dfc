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
    """``constant``: the mean of the training targets. ``ridge``: ``w = (X'X + n strength I)^-1 X'y`` on centred data, with a
    free intercept; ``strength``: None is the run's own. ``minimum_norm``: its limit for strength 0. ``ridge_error``: how far
    the run's test loss is from that of ridge, relatively.
    """
    found = regexp.load(run.folder)
    own = max((getattr(one, "strength", 0.0) for one in found.experiment.regularizers), default=0.0)
    losses = _losses(found.experiment.dataset, found.experiment.data_seed, own if strength is None else strength)
    return {**losses, "ridge_error": run.value("test/loss", "final") / losses["ridge"] - 1}


@functools.lru_cache(maxsize=4096)
def _losses(dataset: regexp.Dataset, seed: int, strength: float) -> dict[str, float]:
    data = dataset.load(seed, torch.float64)
    (x, y), (x_test, y_test) = ((data.inputs[data.rows[s]], data.targets[data.rows[s]]) for s in ("train", "test"))
    center, mean = x.mean(0), y.mean()
    values, vectors = torch.linalg.eigh((x - center).T @ (x - center) / len(x))
    known = values > 1e-10 * values.max()
    correlation = vectors.T @ ((x - center).T @ (y - mean) / len(x))

    def loss(w: torch.Tensor) -> float:
        return 0.5 * (mean + (x_test - center) @ w - y_test).square().mean().item()

    inverse = torch.where(known, 1 / (values + strength), 0.0)
    limit = torch.where(known, 1 / values, 0.0)
    solutions = {"ridge": inverse, "minimum_norm": limit, "constant": torch.zeros_like(values)}
    return {name: loss(vectors @ (scale.unsqueeze(1) * correlation)) for name, scale in solutions.items()}
