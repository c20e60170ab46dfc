"""How far a run's training loss climbs above what it had reached."""

from __future__ import annotations

import numpy as np

from regexp.comparison.reading import Run

QUANTITIES = ("rise", "climbs")
NONNEGATIVE = QUANTITIES


def of_run(run: Run, metric: str = "train/loss") -> dict[str, float]:
    """``rise``: the largest difference between an evaluation and the lowest one before it. ``climbs``: the fraction of epochs
    after which the metric was higher than before. A run that diverged rose without limit.
    """
    if run.status == "diverged":
        return {"rise": float("inf"), "climbs": 1.0}
    column = run.history[metric]
    lowest = np.minimum.accumulate(column)
    return {"rise": float((column - lowest).max()), "climbs": float((np.diff(column) > 0).mean())}
