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

    ``bias**2 = mean_x ||mean_m f_m(x) - f(x)||**2`` and ``variance = mean_x 1/(M - 1) sum_m ||f_m(x) - mean f(x)||**2``. The mean
    over m deviates by ``variance / M`` from the expectation, which is taken off: the squared bias is unbiased, and may come out
    below 0. Half of bias**2 + variance + noise**2 is the expected test loss.

    Raises ``ValueError`` for fewer than two runs.

    Reference: Geman, Bienenstock and Doursat, "Neural networks and the bias/variance dilemma", 1992.
    """
    if len(results) < 2:
        raise ValueError(f"bias_and_variance needs two runs or more, on data sets of their own, got {len(results)}")
    found = torch.stack([result.model()(inputs).double() for result in results])
    variance = found.var(0, correction=1).sum(1).mean().item()
    squared = (found.mean(0) - truth).square().sum(1).mean().item()
    return squared - variance / len(results), variance
