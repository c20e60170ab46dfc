"""The picture of how cost grows."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from benchmarks.growth import Curve

MET, MISSED, FREE = "#0072B2", "#D55E00", "#777777"


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
