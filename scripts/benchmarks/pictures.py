"""The picture of how cost grows."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator

from benchmarks.axes import AXES
from benchmarks.curve import Curve

MET, MISSED, FREE = "#0072B2", "#D55E00", "#777777"


def growth(curves: Sequence[Curve], path: Path) -> None:
    """Time above, memory below, against every axis, with the exponent of every interval; rings are bends."""
    figure = Figure(figsize=(4.2 * len(curves), 8), dpi=110, layout="constrained")
    FigureCanvasAgg(figure)
    panels = figure.subplots(2, len(curves), squeeze=False)
    for (above, below), curve in zip(panels.T, curves, strict=True):
        draw_time(above, curve)
        draw_memory(below, curve)
        values = [point.value for point in curve.points]
        for panel in (above, below):
            panel.set_xticks(values, [f"{value:,}" for value in values], fontsize=10, rotation=30)
            panel.set_xticks([], minor=True)
            panel.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if spread(panel) < 30 else (1,)))
            panel.yaxis.set_major_formatter("{x:g}")
            panel.yaxis.set_minor_formatter("")
            panel.tick_params(axis="y", labelsize=10)
            panel.grid(alpha=0.3)
            panel.legend(frameon=False, fontsize=9.5, loc="upper left")
            low, high = panel.get_ylim()
            panel.set_ylim(low, high * (high / low) ** 0.35)  # room for the legend
        below.set_xlabel(curve.axis, fontsize=11)
    panels[0, 0].set_ylabel("seconds (median, range of the turns)", fontsize=11)
    panels[1, 0].set_ylabel("MB", fontsize=11)
    figure.savefig(path)


def draw_time(panel: Axes, curve: Curve) -> None:
    """Medians and ranges, beside the counted work that the largest point would foretell."""
    points = curve.points
    values, times = [point.value for point in points], [point.seconds for point in points]
    ranges = [[p.seconds - min(p.turns) for p in points], [max(p.turns) - p.seconds for p in points]]
    work = [times[-1] * point.multiplications / points[-1].multiplications for point in points]
    panel.loglog(values, work, ":", color=FREE, label="as the multiplications (counted)")
    panel.errorbar(values, times, ranges, fmt="o-", color=MET, capsize=3, markersize=5, label="measured, with exponents")
    bends = curve.bends()
    if bends:
        ring = {"markersize": 13, "markerfacecolor": "none", "markeredgecolor": MISSED, "markeredgewidth": 1.5}
        panel.plot([values[i] for i in bends], [times[i] for i in bends], "o", label="bend: the exponent changes", **ring)
    note_exponents(panel, values, times, curve.local("seconds"))
    panel.set_title(f"{curve.axis}\n{AXES[curve.axis].panel.format(**points[-1].counts)}", fontsize=11)


def draw_memory(panel: Axes, curve: Curve) -> None:
    """The process's peak, what the work adds to it, and what of that is counted."""
    points = curve.points
    values, taken = [point.value for point in points], [max(point.taken, 0.01) for point in points]
    panel.loglog(values, [point.megabytes for point in points], "s-", color=FREE, markersize=4, label="peak of the process")
    if any(point.before for point in points):
        panel.loglog(values, taken, "o-", color=MISSED, markersize=5, label="added by the work, with exponents")
    note_exponents(panel, values, taken, curve.local("taken"))
    counted = [point.counts["state bytes"] / 1e6 for point in points]
    panel.loglog(values, counted, ":", color="black", label="weights, gradients, averages (counted)")


def spread(panel: Axes) -> float:
    """How far the axis of heights reaches, as a ratio."""
    low, high = panel.get_ylim()
    return high / low


def note_exponents(panel: Axes, values: Sequence[float], heights: Sequence[float], exponents: Sequence[float]) -> None:
    """The exponent of every interval, at its middle."""
    for i, exponent in enumerate(exponents):
        middle = (values[i] * values[i + 1]) ** 0.5, (heights[i] * heights[i + 1]) ** 0.5
        panel.annotate(f"{exponent:.2f}", middle, (0, 9), textcoords="offset points", fontsize=9, ha="center")
