"""Ridge regression in closed form, for many strengths at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from jaxtyping import Float

from regexp.lazy import torch


def ridge(
    inputs: Float[torch.Tensor, "n features"],
    targets: Float[torch.Tensor, "n outputs"],
    strengths: Iterable[float],
    *,
    intercept: bool = True,
) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Weights and bias of the minimum of ``mean 1/2 ||x W + b - y||**2 + strength / 2 ||W||**2``, for every strength >= 0.

    ``W = V diag(s / (s**2 + n strength)) U' y`` with the singular values s of the centred inputs, in float64; the bias is free.
    Directions whose s is zero to rounding get no weight, so that strength 0 gives the least squares of smallest ``||W||``.
    Without ``intercept`` the data are taken as they are, and the bias is 0.

    Reference: Hoerl and Kennard, "Ridge regression: biased estimation for nonorthogonal problems", 1970.
    """
    x, y = inputs.double(), targets.double()
    x_mean, y_mean = (x.mean(0), y.mean(0)) if intercept else (torch.zeros_like(x[0]), torch.zeros_like(y[0]))
    u, s, v = torch.linalg.svd(x - x_mean, full_matrices=False)
    rotated, smallest = u.T @ (y - y_mean), torch.finfo(inputs.dtype).eps * max(x.shape) * s.max()
    for strength in strengths:
        factor = torch.where(s > smallest, s / (s.square() + len(x) * strength), 0.0)
        weights = v.T @ (factor[:, None] * rotated)
        yield weights, y_mean - x_mean @ weights
