"""Learning curves: mean and band over seeds, one line per setting."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from regexp.comparison.answer import Findings
from regexp.comparison.figures.style import LINES, finish, new_figure, scale_y, tidy, worded
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
    known = {name for setting in found.settings for run in setting.runs.values() for name in run.history}
    metrics = [name for name in metrics if name in known] or metrics[-1:]
    settings = some(found)
    figure, panels = new_figure(2.6 + 5.0 * len(metrics), 4.9, len(metrics))
    for axes, metric in zip(panels, metrics, strict=True):
        _panel(axes, found, settings, metric)
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside right upper", frameon=False, fontsize=11, handlelength=2.8)
    shown = f"{len(settings)} of {len(found.rows)} settings, " if len(settings) < len(found.rows) else ""
    finish(figure, "Learning curves", found, f"{shown}lines are means, bands 95 % t-intervals of the mean")
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
    from matplotlib.ticker import MaxNLocator

    chosen = found.choice.setting if found.choice else None
    shown: list[float] = []
    for setting, style in zip(settings, LINES, strict=False):
        if (found_curve := curve(setting, metric, found.how.correction)) is None:
            continue
        epochs, band = found_curve
        words = " (chosen)" if setting is chosen else " (baseline)" if setting is found.baseline else ""
        line = {"color": style["color"], "linestyle": style["linestyle"], "linewidth": 3 if setting is chosen else 1.8}
        axes.plot(epochs, band.mean, label=setting.label + words, **line)
        if np.isfinite(band.low).all():
            axes.fill_between(epochs, band.low, band.high, color=style["color"], alpha=0.18, linewidth=0)
        shown += [value for value in band.mean.tolist() if np.isfinite(value)]
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1, steps=[1, 2, 5, 10]))
    tidy(axes, "epoch", worded(metric, found))
    scale_y(axes, shown)
