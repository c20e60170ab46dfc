"""How close a network is to a linear map."""

from __future__ import annotations

import math

import torch

from regexp.diagnostics.examples import Inputs
from regexp.diagnostics.hidden import activations
from regexp.results import Result


def near_linear_share(result: Result, inputs: Inputs, bound: float = 0.5) -> dict[str, float]:
    """The share of tanh units with ``|z| < bound``, over units and examples, by hidden layer.

    There ``tanh z = z - z**3 / 3 + ...`` is nearly z: at 0.5 it is 8 % less. Read from the activations, ``|h| < tanh(bound)``.
    Raises ``ValueError`` for a model with another activation.

    Reference: Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural networks", 2010.
    """
    if (activation := getattr(result.experiment.model, "activation", None)) != "tanh":
        raise ValueError(f"near_linear_share needs a model with activation tanh, got {activation!r}")
    limit = math.tanh(bound)
    return {name: (h.abs() < limit).double().mean().item() for name, h in activations(result.model(), inputs).items()}


@torch.no_grad()
def linear_r2(result: Result, inputs: Inputs) -> float:
    """R^2 of the best linear map of the inputs, with intercept, for the network's scores.

    ``1 - sum ||s - (x A + b)||**2 / sum ||s - mean s||**2`` over examples and outputs, by least squares. It is 1 for a linear
    model. Raises ``ValueError`` unless there are more examples than features + 1, where any scores would fit.
    """
    if len(inputs) <= inputs.shape[1] + 1:
        raise ValueError(f"linear_r2 needs more than {inputs.shape[1] + 1} examples (features + 1), got {len(inputs)}")
    scores, x = result.model()(inputs).double(), inputs.double()
    centered, spread = x - x.mean(0), scores - scores.mean(0)
    solution = torch.linalg.lstsq(centered, spread, driver="gelsd").solution
    residual = spread - centered @ solution
    return 1 - (residual.square().sum() / spread.square().sum()).item()
