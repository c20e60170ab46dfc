"""What a panel against a number shows: lines with bands, the baseline, the choice, and runs that diverged."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from regexp.comparison.figures.estimates import error_of, estimate_of
from regexp.comparison.findings import Findings
from regexp.comparison.settings import Setting
from regexp.comparison.statistics import Difference, Estimate

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.collections import PolyCollection

Place = Callable[[float], float]
"""Where a number stands on the axis."""


def draw_line(
    axes: Axes,
    found: Findings,
    line: Sequence[Setting],
    key: str,
    metric: str,
    place: Place,
    style: dict[str, Any],
    shade: float = 0.2,
) -> list[float]:
    """One line with its band; a strength of zero stands apart on a logarithmic axis. Returns the means."""
    measured = [(setting.numbers[key], one) for setting in line if (one := estimate_of(setting, metric, found))]
    points = [(place(value), one) for value, one in measured]
    if not points:
        return []
    apart = axes.get_xscale() == "log" and measured[0][0] == 0 and len(points) > 1
    first, style = points[0], {"marker": "o", "markersize": 4 if len(points) > 12 else 6, **style}
    if apart:
        _bar(axes, *first, style)
        axes.plot(
            [x for x, _ in points[:2]], [e.mean for _, e in points[:2]], color=style["color"], linewidth=0.9, linestyle=":"
        )
        points = points[1:]
    x = [x for x, _ in points]
    axes.plot(x, [e.mean for _, e in points], **style)
    if all(math.isfinite(e.low) for _, e in points):
        ends = [e.low for _, e in points], [e.high for _, e in points]
        axes.fill_between(x, *ends, color=style["color"], alpha=shade, linewidth=0)
    return [float(one.mean) for _, one in ([first, *points] if apart else points)]


def draw_baseline(axes: Axes, found: Findings, metric: str, drawn: set[Setting]) -> list[float]:
    """The baseline as a level, where it is no point of a line."""
    one = estimate_of(found.baseline, metric, found)
    if one is None or found.baseline in drawn:
        return []
    axes.axhline(one.mean, color="0.25", linewidth=1.5, linestyle=(0, (6, 2)), label=f"baseline: {found.baseline.label}")
    if math.isfinite(one.low):
        axes.axhspan(one.low, one.high, color="0.5", alpha=0.15, linewidth=0)
    return [float(one.mean)]


def mark_choice(axes: Axes, found: Findings, key: str, metric: str, place: Place) -> None:
    """A ring around what validation chose."""
    row = found.choice
    if row is None or key not in row.setting.numbers or (one := estimate_of(row.setting, metric, found)) is None:
        return
    axes.plot(
        [place(row.setting.numbers[key])], [one.mean], "o", markersize=14, markerfacecolor="none", markeredgecolor="black",
        markeredgewidth=1.6, linestyle="none", label="chosen by validation",
    )  # fmt: skip


def mark_diverged(axes: Axes, settings: Sequence[Setting], key: str, place: Place) -> None:
    """A cross at the upper end of the axis for every setting with diverged runs."""
    lost = [setting for setting in settings if any(run.status == "diverged" for run in setting.runs.values())]
    if lost:
        x = sorted({place(setting.numbers[key]) for setting in lost})
        axes.plot(
            x, [0.97] * len(x), "x", color="black", markersize=9, markeredgewidth=2, linestyle="none",
            transform=axes.get_xaxis_transform(), label="runs diverged",
        )  # fmt: skip


def bands(axes: Axes) -> list[PolyCollection]:
    """Those that were drawn."""
    from matplotlib.collections import PolyCollection

    return [part for part in axes.collections if isinstance(part, PolyCollection)]


def cut_below(axes: Axes) -> None:
    """Put the lower ends of bands that a logarithmic axis cannot show to its end."""
    floor = axes.get_ylim()[0]
    for band in bands(axes):
        vertices = np.array(band.get_paths()[0].vertices)
        vertices[:, 1] = np.maximum(vertices[:, 1], floor)
        band.set_verts([vertices])


def _bar(axes: Axes, x: float, one: Estimate | Difference, style: dict[str, Any]) -> None:
    drawn = {"color": style["color"], "marker": style["marker"], "markersize": 6, "linewidth": 1.5}
    axes.errorbar([x], [one.mean], error_of(one), zorder=3, capsize=4, **drawn)
