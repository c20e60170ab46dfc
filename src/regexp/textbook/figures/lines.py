"""A line of means, or medians, with its 95 % intervals: a band along the line, a bar where a point stands alone."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from regexp.comparison.figures.style import new_figure, scale_y
from regexp.comparison.reading import Run
from regexp.comparison.statistics import estimate
from regexp.textbook import verdicts
from regexp.textbook.figures.caption import FEW, counted, facts, finish
from regexp.textbook.protocol import Picture
from regexp.textbook.study import Study

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FAR = 0.1
"""The part of a mean at which the lower end of its interval is far below it."""
ROOM = 1.1
"""The factor between what is drawn and the ends of a logarithmic axis."""
LETTERS = {1: 66, 2: 48}
"""Of a legend's names above a panel, where so many are side by side."""


def new_panels(wanted: int) -> tuple[Figure, list[Axes]]:
    """At most two panels side by side: wider pictures cannot be read at half a slide."""
    rows = math.ceil(wanted / 2)
    figure, panels = new_figure(9.2 if wanted > 1 else 6.6, 1.2 + 3.5 * rows, rows * min(wanted, 2), rows=rows)
    for unused in panels[wanted:]:
        unused.remove()
    return figure, panels[:wanted]


def draw_line(axes: Axes, x: Sequence[float], values: Any, style: dict[str, Any], *, median: bool) -> list[float]:
    """``values`` are rows of seeds, one per x, which some seeds may lack. Infinite ones have neither mean nor interval.

    Returns what the axis must show: the means, and 0 where an interval ends far below its mean, off any logarithmic axis.
    """
    center, low, high = (np.array(part) for part in zip(*(_found(row, median=median) for row in values), strict=True))
    axes.plot(x, center, linewidth=2, **style)
    if len(alone := _alone(low)) < np.isfinite(low).sum():
        axes.fill_between(x, low, high, color=style["color"], alpha=0.18, linewidth=0)
    for i in alone:
        ends = [[center[i] - low[i]], [high[i] - center[i]]]
        axes.errorbar([x[i]], [center[i]], yerr=ends, fmt="none", ecolor=style["color"], capsize=5, elinewidth=2, alpha=0.6)
    return [*(0.0 for _ in low[low < FAR * center]), *center[np.isfinite(center)].tolist()]


def _found(row: Any, *, median: bool) -> tuple[float, float, float]:
    """Mean or median, and the ends of its interval; not a number where there is none."""
    if not np.isfinite(row).all():
        return math.nan, math.nan, math.nan
    if median:
        low, high = verdicts.interval(row, median=True)
        return float(np.median(row)), *((float(low), float(high)) if np.isfinite(low) else (math.nan, math.nan))
    found = estimate(row)
    return float(found.mean), *((float(found.low), float(found.high)) if found.n >= FEW else (math.nan, math.nan))


def _alone(low: np.ndarray) -> list[int]:
    """Where an interval has no neighbour to which a band could reach."""
    there = np.isfinite([math.nan, *low, math.nan])
    return [i for i in range(len(low)) if there[i + 1] and not there[i] and not there[i + 2]]


def scale(axes: Axes, picture: Picture, shown: Sequence[float]) -> None:
    """The picture's own limits; else all that is drawn, on a logarithmic axis where the means need one.

    What is together is drawn from zero: the distance between its lines is the point.
    """
    if picture.limits:
        axes.set_ylim(*picture.limits)
    elif picture.together:
        bottom, top = axes.get_ylim()
        axes.set_ylim(bottom if min(shown) < 0 else -0.03 * top, top)
    elif scale_y(axes, shown):
        (low, high), (bottom, top) = axes.dataLim.intervaly, axes.get_ylim()
        axes.set_ylim(min(bottom, low / ROOM), max(top, high * ROOM))


def finished(
    figure: Figure, panels: Sequence[Axes], picture: Picture, study: Study, n: int, out: str, runs: Sequence[Run]
) -> Figure:
    """Legend, title and caption; ``out``: what is left out, after the number of seeds."""
    handles, labels = panels[0].get_legend_handles_labels()
    if len(labels) > 1 or picture.beside:
        columns = _columns(labels, LETTERS[min(len(panels), 2)])
        style = {"frameon": False, "fontsize": 11, "handlelength": 2.8, "columnspacing": 1.2, "borderaxespad": 0.2}
        panels[0].legend(handles, labels, loc="lower left", bbox_to_anchor=(0, 1), ncols=columns, **style)
        figure.set_figheight(figure.get_figheight() + 0.24 * (-(-len(labels) // columns) - 1))
    finish(figure, picture.title, f"{counted(n)} per setting{out}; {_shown(panels, picture)}. {facts(study, runs)}")
    return figure


def _columns(names: list[str], letters: int) -> int:
    """How many columns of a legend have room beside each other; a line's mark is as wide as seven letters."""
    for count in range(len(names), 1, -1):
        if sum(7 + max(map(len, column)) for column in np.array_split(names, count)) <= letters:
            return count
    return 1


def _shown(panels: Sequence[Axes], picture: Picture) -> str:
    """What lines, bands and bars are."""
    lines, interval = ("medians", "sign intervals of the median") if picture.median else ("means", "t-intervals of the mean")
    bars = {part for axes in panels for container in axes.containers for part in container.get_children()}
    bands = any(part not in bars for axes in panels for part in axes.collections)
    drawn = " and ".join(name for name, there in (("bands", bands), ("bars", bars)) if there)
    return f"lines are {lines}" + (f", {drawn} 95 % {interval}" if drawn else "")
