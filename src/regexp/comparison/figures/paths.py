"""The regularization path: every weight of a linear model against the strength of a regularizer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from regexp.comparison.coefficients import is_linear, mean_weights, true_weights
from regexp.comparison.figures.grid import axis_name, number_keys, places, series
from regexp.comparison.figures.style import LINES, finish, legend, new_figure, tidy
from regexp.comparison.findings import Findings
from regexp.comparison.settings import Setting

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_PANELS = 3
_MOST = 300  # lines of one panel
_NAMED = len(LINES)
_THIN = {"linewidth": 0.8, "alpha": 0.55}


def strength_lines(found: Findings) -> dict[str, tuple[str, list[Setting]]]:
    """For each strength that differs between linear models the longest line of settings along it, and what it is called."""
    lines = {}
    for key in number_keys(found.settings):
        linear = [setting for setting in found.settings if is_linear(setting) and setting.runs]
        candidates = series(linear, key)
        if key.startswith("regularizer.") and candidates:
            name = max(candidates, key=lambda name: len(candidates[name]))
            if len(candidates[name]) > 1:
                lines[key] = name, candidates[name]
    return lines


def weight_paths(found: Findings) -> Figure | None:
    """One panel per strength. None without a linear model, a grid of strengths, or weights on disk (``save=last``)."""
    drawn = {key: (name, _means(line, found)) for key, (name, line) in strength_lines(found).items()}
    drawn = {key: (name, means) for key, (name, means) in drawn.items() if len(means) > 1}
    if not drawn:
        return None
    panels = list(drawn.items())[:_PANELS]
    figure, axes = new_figure(max(8.0, 5.2 * len(panels)), 5.2, len(panels), alike=True)
    for place, (key, (name, means)) in zip(axes, panels, strict=True):
        _panel(place, found, key, means)
        if len(found.settings) > len(means):
            place.set_title(name, fontsize=10.5, loc="right", color="0.35")
    over = " and ".join(axis_name(key, found) for key, _ in panels)
    shown = "every line is one weight, its mean over seeds"
    count = max(len(next(iter(means.values()))) for _, (_, means) in panels)
    shown += f"; the {_MOST} largest of {count} weights" if count > _MOST else ""
    finish(figure, f"Path of the weights against {over}", found, shown)
    return figure


def _means(line: Sequence[Setting], found: Findings) -> dict[Setting, np.ndarray]:
    """Of the settings that kept weights, where all have the same number of them."""
    means = {setting: weights for setting in line if (weights := mean_weights(setting, found.how.at)) is not None}
    return means if len({weights.size for weights in means.values()}) == 1 else {}


def _panel(axes: Axes, found: Findings, key: str, means: dict[Setting, np.ndarray]) -> None:
    grid = [setting.numbers[key] for setting in means]
    place = places(axes, grid)
    table = np.stack(list(means.values()))  # (strengths, weights)
    for part, style in _parts(next(iter(means)), table):
        _lines(axes, [place(value) for value in grid], table[:, part], style, apart=grid[0] == 0 and place(0.0) != 0)
    axes.axhline(0, color="0.25", linewidth=0.8)
    if found.choice and found.choice.setting in means:
        axes.axvline(
            place(found.choice.setting.numbers[key]), color="black", linewidth=1.2, linestyle=":", label="chosen by validation"
        )
    tidy(axes, axis_name(key, found), "weight")
    legend(axes)


def _parts(setting: Setting, table: np.ndarray) -> list[tuple[np.ndarray, dict[str, Any]]]:
    """Which weights are drawn together, those in the background first, and how: by the truth if it tells them apart."""
    size = np.abs(table).max(0)
    largest = np.zeros(size.size, dtype=bool)
    largest[np.argsort(size)[-_MOST:]] = True
    truth = true_weights(setting)
    if truth is not None and truth.size == size.size and 0 < np.count_nonzero(truth) < truth.size:
        off, on = truth == 0, truth != 0
        return [
            (off & largest, {"color": "0.6", **_THIN, "label": f"truly zero ({off.sum()})"}),
            (on & largest, {"color": LINES[1]["color"], "linewidth": 1.6, "label": f"truly nonzero ({on.sum()})"}),
        ]
    if size.size <= _NAMED:
        return [
            (np.arange(size.size) == i, {**LINES[i], "markersize": 5, "linewidth": 1.8, "label": f"weight {i}"})
            for i in range(size.size)
        ]
    return [(largest, {"color": LINES[0]["color"], **_THIN})]


def _lines(axes: Axes, x: Sequence[float], table: np.ndarray, style: dict[str, Any], *, apart: bool) -> None:
    """All lines of one style; strength zero stands apart on a logarithmic axis, and is joined by dots."""
    if apart:
        plain = {name: value for name, value in style.items() if name not in ("label", "linestyle", "marker", "markersize")}
        axes.plot(x[:2], table[:2], **plain, linestyle=":")
        axes.plot(x[:1], table[:1], **plain, linestyle="none", marker="o", markersize=3)
        x, table = x[1:], table[1:]
    lines = axes.plot(x, table, **{name: value for name, value in style.items() if name != "label"})
    if lines and "label" in style:
        lines[0].set_label(style["label"])
