"""Early stopping replayed on the history of a run that did not stop: what each criterion would have chosen, and when.

Every criterion judges the very evaluations that it would have seen, so that a run trained with it has the same end.
"""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING, Any

import numpy as np

from regexp.comparison.reading import Run
from regexp.comparison.statistics import estimate
from regexp.lazy import torch
from regexp.textbook.measuring import at_place
from regexp.textbook.study import NotMeasured, Study

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from regexp.regularizers import EarlyStopping

METRIC = "test/accuracy"

QUANTITIES = (
    "gain",
    "patience_accuracy",
    "patience_epochs",
    "patience_never",
    "gl_accuracy",
    "gl_epochs",
    "gl_never",
    "pq_accuracy",
    "pq_epochs",
    "pq_never",
    "up_accuracy",
    "up_epochs",
    "up_never",
)

CHOSEN = {"patience": 5, "gl": 5.0, "pq": 0.5, "up": 3}
"""The setting of each criterion that has a quantity."""

GRID: dict[str, tuple[float, ...]] = {
    "patience": (1, 2, 3, 5, 10, 20),
    "gl": (1.0, 2.0, 3.0, 5.0, 10.0, 20.0),
    "pq": (0.02, 0.05, 0.1, 0.2, 0.5, 1.0),
    "up": (1, 2, 3, 4, 6),
}
"""Of the picture: from hasty to slow."""


def of_run(run: Run) -> dict[str, float]:
    """``gain``: the test accuracy at the best validation epoch minus its mean over the last tenth of the epochs.
    ``CRITERION_accuracy``: that of the best epoch when the criterion stops; ``CRITERION_epochs``: how many epochs were trained
    until then; ``CRITERION_never``: 1 where that is all of them, because it never stopped.
    """
    found = {"gain": run.value(METRIC, "best") - at_place(run, METRIC, "end")}
    for criterion, value in CHOSEN.items():
        epochs, best, never = replay(run, stopper(criterion, value))
        found |= {f"{criterion}_accuracy": float(run.history[METRIC][best])}
        found |= {f"{criterion}_epochs": epochs, f"{criterion}_never": float(never)}
    return found


def stopper(criterion: str, value: float) -> EarlyStopping:
    """Early stopping by a criterion; ``value`` is its patience, alpha or number of strips."""
    from regexp.regularizers import EarlyStopping

    field = {"patience": "patience", "up": "strips"}.get(criterion, "alpha")
    fields: dict[str, Any] = {field: value}
    return EarlyStopping(criterion=criterion, **fields)


def replay(run: Run, stopping: EarlyStopping) -> tuple[float, int, bool]:
    """How many epochs would have been trained, in which row of the history the weights lie that would have been kept, and
    whether the run would not have been stopped at all.
    """
    from regexp.stack.numbers import numbers

    own, state, best = numbers([stopping], torch.device("cpu"), torch.float64), dict[str, torch.Tensor](), 0
    columns = {name: torch.tensor(run.history[name])[:, None] for name in ("train/loss", "val/loss")}
    for row, epoch in enumerate(run.history["epoch"].tolist()):
        verdict = stopping.watch(int(epoch), {name: column[row] for name, column in columns.items()}, state, own)
        best = row if verdict.keep.item() else best
        if not verdict.go_on.item():
            return float(epoch), best, False
    return float(epoch), best, True


def draw(study: Study, title: str) -> Figure:
    """A panel per setting: test accuracy against the epochs trained, a line per criterion, from hasty to slow."""
    from regexp.comparison.figures.style import LINES, new_figure, tidy
    from regexp.textbook.figures.caption import FEW, counted, facts, finish

    rows = len(study.settings) // 2 + 1
    figure, panels = new_figure(9.2, 1.2 + 3.4 * rows, 2 * rows, rows=rows)  # the last panel holds the legend
    for axes, setting in zip(panels, study.settings, strict=False):
        runs = [run for run in study.matching(setting) if run.status == "completed"]
        if not runs:
            raise NotMeasured(f"no finished run of {setting}")
        for (criterion, values), style in zip(GRID.items(), LINES, strict=False):
            points = [_point(runs, stopper(criterion, value)) for value in values]
            epochs, accuracy, half = np.transpose(points)
            axes.plot(epochs, accuracy, **style, linewidth=2, label=_word(criterion))
            if len(runs) >= FEW:
                axes.errorbar(epochs, accuracy, yerr=half, fmt="none", ecolor=style["color"], elinewidth=1.2, alpha=0.4)
        end = statistics.fmean(at_place(run, METRIC, "end") for run in runs)
        axes.axhline(end, color="0.4", linewidth=1.2, linestyle=(0, (2, 2)), label="last tenth of the epochs")
        axes.set_xlim(left=0)
        axes.set_title(study.label(setting), fontsize=12, loc="left")
        tidy(axes, "epochs trained", "test accuracy")
    for unused in panels[len(study.settings) :]:
        unused.axis("off")
    panels[-1].legend(*panels[0].get_legend_handles_labels(), frameon=False, fontsize=12, loc="center left")
    bars = " with 95 % t-intervals" if study.n >= FEW else ""
    caption = f"Mean accuracy{bars}, median epochs, {counted(study.n)}; each panel has a scale of its own"
    finish(figure, title, f"{caption}; along a line a criterion gets slower ({_grid()}). {facts(study, study.runs)}")
    return figure


def _point(runs: list[Run], stopping: EarlyStopping) -> tuple[float, float, float]:
    """Median of the epochs, which are cut off where a run is never stopped; mean accuracy, and half of its interval."""
    found = [replay(run, stopping) for run in runs]
    accuracies = [float(run.history[METRIC][best]) for run, (_, best, _) in zip(runs, found, strict=True)]
    mean = estimate(accuracies)
    return statistics.median(epochs for epochs, _, _ in found), float(mean.mean), float(mean.high - mean.mean)


def _grid() -> str:
    return "; ".join(f"{_word(criterion)} {', '.join(f'{value:g}' for value in values)}" for criterion, values in GRID.items())


def _word(criterion: str) -> str:
    return criterion if criterion == "patience" else criterion.upper()
