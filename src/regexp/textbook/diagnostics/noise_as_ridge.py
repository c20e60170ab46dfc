"""Noise on the inputs of a linear model is a penalty: checked by summing over every value that the noise can take.

References: Srivastava et al., "Dropout: a simple way to prevent neural networks from overfitting", 2014, section 9.1; Wager,
Wang and Liang, "Dropout training as adaptive regularization", 2013; Bishop, "Training with noise is equivalent to Tikhonov
regularization", 1995.
"""

from __future__ import annotations

import itertools

from regexp.lazy import torch
from regexp.textbook.study import Study

QUANTITIES = ("dropout", "input_noise", "not_ridge")
NONNEGATIVE = QUANTITIES

EXAMPLES, FEATURES, RATE, STD = 12, 6, 0.3, 0.5


def of_study(study: Study) -> dict[str, list[float]]:
    """On as many data sets as there are seeds, the largest difference of a weight between two solutions. ``dropout``: least
    squares over the 2**6 masks of every example, each weighed by its probability, against ridge with strength
    ``rate / (1 - rate) * mean x_j**2`` for weight j. ``input_noise``: least squares over the values -std and +std of each
    component of the noise, against ``ridge`` with strength ``std**2``. ``not_ridge``: of dropout's solution to the closest
    plain ridge, in units of its norm.
    """
    found = [_of_data(seed) for seed in study.seeds]
    return {name: [one[name] for one in found] for name in QUANTITIES}


def recipe() -> str:
    """For captions."""
    return f"{EXAMPLES} examples, {FEATURES} features, dropout {RATE:g}, noise of -{STD:g} or +{STD:g}, every value enumerated"


def _of_data(seed: int) -> dict[str, float]:
    from regexp.diagnostics import ridge

    x, y = _data(seed)
    kept = torch.tensor(list(itertools.product((0.0, 1.0), repeat=FEATURES)), dtype=torch.float64)
    chance = (RATE ** (1 - kept) * (1 - RATE) ** kept).prod(1)
    dropped = _least_squares(x[:, None] * kept / (1 - RATE), y, chance)
    signs = 2 * kept - 1
    noisy = _least_squares(x[:, None] + STD * signs, y, torch.full_like(chance, 1 / len(signs)))

    lam = RATE / (1 - RATE) * x.square().mean(0)
    adaptive = torch.linalg.solve(x.T @ x / EXAMPLES + lam.diag(), x.T @ y / EXAMPLES)
    plain = ridge(x, y, STD**2, intercept=False).weights
    closest = min(((dropped - ridge(x, y, s, intercept=False).weights).norm() / dropped.norm()).item() for s in _strengths())
    return {"dropout": _apart(dropped, adaptive), "input_noise": _apart(noisy, plain), "not_ridge": closest}


def _least_squares(inputs: torch.Tensor, y: torch.Tensor, chance: torch.Tensor) -> torch.Tensor:
    """The minimum of the expected loss: ``inputs`` (examples, noises, features), ``chance`` of every noise."""
    root = chance.sqrt()[:, None]
    rows, targets = (root * inputs).flatten(0, 1), (root * y[:, None]).flatten(0, 1)
    return torch.linalg.lstsq(rows, targets).solution


def _data(seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Features of different sizes: what dropout's penalty adapts to."""
    from regexp.datasets import SyntheticRegression

    data = SyntheticRegression(FEATURES, EXAMPLES, val_size=0, true_weight=1.0, true_bias=0.0, noise=0.5)
    loaded = data.load(seed, torch.float64)
    rows = loaded.rows["train"]
    return loaded.inputs[rows] * torch.logspace(-1, 1, FEATURES, 2.0, dtype=torch.float64), loaded.targets[rows]


def _strengths() -> list[float]:
    return [10 ** (power / 20) for power in range(-60, 41)]


def _apart(a: torch.Tensor, b: torch.Tensor) -> float:
    return (a - b).abs().max().item()
