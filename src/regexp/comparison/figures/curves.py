"""Learning curves: mean and band over seeds, one line per setting."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from regexp.axes import focus, whole_epochs
from regexp.comparison.figures.style import LINES, finish, keep_above_zero, new_figure, scale_y, tidy, worded
from regexp.comparison.findings import Findings
from regexp.comparison.settings import Setting
from regexp.comparison.statistics import Estimate, estimate

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_MOST = 6


def learning_curves(found: Findings) -> Figure:
    """The training metric and the compared one against the epoch."""
    kind = found.how.metric.partition("/")[2]
    metrics = list(dict.fromkeys([f"train/{kind}" if kind else found.how.metric, found.how.metric]))
    known = {name for run in found.runs for name in run.history}
    metrics = [name for name in metrics if name in known] or metrics[-1:]
    settings = some(found)
    figure, panels = new_figure(2.6 + 5.0 * len(metrics), 4.9, len(metrics))
    for axes, metric in zip(panels, metrics, strict=True):
        _panel(axes, found, settings, metric)
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside right upper", frameon=False, fontsize=11, handlelength=2.8)
    shown = f"{len(settings)} of {len(found.rows)} settings, " if len(settings) < len(found.rows) else ""
    several = any(row.n > 1 for row in found.rows if row.setting in settings)
    bands = ", bands 95 % t-intervals of the mean (on an axis of powers where they stay above zero)" if several else ""
    finish(figure, "Learning curves", found, f"{shown}lines are means{bands}", settings)
    return figure


def some(found: Findings) -> list[Setting]:
    """At most six settings: the baseline, the choice, and evenly spaced ones between, in grid order."""
    settings = found.settings
    if len(settings) <= _MOST:
        return settings
    kept = {found.baseline, *([found.choice.setting] if found.choice else [])}
    spaced = [settings[i] for i in np.linspace(0, len(settings) - 1, _MOST).round().astype(int)]
    for setting in [spaced[0], spaced[-1], *spaced[1:-1]]:
        if len(kept) < _MOST:
            kept.add(setting)
    return [setting for setting in settings if setting in kept]


def curve(setting: Setting, metric: str, correction: float = 0.0) -> tuple[np.ndarray, Estimate] | None:
    """Mean and interval at every epoch that all completed runs of a setting have evaluated; None if there is none."""
    columns = [
        dict(zip(run.history["epoch"].tolist(), run.history[metric].tolist(), strict=True))
        for run in setting.runs.values()
        if run.status == "completed" and metric in run.history
    ]
    epochs = [epoch for epoch in (columns[0] if columns else ()) if all(epoch in column for column in columns)]
    if not epochs:
        return None
    return np.array(epochs), estimate([[column[epoch] for column in columns] for epoch in epochs], correction)


def _panel(axes: Axes, found: Findings, settings: list[Setting], metric: str) -> None:
    chosen = found.choice.setting if found.choice else None
    bands: list[tuple[np.ndarray, Estimate, str]] = []
    for setting, style in zip(settings, LINES, strict=False):
        if (found_curve := curve(setting, metric, found.how.correction)) is None:
            continue
        words = " (chosen)" if setting is chosen else " (baseline)" if setting is found.baseline else ""
        line = {"color": style["color"], "linestyle": style["linestyle"], "linewidth": 3 if setting is chosen else 1.8}
        axes.plot(found_curve[0], found_curve[1].mean, label=setting.label + words, **line)
        bands.append((*found_curve, style["color"]))
    tidy(axes, "epoch", worded(metric, found))
    whole_epochs(axes)
    means = [value for _, band, _ in bands for value in band.mean.tolist() if np.isfinite(value)]
    powers = scale_y(axes, means)
    for epochs, band, color in bands:
        _fill(axes, epochs, band, color, powers, 0.2 if len(bands) < 4 else 0.12)
    if not powers:
        focus(axes, *_first_and_later(bands))
    keep_above_zero(axes, metric, means)


def _fill(axes: Axes, epochs: np.ndarray, band: Estimate, color: str, powers: bool, alpha: float) -> None:
    """The interval; on an axis of powers only where it ends above zero."""
    where = np.isfinite(band.low) & ((band.low > 0) | (not powers))
    axes.fill_between(epochs, band.low, band.high, where=where, color=color, alpha=alpha, linewidth=0)


def _first_and_later(bands: list[tuple[np.ndarray, Estimate, str]]) -> tuple[list[float], list[float]]:
    """The means before training, and the ends of all intervals after it."""
    first = [value for epochs, band, _ in bands for value in band.mean[epochs == 0]]
    later = [v for epochs, band, _ in bands for end in (band.mean, band.low, band.high) for v in end[epochs > 0]]
    return [float(v) for v in first if np.isfinite(v)], [float(v) for v in later if np.isfinite(v)]
