"""Averaged seeds for TensorBoard: every setting's mean and 95 % interval as runs of their own."""

from __future__ import annotations

import time
from pathlib import Path

from regexp import events
from regexp.comparison.answer import Findings
from regexp.comparison.figures.curves import curve
from regexp.naming import slug

BANDS = {"mean": "mean", "low": "95-low", "high": "95-high"}


def write(found: Findings, folder: Path) -> None:
    """One run ``<setting>/mean`` with the mean of every metric over seeds, and beside it the two ends of the interval.

    Raises ``FileExistsError`` for a folder that is not empty: TensorBoard would mix old points with new ones.
    """
    if folder.exists() and any(folder.iterdir()):
        raise FileExistsError(f"{folder} must be a new or empty folder for averaged runs: choose another, or remove it")
    for row in found.rows:
        names = sorted({name for run in row.setting.runs.values() for name in run.history} - {"epoch"})
        curves = {name: drawn for name in names if (drawn := curve(row.setting, name, found.how.correction))}
        epochs: list[float] = next((drawn[0].tolist() for drawn in curves.values()), [])
        for band, ending in BANDS.items() if row.n > 1 else [("mean", "mean")]:
            path = folder / slug(row.setting.label) / ending
            path.mkdir(parents=True, exist_ok=True)
            rows = [
                {"epoch": epoch, **{name: float(getattr(one, band)[place]) for name, (_, one) in curves.items()}}
                for place, epoch in enumerate(epochs)
            ]
            events.append(events.file_in(path), [events.version(), *(events.scalars(values, time.time()) for values in rows)])
