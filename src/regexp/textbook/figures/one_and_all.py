"""One run, as a book shows it; beside it the same recipe over all seeds, and what needs no training at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from regexp.comparison.figures.style import LINES, new_figure, tidy
from regexp.textbook.expression import parse
from regexp.textbook.figures.caption import counted, finish, left_out, worded
from regexp.textbook.figures.histories import at_shared_epochs, beginning, completed
from regexp.textbook.measuring import measure
from regexp.textbook.protocol import Picture
from regexp.textbook.study import Study

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST = (0.05, 0.95)
"""The band: what a single run is like."""
INSET = (0.45, 0.1, 0.53, 0.29)
REFERENCES: list[dict[str, Any]] = [{"color": "black", "linestyle": dash} for dash in (":", (0, (6, 1.5, 1, 1.5)))]


def one_and_all(picture: Picture, study: Study) -> Figure:
    """Left the first seed of the settings ``one`` on its training and test split, right the first metric of all settings."""
    figure, (left, right) = new_figure(9.6, 5.6, 2, alike=True)
    styles = dict(zip(picture.settings or study.settings, LINES * 3, strict=False))
    _one(left, picture, study, styles)
    _all(right, picture, study, styles)
    left.set_yscale("log")
    below = right.inset_axes(INSET)
    _all(below, picture, study, styles, band=False)
    if picture.limits:
        below.set_ylim(*picture.limits)
    below.set_title("enlarged, means only", fontsize=9.5)
    below.tick_params(labelsize=8.5)
    below.grid(color="0.92")
    for axes, title in ((left, "One run, as the book shows it"), (right, f"{worded(picture.metrics[0])}, {study.n} seeds")):
        axes.set_title(title, fontsize=12.5, loc="left")
        tidy(axes, "epoch", "loss" if axes is left else "")
    band = f"{100 * (MOST[1] - MOST[0]):.0f} % of the runs"
    out = left_out({name: study.matching(name) for name in styles}, study.protocol.labels)
    out += beginning(picture, [float(np.min(np.asarray(line.get_xdata(), dtype=float))) for line in left.lines])
    finish(figure, picture.title, f"Left: the first seed. Right: {counted(study.n)}{out}; lines are means, bands hold {band}.")
    return figure


def _one(axes: Axes, picture: Picture, study: Study, styles: dict[str, dict[str, Any]]) -> None:
    for setting in picture.one:
        runs = completed(study.matching(setting))[:1]
        for split, dash in (("train", (0, (4, 1.5))), ("test", "-")):
            epochs, rows = at_shared_epochs(runs, f"{split}/loss", picture.first_epoch)
            color, values = styles[setting]["color"], [row[0] for row in rows]
            label = f"{split}, {study.label(setting)}"
            axes.plot(epochs, values, color=color, linestyle=dash, linewidth=2, label=label)
    axes.legend(frameon=False, fontsize=10, loc="lower left")


def _all(axes: Axes, picture: Picture, study: Study, styles: dict[str, dict[str, Any]], *, band: bool = True) -> None:
    for setting, style in styles.items():
        epochs, values = at_shared_epochs(completed(study.matching(setting)), picture.metrics[0], picture.first_epoch)
        label = study.label(setting)
        axes.plot(epochs, np.mean(values, axis=1), color=style["color"], linestyle="-", linewidth=2, label=label)
        if band:
            low, high = np.quantile(values, MOST, axis=1)
            axes.fill_between(epochs, low, high, color=style["color"], alpha=0.2, linewidth=0)
    for text, style in zip(picture.beside, REFERENCES, strict=False):
        mean = float(measure(parse(text), study).mean())
        axes.axhline(mean, linewidth=1.2, label=f"{study.protocol.labels.get(text, text)}: {mean:.4f}", **style)
    if band:
        axes.legend(frameon=False, fontsize=9.5, loc="lower left", bbox_to_anchor=(0, 0.46))
