"""How close a tanh network is to a linear map, on the test examples."""

from __future__ import annotations

import statistics

import regexp
from regexp.comparison.reading import Run

QUANTITIES = ("share", "r2")


def of_run(run: Run) -> dict[str, float]:
    """``share``: of the hidden units in the range where tanh z is nearly z, |z| < 0.5, over units and examples, the mean over
    layers. ``r2``: R^2 of the best linear map of the inputs for the network's output.
    """
    from regexp.diagnostics import examples, linear_r2, near_linear_share

    found = regexp.load(run.folder)
    inputs, _ = examples(found, "test")
    return {"share": statistics.fmean(near_linear_share(found, inputs).values()), "r2": linear_r2(found, inputs)}
