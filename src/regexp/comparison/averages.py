"""Averaged seeds for TensorBoard: every setting's mean and 95 % interval as runs of their own."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from regexp.comparison.figures.curves import curve
from regexp.comparison.findings import Findings
from regexp.comparison.settings import Setting
from regexp.comparison.statistics import Estimate
from regexp.files import events
from regexp.files.naming import slug

ENDS = {"low": "95-low", "high": "95-high"}

Curves = Mapping[str, tuple[np.ndarray, Estimate]]


def write(found: Findings, folder: Path) -> None:
    """One run ``<setting>/mean`` with the mean of every metric over seeds, and beside it the two ends of the interval.

    The run of the means holds the ends of losses and accuracies too, as ``with_interval/...``, from which the page
    *Custom scalars* draws bands. Raises ``FileExistsError`` for a folder that is not empty: TensorBoard would mix old points
    with new ones.
    """
    must_be_empty(folder)
    banded = _banded(found)
    for row in found.rows:
        curves = _curves(row.setting, found)
        place = folder / slug(row.setting.label)
        if row.n < 2:
            _write(place / "mean", curves, {name: (name, "mean") for name in curves}, {})
            continue
        drawn = {name: tags for name, tags in banded.items() if name in curves}
        ends = {tag: (name, end) for name, tags in drawn.items() for end, tag in zip(ENDS, tags, strict=True)}
        _write(place / "mean", curves, {name: (name, "mean") for name in curves} | ends, drawn)
        for end, ending in ENDS.items():
            _write(place / ending, curves, {name: (name, end) for name in curves}, {})


def must_be_empty(folder: Path) -> None:
    """Raise ``FileExistsError`` for a folder that is not empty."""
    if folder.exists() and any(folder.iterdir()):
        raise FileExistsError(f"{folder} must be a new or empty folder for averaged runs: choose another, or remove it")


def _curves(setting: Setting, found: Findings) -> Curves:
    names = sorted({name for run in setting.runs.values() for name in run.history} - {"epoch"})
    return {name: drawn for name in names if (drawn := curve(setting, name, found.how.correction))}


def _banded(found: Findings) -> dict[str, tuple[str, str]]:
    """The metrics that get a band, with the tags of its ends: the compared one first, losses and accuracies of the splits."""
    names = [f"{split}/{kind}" for kind in ("loss", "accuracy") for split in ("test", "val", "train")]
    names = [found.how.metric, *(name for name in names if name != found.how.metric)]
    return {name: (f"with_interval/{name}/low", f"with_interval/{name}/high") for name in names}


def _write(path: Path, curves: Curves, tags: Mapping[str, tuple[str, str]], banded: Mapping[str, tuple[str, str]]) -> None:
    """One run: under each tag the ``mean``, ``low`` or ``high`` of a metric."""
    path.mkdir(parents=True, exist_ok=True)
    epochs: list[float] = next((drawn[0].tolist() for drawn in curves.values()), [])
    rows = [
        {"epoch": epoch, **{tag: float(getattr(curves[name][1], part)[i]) for tag, (name, part) in tags.items()}}
        for i, epoch in enumerate(epochs)
    ]
    layout = [events.bands("mean over seeds and its 95 % interval", banded)] if banded else []
    events.append(events.file_in(path), [events.version(), *layout, *(events.scalars(row, time.time()) for row in rows)])
