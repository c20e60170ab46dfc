"""A row per setting: every seed's value, the mean, and its 95 % interval; or their differences to one setting."""

from __future__ import annotations

import math
import textwrap
from typing import TYPE_CHECKING

import numpy as np

from regexp.axes import logarithmic
from regexp.comparison.figures.style import new_figure, tidy
from regexp.comparison.statistics import estimate
from regexp.textbook.expression import measuring, read_place
from regexp.textbook.figures.caption import FEW, counted, facts, finish, left_out, worded
from regexp.textbook.measuring import of_term
from regexp.textbook.protocol import Picture
from regexp.textbook.study import Study

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BLUE = "#0072B2"
WIDE = 40
"""Letters below a panel."""


def points(picture: Picture, study: Study) -> Figure:
    """One panel per metric; the first setting is at the top."""
    settings = [name for name in picture.settings or study.settings if name != picture.minus]
    beside = min(len(picture.metrics), 2)  # more cannot be read at half a slide
    rows = math.ceil(len(picture.metrics) / beside)
    height = 1.1 + rows * (0.9 + 0.42 * len(settings))
    figure, every = new_figure(3.0 + 3.6 * beside, height, rows * beside, rows=rows)
    panels = every[: len(picture.metrics)]
    for unused in every[len(picture.metrics) :]:
        unused.remove()
    labels = study.protocol.labels
    for axes, metric in zip(panels, picture.metrics, strict=True):
        found = [_values(metric, setting, picture, study) for setting in settings]
        _draw(axes, found)
        if picture.minus:
            axes.axvline(0, color="0.3", linewidth=1)
        if picture.minus or not _apart(axes, found):
            axes.locator_params(axis="x", nbins=5)
        minus = f" minus that of {study.label(picture.minus)}" if picture.minus else ""
        tidy(axes, textwrap.fill(f"{labels.get(metric, worded(metric))}{minus}", WIDE), "")
        names = [study.label(setting) if axes in panels[::beside] else "" for setting in settings]
        axes.set_yticks(range(len(settings)), names, fontsize=11)
        axes.set_ylim(len(settings) - 0.4, -0.6)
    n = len(found[0])
    difference = f"differences to {study.label(picture.minus)} within seeds; " if picture.minus else ""
    band = " with 95 % t-intervals" if n >= FEW else ""
    out = left_out({name: study.matching(name) for name in picture.settings or study.settings}, labels)
    runs = [run for setting in settings for run in study.matching(setting)]
    shown = f"{counted(n)} per setting{out}; {difference}dots are seeds, diamonds means{band}."
    finish(figure, picture.title, f"{shown} {facts(study, runs)}")
    return figure


def _values(metric: str, setting: str, picture: Picture, study: Study) -> np.ndarray:
    """One value per seed, in the order of the seeds."""
    place = read_place(picture.place)
    found = of_term(measuring(metric, setting, place), study)
    base = of_term(measuring(metric, picture.minus, place), study) if picture.minus else dict.fromkeys(found, 0.0)
    out = {run.seed for name in (setting, picture.minus) if name for run in study.matching(name) if run.status == "diverged"}
    return np.array([math.nan if seed in out else value - base[seed] for seed, value in found.items()], dtype=float)


def _apart(axes: Axes, rows: list[np.ndarray]) -> bool:
    """A logarithmic axis for values that would lie in one spot on another; none where an interval reaches zero."""
    seen = np.concatenate(rows)
    lows = [float(estimate(row).low) for row in rows if len(row) >= FEW and np.isfinite(row).all()]
    return min(lows, default=1.0) > 0 and logarithmic(axes, seen[np.isfinite(seen)].tolist(), along_x=True)


def _draw(axes: Axes, rows: list[np.ndarray]) -> None:
    for place, values in enumerate(rows):
        seen = values[np.isfinite(values)]
        axes.scatter(seen, np.full(len(seen), place + 0.2), s=16, color=BLUE, alpha=0.45, linewidth=0)
        if len(seen) == len(values) >= FEW:
            found = estimate(values)
            ends = [[found.mean - found.low], [found.high - found.mean]]
            axes.errorbar([found.mean], [place], xerr=ends, color="black", marker="D", markersize=6, capsize=5, linewidth=2)
        elif len(seen) == len(values):
            axes.scatter([values.mean()], [place], s=36, color="black", marker="D")
