"""A linear model's weights inside and outside the span of the training examples.

Outside it the data have no gradient: gradient descent leaves the initial weights there, and only decay changes them.
"""

from __future__ import annotations

import regexp
from regexp.comparison.reading import Run
from regexp.lazy import torch

QUANTITIES = ("inside", "outside")


def of_run(run: Run, which: str = "final") -> dict[str, float]:
    """Norms of the projection of w onto the rows of X, and of what is left: ``|Pw|`` and ``|w - Pw|``."""
    found = regexp.load(run.folder)
    data = found.experiment.dataset.load(found.experiment.data_seed, torch.float64)
    inputs = data.inputs[data.rows["train"]]
    weight = found.weights[which]["output.weight"].double().reshape(-1, 1)
    basis = torch.linalg.svd(inputs, full_matrices=False).Vh
    inside = basis.T @ (basis @ weight)
    return {"inside": inside.norm().item(), "outside": (weight - inside).norm().item()}
