"""Standardisation by the statistics of the training rows."""

from __future__ import annotations

from jaxtyping import Float, Int

from regexp.lazy import torch


def standardized(
    x: Float[torch.Tensor, "n columns"], training: Int[torch.Tensor, " rows"]
) -> tuple[Float[torch.Tensor, "n columns"], Float[torch.Tensor, " columns"]]:
    """``(x - mean) / deviation`` of every column, and the deviations, over the training rows in float64.

    The deviation is that of the population (division by n). A column that is constant in the training rows becomes ``x - mean``
    in the training rows and everywhere else: its deviation counts as 1.
    """
    seen = x[training].double()
    deviation = seen.std(0, correction=0)
    deviation = torch.where(seen.amax(0) > seen.amin(0), deviation, 1.0)
    return (x.double() - seen.mean(0)) / deviation, deviation


def scaled_targets(
    y: Float[torch.Tensor, "n 1"], training: Int[torch.Tensor, " rows"]
) -> tuple[Float[torch.Tensor, "n 1"], float]:
    """Standardised targets, and the unit they count in: the deviation of the training targets."""
    scaled, deviation = standardized(y, training)
    return scaled, deviation.item()
