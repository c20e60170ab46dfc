"""Whether a network is as often right as it is sure."""

from __future__ import annotations

import torch
from jaxtyping import Float, Int


def expected_calibration_error(
    probabilities: Float[torch.Tensor, "batch classes"], targets: Int[torch.Tensor, " batch"], bins: int = 15
) -> float:
    """``sum_b |B_b| / n * |accuracy(B_b) - confidence(B_b)|`` over equally wide bins of the confidence.

    The confidence is the largest probability, B_b the examples with one in ((b - 1) / bins, b / bins]. 0 is calibrated.
    ``regexp.predict(result, inputs).mean`` gives the probabilities.

    Reference: Guo, Pleiss, Sun and Weinberger, "On calibration of modern neural networks", 2017.
    """
    confidence, predicted = probabilities.double().max(1)
    right = (predicted == targets).double()
    place = (confidence * bins).ceil().long().clamp(1, bins) - 1
    excess = torch.zeros(bins, dtype=torch.float64).index_add_(0, place, right - confidence)
    return (excess.abs().sum() / len(targets)).item()
