"""The histories that lines against the epoch are drawn of."""

from __future__ import annotations

from collections.abc import Sequence

from regexp.comparison.reading import Run
from regexp.textbook.protocol import Picture
from regexp.textbook.study import NotMeasured


def completed(runs: Sequence[Run]) -> list[Run]:
    """Those that a line may be drawn of."""
    return [run for run in runs if run.status == "completed"]


def at_shared_epochs(runs: Sequence[Run], metric: str, first: int) -> tuple[list[float], list[list[float]]]:
    """From epoch ``first`` on, the epochs that all runs were evaluated at, and a row of the runs' values for each of them.

    Raises :class:`NotMeasured` where there is none.
    """
    columns = [
        dict(zip(r.history["epoch"].tolist(), r.history[metric].tolist(), strict=True)) for r in runs if metric in r.history
    ]
    epochs = [epoch for epoch in (columns[0] if columns else ()) if epoch >= first and all(epoch in c for c in columns)]
    if not epochs:
        raise NotMeasured(f"no run has {metric}")
    return epochs, [[column[epoch] for column in columns] for epoch in epochs]


def beginning(picture: Picture, epochs: Sequence[float]) -> str:
    """What follows the number of seeds where early epochs are left out; ``epochs``: those at which the lines begin."""
    return f"; epochs before {min(epochs):g} are left out" if picture.first_epoch and epochs else ""
