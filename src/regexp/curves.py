"""The textbook figure of one run: training, validation and test loss against the epoch, with the best epoch marked."""

from __future__ import annotations

import dataclasses
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from regexp import axes as scales
from regexp.component import Component
from regexp.experiment import Experiment

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Rows = Sequence[Mapping[str, float]]

# Colours of Okabe and Ito, which the colour-blind tell apart; the dashes tell the lines apart in grey.
_LINES: dict[str, dict[str, Any]] = {
    "train": {"label": "training", "color": "#0072B2", "linestyle": "-"},
    "val": {"label": "validation", "color": "#D55E00", "linestyle": (0, (4, 1.5))},
    "test": {"label": "test", "color": "#009E73", "linestyle": (0, (1.5, 1))},
}
_FEW = 30  # so many evaluations are shown as dots too
_LARGEST = 1e100  # larger values overflow in the arithmetic of ticks


def draw(rows: Rows, experiment: Experiment, path: Path, best_epoch: int | None) -> None:
    """Draw the run's ``rows`` into the PNG file ``path``."""
    picture(rows, experiment, best_epoch).savefig(path, format="png", dpi=150)


def picture(rows: Rows, experiment: Experiment, best_epoch: int | None) -> Figure:
    """The figure: losses, and accuracies beside them for classification.

    Losses have a logarithmic axis where all are positive and span more than a factor of 20; a linear one shows what comes after
    epoch 0 where that would flatten it. Values that are not finite (or beyond 1e100) are left out, and the epoch at which they
    begin is marked.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    names = ("loss", "accuracy") if experiment.dataset.task == "classification" else ("loss",)
    figure = Figure(figsize=(2 + 5 * len(names), 4.6), layout="constrained")
    FigureCanvasAgg(figure)  # not pyplot: slow to import, and keeps every figure
    for axes, name in zip(figure.subplots(1, len(names), squeeze=False).flat, names, strict=True):
        _panel(axes, rows, name, best_epoch)
    figure.axes[0].set_ylabel(f"loss ({experiment.data_loss.replace('_', ' ')})", fontsize=12)
    _title(figure, experiment)
    return figure


def _panel(axes: Axes, rows: Rows, name: str, best_epoch: int | None) -> None:
    """One metric of all splits."""
    first: list[float] = []
    later: list[float] = []
    for split, style in _LINES.items():
        column = [(row["epoch"], row[f"{split}/{name}"]) for row in rows if f"{split}/{name}" in row]
        if column:
            points = [point for point in column if _drawable(point[1])]
            epochs, values = [epoch for epoch, _ in points], [value for _, value in points]
            axes.plot(epochs, values, **style, linewidth=2, marker="o" if len(rows) <= _FEW else "", markersize=4)
            first += [value for epoch, value in points if epoch == 0]
            later += [value for epoch, value in points if epoch > 0]
    if best_epoch is not None:
        axes.axvline(best_epoch, color="0.3", linewidth=1.2, linestyle=":", label=f"best epoch: {best_epoch}")
    if (epoch := _divergence(rows)) is not None:
        axes.axvline(epoch, color="0.3", linewidth=1.2, linestyle="-", label=f"diverged: {epoch}")
    axes.set_xlabel("epoch", fontsize=12)
    axes.set_ylabel(name, fontsize=12)
    axes.tick_params(labelsize=11)
    axes.grid(color="0.9")
    axes.spines[["top", "right"]].set_visible(False)
    if axes.get_legend_handles_labels()[1]:
        axes.legend(frameon=False, fontsize=11, handlelength=3)
    scales.whole_epochs(axes)
    if not scales.logarithmic(axes, first + later):
        scales.focus(axes, first, later)


def _divergence(rows: Rows) -> float | None:
    """The first epoch whose training or validation loss cannot be drawn."""
    watched = ("train/loss", "val/loss")
    return next((row["epoch"] for row in rows if not all(_drawable(row.get(name, 0.0)) for name in watched)), None)


def _drawable(value: float) -> bool:
    return abs(value) < _LARGEST  # false for NaN


def _title(figure: Figure, experiment: Experiment) -> None:
    """The regularizers with their strengths, and below them, smaller, the setting."""
    regularizers = " + ".join(map(_described, experiment.regularizers)) or "no regularizer"
    batch = "full batch" if experiment.batch_size is None else f"batch {experiment.batch_size}"
    where = f"{_described(experiment.model)} on {experiment.dataset.name()}"
    setting = f"{where}, {_described(experiment.optimizer)}, {batch}, seed {experiment.seed}"
    width = figure.get_figwidth()
    figure.suptitle(textwrap.fill(regularizers, width=round(9 * width)), fontsize=14, x=0.01, ha="left")
    figure.axes[0].set_title(textwrap.fill(setting, width=round(12 * width)), fontsize=10, color="0.3", loc="left")


def _described(component: Component) -> str:
    """A component's name, and the fields in which it differs from its defaults: ``weight_decay (strength 3)``."""
    fields = [(field.name, getattr(component, field.name), field.default) for field in dataclasses.fields(component)]
    told = [f"{name} {_short(value)}" for name, value, default in fields if value != default]
    return f"{component.name()} ({', '.join(told)})" if told else component.name()


def _short(value: Any) -> str:
    if isinstance(value, (tuple, list)):
        return f"[{', '.join(map(_short, value))}]"
    return f"{value:g}" if isinstance(value, float) else str(value)
