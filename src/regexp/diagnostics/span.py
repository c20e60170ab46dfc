"""Which part of the weights the data can say anything about."""

from __future__ import annotations

import torch

from regexp.diagnostics.examples import Inputs
from regexp.results import Result


@torch.no_grad()
def norms_by_span(result: Result, inputs: Inputs, which: str = "final") -> tuple[float, float]:
    """The norms of the first layer's weights inside and outside the span of the (training) inputs.

    ``||P W||`` and ``||W - P W||``, P projecting on the span. A gradient of the data loss by W is a combination of inputs, so
    gradient descent never changes the part outside: it is the initial one, times what weight decay has left of it.

    Reference: Krogh and Hertz, "A simple weight decay can improve generalization", 1992.
    """
    features = inputs.shape[1]
    weight = next(p for p in result.model(which).parameters() if p.dim() == 2 and features in p.shape).double()
    weight = weight if weight.shape[0] == features else weight.T  # torch's layers hold (units, inputs)
    _, values, directions = torch.linalg.svd(inputs.double(), full_matrices=False)
    precision = torch.finfo(inputs.dtype).eps * max(inputs.shape)
    basis = directions[values > precision * values.max()]
    inside = basis.T @ (basis @ weight)
    return inside.norm().item(), (weight - inside).norm().item()
