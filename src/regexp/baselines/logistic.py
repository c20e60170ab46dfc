"""Softmax regression with an L2 penalty, to the minimum."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from jaxtyping import Float, Int

from regexp.lazy import torch


def logistic(
    inputs: Float[torch.Tensor, "n features"], targets: Int[torch.Tensor, " n"], classes: int, strengths: Iterable[float]
) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Weights and bias of the minimum of ``mean cross-entropy + strength / 2 ||W||**2``, for every strength > 0 in turn.

    The objective is convex. Each minimum, found by L-BFGS, is where the search for the next one starts. The bias is free, and
    only its differences between classes matter.

    Reference: Liu and Nocedal, "On the limited memory BFGS method for large scale optimization", 1989.
    """
    from scipy.optimize import minimize

    x, hot = inputs.numpy(), np.eye(classes)[targets.numpy()]
    shape = x.shape[1] + 1, classes
    found = np.zeros(shape).ravel()
    for strength in strengths:
        options = {"maxiter": 2000, "maxfun": 4000, "ftol": 1e-15, "gtol": 1e-9}
        found = minimize(_objective, found, (x, hot, strength), "L-BFGS-B", jac=True, options=options).x
        weights = torch.from_numpy(found.reshape(shape).copy())
        yield weights[:-1], weights[-1]


def _objective(flat: np.ndarray, x: np.ndarray, hot: np.ndarray, strength: float) -> tuple[float, np.ndarray]:
    """The value and its gradient."""
    weights = flat.reshape(-1, hot.shape[1])
    scores = x @ weights[:-1] + weights[-1]
    scores -= scores.max(1, keepdims=True)
    sums = np.exp(scores).sum(1, keepdims=True)
    error = (np.exp(scores) / sums - hot) / len(x)
    value = (np.log(sums).sum() - (scores * hot).sum()) / len(x) + 0.5 * strength * (weights[:-1] ** 2).sum()
    gradient = np.concatenate([x.T @ error + strength * weights[:-1], error.sum(0, keepdims=True)])
    return float(value), gradient.ravel()
