"""How far a network is from one that says the same of every picture: the biases of its last layer."""

from __future__ import annotations

import regexp
from regexp.comparison.reading import Run
from regexp.lazy import torch

QUANTITIES = ("spread", "beside_bias")
NONNEGATIVE = QUANTITIES


def of_run(run: Run) -> dict[str, float]:
    """``spread``: the largest difference of an output (a score, before the softmax) between two test examples, over outputs.
    ``beside_bias``: the largest distance of an output from the last layer's bias, over outputs and test examples.
    """
    from regexp.diagnostics import examples

    found = regexp.load(run.folder)
    with torch.no_grad():
        scores = found.model()(examples(found, "test")[0])
    apart = scores - found.weights["final"]["output.bias"]
    return {"spread": (scores.amax(0) - scores.amin(0)).max().item(), "beside_bias": apart.abs().max().item()}
