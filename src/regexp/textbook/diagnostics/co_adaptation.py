"""How much the hidden units of a network rely on each other."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING, Any

import regexp
from regexp.comparison.reading import Run
from regexp.comparison.statistics import estimate
from regexp.diagnostics import deletion_drop, examples, unit_correlations
from regexp.textbook.study import Study

if TYPE_CHECKING:
    from matplotlib.figure import Figure

QUANTITIES = ("correlation", "lost")
NONNEGATIVE = ("correlation",)

IMAGES, REPEATS = 1000, 10


def of_run(run: Run, units: int) -> dict[str, float]:
    """``correlation``: the mean absolute correlation between units of a hidden layer over test images, the mean of the layers.
    ``lost``: test accuracy lost when ``units`` random hidden units are deleted.
    """
    found = regexp.load(run.folder)
    inputs, targets = examples(found, "test", IMAGES)
    correlation = statistics.fmean(unit_correlations(found, inputs).values())
    return {"correlation": correlation, "lost": deletion_drop(found, inputs, targets, units, repeats=REPEATS)}


def draw(study: Study, title: str, units: int) -> Figure:
    """Test accuracy lost against the number of deleted units, a line per setting."""
    from regexp.comparison.figures.style import LINES, new_figure, tidy
    from regexp.textbook.figures.caption import FEW, counted, facts, finish

    counts = [0, *(units * k // 2 for k in range(1, 5))]
    figure, (axes,) = new_figure(8.0, 4.9, 1)
    for setting, style in zip(study.settings, LINES, strict=False):
        found = estimate(list(zip(*[_lost(run, counts) for run in study.by_seed(setting).values()], strict=True)))
        line: dict[str, Any] = {**style, "label": study.label(setting)}
        axes.plot(counts, found.mean, linewidth=2, **line)
        if found.n >= FEW:
            axes.fill_between(counts, found.low, found.high, color=style["color"], alpha=0.18, linewidth=0)
    tidy(axes, f"hidden units deleted, of {_hidden(study)}", "test accuracy lost")
    axes.legend(frameon=False, fontsize=11)
    band = ", bands are 95 % t-intervals" if study.n >= FEW else ""
    caption = f"{counted(study.n)} per setting, {REPEATS} draws of units each; means{band}."
    finish(figure, title, f"{caption} {facts(study, study.runs)}")
    return figure


def _lost(run: Run, counts: list[int]) -> list[float]:
    found = regexp.load(run.folder)
    inputs, targets = examples(found, "test", IMAGES)
    return [deletion_drop(found, inputs, targets, count, repeats=REPEATS) for count in counts]


def _hidden(study: Study) -> int:
    return sum(study.runs[0].fields["model.hidden"])
