"""A metric against the strength of a regularizer, or against whatever number differs; without one, against the setting."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from regexp.comparison.figures.dots import draw_dots, height_of
from regexp.comparison.figures.estimates import estimate_of
from regexp.comparison.figures.grid import axis_name, number_keys, places, series
from regexp.comparison.figures.levels import levels
from regexp.comparison.figures.lines import Place, bands, cut_below, draw_baseline, draw_line, mark_choice, mark_diverged
from regexp.comparison.figures.style import (
    DECADE,
    DIFFERENCE,
    LINES,
    SPLITS,
    finish,
    keep_above_zero,
    legend,
    new_figure,
    scale_y,
    tidy,
    worded,
)
from regexp.comparison.findings import Findings
from regexp.comparison.settings import Setting
from regexp.words import listed

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_PANELS = 3
_FAR = 100  # a factor
_NAMED = 4
_SERIES = len(LINES)


def against_strength(found: Findings, metrics: Sequence[str], *, together: bool = False) -> Figure:
    """One panel per number that differs (at most three) and metric. ``together``: training and validation beside the metric."""
    keys: list[str | None] = [*number_keys(found.settings)[:_PANELS]]
    panels = [(key, metric) for metric in metrics for key in (keys or [None])]
    height = 4.9 if keys else height_of(found)
    rows = len(metrics) if len(keys) > 1 else 1
    width = max(8.0, 5.2 * len(panels) / rows)
    figure, axes = new_figure(width, height * rows, len(panels), alike=len(metrics) == 1 or rows > 1, rows=rows)
    for place, (key, metric) in zip(axes, panels, strict=True):
        if key is None:
            draw_dots(place, found, metric)
        else:
            _panel(place, found, key, metric, together)
        if metric == DIFFERENCE:
            (place.axhline if key else place.axvline)(0, color="0.25", linewidth=1)
    what = " and ".join(worded(metric, found) for metric in metrics)
    over = " and ".join(axis_name(key, found) for key in keys if key) or "setting"
    drawn = [setting for setting in found.settings if not keys or _has_place(setting, keys, found)]
    marks = f"points are {_points(found, metrics)}{_intervals(axes)}{_left_out(found, drawn)}"
    finish(figure, f"{what[0].upper()}{what[1:]} against {over}", found, marks, drawn)
    return figure


def _points(found: Findings, metrics: Sequence[str]) -> str:
    if DIFFERENCE not in metrics:
        return "means"
    within = ", within seeds" if all(row.difference.paired for row in found.rows if row.difference) else ""
    return f"mean differences to {found.baseline.label}{within}"


def _has_place(setting: Setting, keys: Sequence[str | None], found: Findings) -> bool:
    return setting is found.baseline or any(key in setting.numbers for key in keys)


def _intervals(panels: Sequence[Axes]) -> str:
    """What the marks around the points are, if there are any."""
    from matplotlib.container import ErrorbarContainer

    bars = [one for axes in panels for one in axes.containers if isinstance(one, ErrorbarContainer)]
    kinds = ["bands"] if any(bands(axes) or axes.patches for axes in panels) else []
    kinds += ["bars"] if any(bar.has_xerr or bar.has_yerr for bar in bars) else []
    return f"; {' and '.join(kinds)} are 95 % t-intervals of the mean" if kinds else ""


def _left_out(found: Findings, drawn: Sequence[Setting]) -> str:
    """Which settings have no place on any axis."""
    others = [setting.label for setting in found.settings if setting not in drawn]
    return f"; not drawn, since without such a number: {listed(others, _NAMED)}" if others else ""


def _panel(axes: Axes, found: Findings, key: str, metric: str, together: bool) -> None:
    lines = series(found.settings, key)
    settings = [setting for line in lines.values() for setting in line]
    place = places(axes, sorted({setting.numbers[key] for setting in settings}))
    split, _, kind = metric.partition("/")
    if together and len(lines) == 1 and split in SPLITS:
        shown, ylabel = _draw_splits(axes, found, settings, key, metric, place), kind
    else:
        shown, ylabel = _draw_lines(axes, found, lines, key, metric, place), worded(metric, found)
    shown += draw_baseline(axes, found, metric, set(settings))
    shown += levels(axes, found, metric)
    mark_choice(axes, found, key, metric, place)
    tidy(axes, axis_name(key, found), ylabel)
    if scale_y(axes, shown, DECADE):
        cut_below(axes)
    keep_above_zero(axes, metric, shown)
    for band in bands(axes):
        band.set_zorder(1)
    mark_diverged(axes, settings, key, place)
    legend(axes, f"the first {_SERIES} of {len(lines)} lines" if len(lines) > _SERIES else None)


def _draw_splits(axes: Axes, found: Findings, line: Sequence[Setting], key: str, metric: str, place: Place) -> list[float]:
    """One line per split, that of the metric bold. Returns the means."""
    kind, shown = metric.partition("/")[2], list[float]()
    for split, style in SPLITS.items():
        if split == "train" and _far_below(line, f"train/{kind}", metric, found):
            continue
        weight = {"linewidth": 3.5, "zorder": 2} if f"{split}/{kind}" == metric else {"linewidth": 1.5, "zorder": 3}
        shown += draw_line(axes, found, line, key, f"{split}/{kind}", place, {**style, **weight})
    return shown


def _draw_lines(
    axes: Axes, found: Findings, lines: Mapping[str, Sequence[Setting]], key: str, metric: str, place: Place
) -> list[float]:
    """One line per everything else that settings are, as many as there are styles. Returns the means."""
    shade, shown = 0.2 if len(lines) < 3 else 0.1, list[float]()
    for style, (name, line) in zip(LINES, lines.items(), strict=False):
        single = {"label": name} if len(lines) > 1 else {}
        shown += draw_line(axes, found, line, key, metric, place, {**style, "linewidth": 2, **single}, shade)
    return shown


def _far_below(line: Sequence[Setting], low: str, metric: str, found: Findings) -> bool:
    """Whether a metric is so small somewhere that the other would look flat beside it."""
    smallest = [min((float(e.mean) for s in line if (e := estimate_of(s, name, found))), default=1.0) for name in (low, metric)]
    return smallest[0] < smallest[1] / _FAR
