"""Bias and variance of a learner over redrawn data sets."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float

from regexp.diagnostics.examples import Inputs
from regexp.results import Result


@torch.no_grad()
def bias_and_variance(
    results: Sequence[Result], inputs: Inputs, truth: Float[torch.Tensor, "batch outputs"]
) -> tuple[float, float]:
    """Squared bias and variance of regressions trained on ``m`` data sets, for the same inputs and noiseless targets.

    ``variance = mean_x 1/(M - 1) sum_m ||f_m(x) - g(x)||**2`` and ``bias**2 = mean_x ||g(x) - f(x)||**2 - variance / M`` with
    the mean ``g`` of the M runs. What is taken off is how far ``g`` is from its expectation: the estimate of bias**2 has no
    bias of its own, and may come out below 0. Half of bias**2 + variance + noise**2 is the expected test loss.

    Raises ``ValueError`` for fewer than two runs.

    Reference: Geman, Bienenstock and Doursat, "Neural networks and the bias/variance dilemma", 1992.
    """
    if len(results) < 2:
        raise ValueError(f"bias_and_variance needs two runs or more, on data sets of their own, got {len(results)}")
    return decompose(torch.stack([result.model()(inputs).double() for result in results]), truth)


def decompose(
    predictions: Float[torch.Tensor, "members batch outputs"], truth: Float[torch.Tensor, "batch outputs"]
) -> tuple[float, float]:
    """:func:`bias_and_variance` of predictions."""
    variance = predictions.var(0, correction=1).sum(1).mean().item()
    squared = (predictions.mean(0) - truth).square().sum(1).mean().item()
    return squared - variance / len(predictions), variance
