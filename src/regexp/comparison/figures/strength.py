"""A metric against the strength of a regularizer, or against whatever number differs; without one, against the setting."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from regexp.axes import short_tick
from regexp.comparison.figures.grid import axis_name, number_keys, places, series
from regexp.comparison.figures.levels import levels
from regexp.comparison.figures.style import DIFFERENCE, LINES, SPLITS, finish, legend, new_figure, scale_y, tidy, worded
from regexp.comparison.findings import Findings
from regexp.comparison.measuring import values
from regexp.comparison.settings import Setting
from regexp.comparison.statistics import Difference, Estimate, estimate

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.collections import PolyCollection
    from matplotlib.figure import Figure

_PANELS = 3
_FAR = 100  # a factor
_DECADE = 10  # from here on values need a logarithmic axis
_NAMED = 4
_SERIES = len(LINES)


def against_strength(found: Findings, metrics: Sequence[str], *, together: bool = False) -> Figure:
    """One panel per number that differs (at most three) and metric. ``together``: training and validation beside the metric."""
    keys: list[str | None] = [*number_keys(found.settings)[:_PANELS]]
    panels = [(key, metric) for metric in metrics for key in (keys or [None])]
    height = 4.9 if keys else 2.4 + 0.34 * len(found.rows)
    rows = len(metrics) if len(keys) > 1 else 1
    width = max(8.0, 5.2 * len(panels) / rows)
    figure, axes = new_figure(width, height * rows, len(panels), alike=len(metrics) == 1 or rows > 1, rows=rows)
    for place, (key, metric) in zip(axes, panels, strict=True):
        if key is None:
            _dots(place, found, metric)
        else:
            _panel(place, found, key, metric, together)
        if metric == DIFFERENCE:
            (place.axhline if key else place.axvline)(0, color="0.25", linewidth=1)
    what = " and ".join(worded(metric, found) for metric in metrics)
    over = " and ".join(axis_name(key, found) for key in keys if key) or "setting"
    within = ", within seeds" if all(row.difference.paired for row in found.rows if row.difference) else ""
    what_points = f"mean differences to {found.baseline.label}{within}" if DIFFERENCE in metrics else "means"
    drawn = [setting for setting in found.settings if not number_keys(found.settings) or _has_place(setting, keys, found)]
    marks = f"points are {what_points}{_intervals(axes)}{_left_out(found, drawn)}"
    finish(figure, f"{what[0].upper()}{what[1:]} against {over}", found, marks, drawn)
    return figure


def _has_place(setting: Setting, keys: Sequence[str | None], found: Findings) -> bool:
    return setting is found.baseline or any(key in setting.numbers for key in keys)


def _intervals(panels: Sequence[Axes]) -> str:
    """What the marks around the points are, if there are any."""
    from matplotlib.container import ErrorbarContainer

    bars = [one for axes in panels for one in axes.containers if isinstance(one, ErrorbarContainer)]
    kinds = ["bands"] if any(_fills(axes, powers=False) or axes.patches for axes in panels) else []
    kinds += ["bars"] if any(bar.has_xerr or bar.has_yerr for bar in bars) else []
    return f"; {' and '.join(kinds)} are 95 % t-intervals of the mean" if kinds else ""


def _left_out(found: Findings, drawn: Sequence[Setting]) -> str:
    """Which settings have no place on any axis."""
    others = [setting.label for setting in found.settings if setting not in drawn]
    more = f" and {len(others) - _NAMED} more" if len(others) > _NAMED else ""
    return f"; not drawn, since without such a number: {', '.join(others[:_NAMED])}{more}" if others else ""


def _panel(axes: Axes, found: Findings, key: str, metric: str, together: bool) -> None:
    lines = series(found.settings, key)
    grid = sorted({setting.numbers[key] for line in lines.values() for setting in line})
    place = places(axes, grid)
    shown: list[float] = []
    split_of, _, kind = metric.partition("/")
    apart = not together or len(lines) > 1 or split_of not in SPLITS
    if not apart:
        (line,) = lines.values()
        for split, style in SPLITS.items():
            if split == "train" and _far_below(line, f"train/{kind}", metric, found):
                continue
            weight = {"linewidth": 3.5, "zorder": 2} if f"{split}/{kind}" == metric else {"linewidth": 1.5, "zorder": 3}
            shown += _draw(axes, found, line, key, f"{split}/{kind}", place, {**style, **weight})
    else:
        for style, (name, line) in zip(LINES, lines.items(), strict=False):
            single = {"label": name} if len(lines) > 1 else {}
            shade = 0.2 if len(lines) < 3 else 0.1
            shown += _draw(axes, found, line, key, metric, place, {**style, "linewidth": 2, **single}, shade)
    shown += _baseline(axes, found, metric, {s for line in lines.values() for s in line})
    shown += levels(axes, found, metric)
    _mark_choice(axes, found, key, metric, place)
    tidy(axes, axis_name(key, found), worded(metric, found) if apart else kind)
    for fill in _fills(axes, powers=scale_y(axes, shown, _DECADE)):
        fill.set_zorder(1)
    _mark_diverged(axes, [setting for line in lines.values() for setting in line], key, place)
    legend(axes, f"the first {_SERIES} of {len(lines)} lines" if len(lines) > _SERIES else None)


def _far_below(line: Sequence[Setting], low: str, metric: str, found: Findings) -> bool:
    """Whether a metric is so small somewhere that the other would look flat beside it."""
    smallest = [min((float(e.mean) for s in line if (e := _estimate(s, name, found))), default=1.0) for name in (low, metric)]
    return smallest[0] < smallest[1] / _FAR


def _draw(
    axes: Axes,
    found: Findings,
    line: Sequence[Setting],
    key: str,
    metric: str,
    place: Any,
    style: dict[str, Any],
    shade: float = 0.2,
) -> list[float]:
    """One line with its band; a strength of zero stands apart on a logarithmic axis. Returns the means."""
    measured = [(setting.numbers[key], one) for setting in line if (one := _estimate(setting, metric, found))]
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


def _bar(axes: Axes, x: float, one: Estimate | Difference, style: dict[str, Any]) -> None:
    error = [[one.mean - one.low], [one.high - one.mean]] if math.isfinite(one.low) else None
    axes.errorbar(
        [x], [one.mean], error, zorder=3, color=style["color"], marker=style["marker"], markersize=6, capsize=4, linewidth=1.5
    )


def _fills(axes: Axes, *, powers: bool) -> list[PolyCollection]:
    """The bands; on an axis of powers a lower end that is not positive is put to the end of the axis."""
    from matplotlib.collections import PolyCollection

    bands = [part for part in axes.collections if isinstance(part, PolyCollection)]
    if powers:
        floor = axes.get_ylim()[0]
        for band in bands:
            vertices = np.array(band.get_paths()[0].vertices)
            vertices[:, 1] = np.maximum(vertices[:, 1], floor)
            band.set_verts([vertices])
    return bands


def _mark_diverged(axes: Axes, settings: Sequence[Setting], key: str, place: Any) -> None:
    """A cross at the upper end of the axis for every setting with diverged runs."""
    lost = [setting for setting in settings if any(run.status == "diverged" for run in setting.runs.values())]
    if lost:
        x = sorted({place(setting.numbers[key]) for setting in lost})
        axes.plot(
            x, [0.97] * len(x), "x", color="black", markersize=9, markeredgewidth=2, linestyle="none",
            transform=axes.get_xaxis_transform(), label="runs diverged",
        )  # fmt: skip


def _baseline(axes: Axes, found: Findings, metric: str, drawn: set[Setting]) -> list[float]:
    """The baseline as a level, where it is no point of a line."""
    one = _estimate(found.baseline, metric, found)
    if one is None or found.baseline in drawn:
        return []
    axes.axhline(one.mean, color="0.25", linewidth=1.5, linestyle=(0, (6, 2)), label=f"baseline: {found.baseline.label}")
    if math.isfinite(one.low):
        axes.axhspan(one.low, one.high, color="0.5", alpha=0.15, linewidth=0)
    return [float(one.mean)]


def _mark_choice(axes: Axes, found: Findings, key: str, metric: str, place: Any) -> None:
    row = found.choice
    if row is None or key not in row.setting.numbers or (one := _estimate(row.setting, metric, found)) is None:
        return
    axes.plot(
        [place(row.setting.numbers[key])], [one.mean], "o", markersize=14, markerfacecolor="none", markeredgecolor="black",
        markeredgewidth=1.6, linestyle="none", label="chosen by validation",
    )  # fmt: skip


def _dots(axes: Axes, found: Findings, metric: str) -> None:
    """Without a number to order them: one row per setting, the mean and its interval."""
    chosen = found.choice.setting if found.choice else None
    means = []
    for height, row in enumerate(reversed(found.rows)):
        if (one := _estimate(row.setting, metric, found)) is None:
            continue
        color = LINES[1]["color"] if row.setting is chosen else "0.25" if row.setting is found.baseline else LINES[0]["color"]
        error = [[one.mean - one.low], [one.high - one.mean]] if math.isfinite(one.low) else None
        axes.errorbar([one.mean], [height], xerr=error, color=color, marker="o", markersize=7, capsize=4, linewidth=2)
        means.append(float(one.mean))
    means += levels(axes, found, metric, upright=True)
    lost = [row.setting for row in found.rows if row.absent.get("diverged")]
    words = {**dict.fromkeys(lost, " (diverged)"), found.baseline: " (baseline)", **({chosen: " (chosen)"} if chosen else {})}
    axes.set_yticks(range(len(found.rows)), [r.setting.label + words.get(r.setting, "") for r in reversed(found.rows)])
    axes.set_ylim(-0.6, len(found.rows) - 0.4)
    tidy(axes, worded(metric, found), "")
    if means and min(means) > 0 and max(means) > _DECADE * min(means):
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter(short_tick)


def _estimate(setting: Setting, metric: str, found: Findings) -> Estimate | Difference | None:
    if metric == DIFFERENCE:
        (row,) = (row for row in found.rows if row.setting is setting)
        return Estimate(row.n, 0.0, 0.0, 0.0, 0.0) if setting is found.baseline else row.difference
    own = list(values(setting, metric, found.how.at).values())
    return estimate(own, found.how.correction) if own else None
