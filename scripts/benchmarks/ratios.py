"""The picture of all ratios beside their limits."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from benchmarks.work import Row, Work

MET, MISSED, FREE, SHORT = "#0072B2", "#D55E00", "#777777", "#CC79A7"
LEGEND = {MET: "limit met", SHORT: "limit met, aim not met", MISSED: "limit not met", FREE: "no limit"}
MARKS = {">=": ">", "<=": "<"}


def draw(works: Sequence[Work], path: Path) -> None:
    """Every ratio with its range on a logarithmic axis, beside its limits; a time that has a limit as a ratio to it."""
    rows = [(work.name, row) for work in works for row in work.rows if drawn(row)]
    if not rows:
        return
    figure = Figure(figsize=(11, 1.6 + 0.27 * len(rows)), dpi=130, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    for place, (_, row) in enumerate(rows):
        draw_ratio(axes, place, row)
    axes.set(xscale="log", xlabel="ratio: median and range of the turns", ylim=(len(rows) - 0.5, -0.5))
    axes.set_yticks(range(len(rows)), [named(name, row) for name, row in rows], fontsize=8)
    axes.axvline(1, color="black", linewidth=0.8)
    axes.grid(axis="x", alpha=0.3)
    key = [Line2D([], [], marker="o", color=color, label=text) for color, text in LEGEND.items()]
    words = ("limit", "aim")
    key += [Line2D([], [], label=f"{word}: good is where it points", **marked(i, ">=")) for i, word in enumerate(words)]
    figure.legend(handles=key, loc="outside upper center", ncols=3, fontsize=8, frameon=False)
    figure.savefig(path)


def drawn(row: Row) -> bool:
    """Whether it is a ratio, or can be one to its limit."""
    return bool(row.figures) and (row.unit == "x" or any(limit.bound > 0 for limit in row.limits[:1]))


def named(work: str, row: Row) -> str:
    """The row in words; a time says that it is drawn as a ratio to its limit."""
    return f"{work}  {row.what}" + ("" if row.unit == "x" else f", {row.unit} / limit")


def draw_ratio(axes: Axes, place: int, row: Row) -> None:
    """One line of the picture: its figure and limits in words stand at the right."""
    scale = 1 if row.unit == "x" else row.limits[0].bound
    low, high = (figure / scale for figure in row.span)
    color = FREE if not row.limits else MET if not row.missed else MISSED if row.limits[0] in row.missed else SHORT
    axes.plot([low, high], [place, place], color=color, linewidth=2, alpha=0.5)
    axes.plot(row.median / scale, place, "o", color=color, markersize=5)
    for number, limit in enumerate(row.limits):
        axes.plot(limit.bound / scale, place, **marked(number, limit.sign))
    text = f"{row.figure}   {', aim '.join(map(str, row.limits))}"
    axes.text(1.01, place, text, fontsize=8, va="center", color=color, transform=axes.get_yaxis_transform())


def marked(number: int, sign: str) -> dict[str, Any]:
    """A triangle that points to where a limit is kept; hollow for an aim, which is the second."""
    face = "white" if number else "black"
    return {
        "linestyle": "none",
        "marker": MARKS[sign],
        "color": "black",
        "markerfacecolor": face,
        "markersize": 6,
        "zorder": 1.9,
    }
