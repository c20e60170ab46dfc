"""The pictures: ratios beside their limits, and how cost grows."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from benchmarks.growth import Curve
from benchmarks.work import Row, Work

MET, MISSED, FREE = "#0072B2", "#D55E00", "#777777"


def ratios(works: Sequence[Work], path: Path) -> None:
    """Every ratio with its range, on a logarithmic axis; a tick marks its limit."""
    rows = [(work.name, row) for work in works for row in work.rows if row.unit == "x" and row.figures]
    if not rows:
        return
    figure = Figure(figsize=(11, 1.4 + 0.27 * len(rows)), dpi=130, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    for place, (_, row) in enumerate(rows):
        draw_ratio(axes, place, row)
    axes.set(xscale="log", xlabel="ratio (median and range of the turns)", ylim=(len(rows) - 0.5, -0.5))
    axes.set_yticks(range(len(rows)), [f"{name}  {row.what}" for name, row in rows], fontsize=8)
    axes.axvline(1, color="black", linewidth=0.8)
    axes.grid(axis="x", alpha=0.3)
    axes.set_title("blue: limit met; orange: not met; grey: no limit. The tick is the limit", fontsize=9)
    figure.savefig(path)


def draw_ratio(axes: Axes, place: int, row: Row) -> None:
    """One line of the picture."""
    low, high = row.span
    color = FREE if not row.limits else MET if row.limits[0].met(row.median) else MISSED
    axes.plot([low, high], [place, place], color=color, linewidth=2, alpha=0.5)
    axes.plot(row.median, place, "o", color=color, markersize=5)
    axes.annotate(f" {row.median:.3g}", (high, place), fontsize=7, va="center")
    for limit in row.limits:
        axes.plot(limit.bound, place, "|", color="black", markersize=11)


def growth(curves: Sequence[Curve], path: Path) -> None:
    """Time above, memory below, against every axis; the dotted line has slope 1."""
    figure = Figure(figsize=(3.4 * len(curves), 5.6), dpi=130, layout="constrained")
    FigureCanvasAgg(figure)
    panels = figure.subplots(2, len(curves), squeeze=False)
    for (above, below), curve in zip(panels.T, curves, strict=True):
        values = [point.value for point in curve.points]
        times, memory = [point.seconds for point in curve.points], [point.megabytes for point in curve.points]
        above.loglog(values, times, "o-", color=MET, label=f"exponent {curve.exponent('seconds'):.2f} (upper half)")
        above.loglog(values, [times[-1] * value / values[-1] for value in values], ":", color=FREE, label="as the work")
        below.plot(values, memory, "o-", color=MISSED, label="peak while training")
        below.plot(values, [point.before for point in curve.points], ":", color=FREE, label="before training")
        above.set(title=curve.axis)
        below.set(xlabel=curve.axis, ylim=(0, 1.3 * max(memory)), xscale="log")
        for panel in (above, below):
            panel.set_xticks(values, [f"{value:,}" for value in values], fontsize=6, rotation=30)
            panel.set_xticks([], minor=True)
            panel.grid(alpha=0.3)
            panel.legend(frameon=False, fontsize=7)
    panels[0, 0].set_ylabel("seconds")
    panels[1, 0].set_ylabel("memory of the process, MB")
    figure.savefig(path)
