"""Linear regressions in closed form, to set beside a trained one, and their exact risk.

Losses are half squared errors, as everywhere.
"""

from __future__ import annotations

import dataclasses
import math

import torch
from jaxtyping import Float

from regexp.baselines.ridge import ridge as solutions
from regexp.datasets.synthetic_regression import SyntheticRegression


@dataclasses.dataclass(frozen=True, eq=False)
class LinearFit:
    """``x @ weights + bias``."""

    weights: Float[torch.Tensor, "features outputs"]
    bias: Float[torch.Tensor, " outputs"]

    def loss(self, inputs: Float[torch.Tensor, "n features"], targets: Float[torch.Tensor, "n outputs"]) -> float:
        """The mean data loss, ``mean 1/2 ||x W + b - y||**2``."""
        residual = inputs.double() @ self.weights + self.bias - targets
        return 0.5 * residual.square().sum(1).mean().item()


def constant(inputs: Float[torch.Tensor, "n features"], targets: Float[torch.Tensor, "n outputs"]) -> LinearFit:
    """Predicts the mean of the targets, whatever the input."""
    return LinearFit(torch.zeros(inputs.shape[1], targets.shape[1], dtype=torch.float64), targets.double().mean(0))


def ridge(
    inputs: Float[torch.Tensor, "n features"],
    targets: Float[torch.Tensor, "n outputs"],
    strength: float,
    *,
    intercept: bool = True,
) -> LinearFit:
    """The minimum of ``mean 1/2 ||x W + b - y||**2 + strength / 2 ||W||**2``: what ``l2`` converges to.

    ``W = (X'X + n strength I)^-1 X'y`` of centred data, ``b`` free; without ``intercept`` of the data as they are, b = 0.
    At strength 0 it is :func:`minimum_norm`.

    Reference: Hoerl and Kennard, "Ridge regression: biased estimation for nonorthogonal problems", 1970.
    """
    return LinearFit(*next(solutions(inputs, targets, [strength], intercept=intercept)))


def minimum_norm(
    inputs: Float[torch.Tensor, "n features"], targets: Float[torch.Tensor, "n outputs"], *, intercept: bool = True
) -> LinearFit:
    """Least squares without regularization: of all minima the one of smallest ``||W||``.

    Gradient descent from zero converges to it. With fewer examples than features it fits them exactly.
    """
    return ridge(inputs, targets, 0.0, intercept=intercept)


def risk(fit: LinearFit, dataset: SyntheticRegression) -> float:
    """The expected loss on new examples, exactly: ``1/2 [(w - w*)' S (w - w*) + (b - b*)**2 + noise**2]``.

    S is the covariance of the inputs, w* and b* are the true weights and bias: ``test/loss`` for an infinite test split.
    Raises ``ValueError`` for a truth with interactions, which no linear map has.
    """
    if dataset.interactions:
        raise ValueError(f"risk needs a linear truth, got a data set with interactions={dataset.interactions}")
    error = fit.weights[:, 0] - dataset.true_weights()
    offset = fit.bias[0] - dataset.true_bias
    return 0.5 * (error @ dataset.covariance() @ error + offset**2 + dataset.noise**2).item()


def minimum_norm_risk(size: int, features: int, weight_norm: float, noise: float) -> float:
    """The expected risk of :func:`minimum_norm` without intercept over data sets of ``size`` examples with x ~ N(0, I).

    Half of ``|w|**2 (1 - n/d) + noise**2 n / (d - n - 1) + noise**2`` for n < d - 1 and of
    ``noise**2 d / (n - d - 1) + noise**2`` for n > d + 1; infinite in between, if there is noise: double descent.

    Reference: Nakkiran, Venkat, Kakade and Ma, "Optimal regularization can mitigate double descent", 2021; Breiman and
    Freedman, "How many variables should be entered in a regression equation?", 1983.
    """
    gap = abs(features - size) - 1
    missed = weight_norm**2 * max(0.0, 1 - size / features)
    spread = noise**2 * min(size, features) / gap if gap > 0 else math.inf if noise else 0.0
    return 0.5 * (missed + spread + noise**2)
