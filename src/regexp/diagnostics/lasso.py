"""The lasso and the elastic net by coordinate descent: to set beside what training finds."""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import Float

from regexp.diagnostics.linear_fits import LinearFit

SWEEPS = 100_000


def elastic_net(
    inputs: Float[torch.Tensor, "n features"],
    targets: Float[torch.Tensor, "n 1"],
    l1: float,
    l2: float = 0.0,
    *,
    intercept: bool = True,
    tolerance: float = 1e-12,
) -> LinearFit:
    """The minimum of ``mean 1/2 (x w + b - y)**2 + l1 sum |w| + l2 / 2 sum w**2``: what ``l1`` with ``l2`` converges to.

    Coordinate after coordinate is set to its minimum, ``w_j <- soft(g_j + a_j w_j, l1) / (a_j + l2)`` with
    ``g = X'(y - X w) / n``, ``a_j = mean x_j**2`` of centred data and ``soft(z, t) = sign(z) max(|z| - t, 0)``, until none
    moves by more than ``tolerance`` in units of the largest. With ``l2 = 0`` it is the lasso. Raises ``RuntimeError`` if it
    does not come to rest.

    Reference: Friedman, Hastie and Tibshirani, "Regularization paths for generalized linear models via coordinate descent",
    2010; Zou and Hastie, "Regularization and variable selection via the elastic net", 2005.
    """
    x, y = inputs.double().numpy(), targets.double().numpy()[:, 0]
    means = (x.mean(0), y.mean()) if intercept else (np.zeros(x.shape[1]), 0.0)
    x, y = x - means[0], y - means[1]
    weights = _descend(x.T @ x / len(x), x.T @ y / len(x), l1, l2, tolerance)
    return LinearFit(torch.from_numpy(weights)[:, None], torch.tensor([means[1] - means[0] @ weights], dtype=torch.float64))


def _descend(gram: np.ndarray, correlation: np.ndarray, l1: float, l2: float, tolerance: float) -> np.ndarray:
    """Sweeps over all coordinates, and in between over those that are not zero, until both leave everything in place."""
    w, gradient = np.zeros_like(correlation), correlation.copy()
    everything, chosen = np.arange(len(w)), np.empty(0, dtype=int)
    for _ in range(SWEEPS):
        moved = _sweep(chosen, gram, w, gradient, l1, l2) if len(chosen) else 0.0
        if moved <= tolerance * np.abs(w).max(initial=1e-300):
            if _sweep(everything, gram, w, gradient, l1, l2) <= tolerance * np.abs(w).max(initial=1e-300):
                return w
            chosen = np.flatnonzero(w)
    raise RuntimeError(f"coordinate descent must come to rest in {SWEEPS} sweeps, and did not: give some l2 strength")


def _sweep(coordinates: np.ndarray, gram: np.ndarray, w: np.ndarray, gradient: np.ndarray, l1: float, l2: float) -> float:
    """One minimum per coordinate, in place; gives the largest move."""
    largest = 0.0
    for j in coordinates:
        z = gradient[j] + gram[j, j] * w[j]
        new = np.sign(z) * max(abs(z) - l1, 0.0) / (gram[j, j] + l2) if gram[j, j] + l2 > 0 else 0.0
        if move := new - w[j]:
            gradient -= move * gram[:, j]
            w[j] = new
            largest = max(largest, abs(move))
    return largest
