"""Ridge regression in closed form, for many strengths at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from jaxtyping import Float

from regexp.lazy import torch


def ridge(
    inputs: Float[torch.Tensor, "n features"], targets: Float[torch.Tensor, "n outputs"], strengths: Iterable[float]
) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Weights and bias of the minimum of ``mean 1/2 ||x W + b - y||**2 + strength / 2 ||W||**2``, for every strength > 0.

    ``W = V diag(s / (s**2 + n strength)) U' y`` with the singular values of the centred inputs; the bias is free.

    Reference: Hoerl and Kennard, "Ridge regression: biased estimation for nonorthogonal problems", 1970.
    """
    x_mean, y_mean = inputs.mean(0), targets.mean(0)
    u, s, v = torch.linalg.svd(inputs - x_mean, full_matrices=False)
    rotated = u.T @ (targets - y_mean)
    for strength in strengths:
        weights = v.T @ ((s / (s.square() + len(inputs) * strength)).unsqueeze(1) * rotated)
        yield weights, y_mean - x_mean @ weights
