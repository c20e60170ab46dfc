"""How far a run's training loss climbs above what it had reached."""

from __future__ import annotations

import numpy as np

from regexp.comparison.reading import Run

QUANTITIES = ("rise",)
NONNEGATIVE = QUANTITIES


def of_run(run: Run, metric: str = "train/loss") -> dict[str, float]:
    """``rise``: the largest difference between an evaluation and the lowest one before it; infinite for a run that diverged."""
    if run.status == "diverged":
        return {"rise": float("inf")}
    column = run.history[metric]
    return {"rise": float((column - np.minimum.accumulate(column)).max())}
