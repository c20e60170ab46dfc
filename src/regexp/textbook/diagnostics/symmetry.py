"""Whether the hidden units of a network are copies of each other, and what their order matters."""

from __future__ import annotations

import regexp
from regexp.comparison.reading import Run
from regexp.lazy import torch

QUANTITIES = ("rank", "permuted")
NONNEGATIVE = QUANTITIES


def of_run(run: Run) -> dict[str, float]:
    """Of the first layer's weights, ``rank``: how many units are really different (numerical rank). ``permuted``: how much a
    score changes at most if the hidden units, with all their weights, change places.
    """
    found = regexp.load(run.folder)
    weights = found.weights["final"]
    first = weights["hidden.0.weight"]
    return {
        "rank": float(torch.linalg.matrix_rank(first, rtol=1e-9)),
        "permuted": _permuted(found),
    }


def _permuted(found: regexp.Result) -> float:
    """A network of one hidden layer against itself with its units in reverse order."""
    from regexp.diagnostics import examples

    model, inputs = found.model(), examples(found, "test")[0]
    before = model(inputs)
    weights = found.weights["final"]
    changed = {
        **weights,
        "hidden.0.weight": weights["hidden.0.weight"].flip(1),
        "hidden.0.bias": weights["hidden.0.bias"].flip(0),
        "output.weight": weights["output.weight"].flip(0),
    }
    model.load_state_dict(changed)
    return (model(inputs) - before).abs().max().item()
