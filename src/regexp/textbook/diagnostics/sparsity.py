"""What L1 leaves of a network."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

import regexp
from regexp.comparison.reading import Run
from regexp.comparison.statistics import estimate
from regexp.textbook.study import Study

if TYPE_CHECKING:
    from matplotlib.figure import Figure

QUANTITIES = ("weights_left", "inputs_left")
NONNEGATIVE = QUANTITIES

APART = 0.08
"""Strengths closer than this would be written over each other, were both above their marks."""

ABOVE, BESIDE = {"xytext": (6, 7)}, {"xytext": (-9, -4), "ha": "right"}
"""Where a strength is written, in points from its mark."""

HOLLOW = {"markersize": 11, "markerfacecolor": "none", "markeredgewidth": 1.8}
"""Marks of the subgradient, which leaves no zeros: around that of the proximal step at strength 0 instead of over it."""


def of_run(run: Run) -> dict[str, float]:
    """How many weights of all layers, and how many inputs of the first, are not exactly zero."""
    weights = [w for name, w in regexp.load(run.folder).weights["final"].items() if name.endswith("weight")]
    return {
        "weights_left": float(sum((w != 0).sum().item() for w in weights)),
        "inputs_left": float((weights[0] != 0).any(1).sum().item()),
    }


def draw(study: Study, title: str) -> Figure:
    """Accuracy against the share of exact zeros: a point per run, and the mean of each strength with its name."""
    from regexp.comparison.figures.style import LINES, new_figure, tidy
    from regexp.textbook.figures.caption import FEW, counted, facts, finish

    figure, (axes,) = new_figure(8.0, 4.9, 1)
    for name, style in zip(("l1", "l1_subgradient"), LINES, strict=False):
        runs = [run for run in study.runs if run.fields["regularizer"] == (name,) and run.status == "completed"]
        groups: dict[float, list[tuple[float, float]]] = {}
        for run in runs:
            point = run.value("weights/zero_fraction", "final"), run.value("test/accuracy", "final")
            groups.setdefault(float(run.fields[f"regularizer.{name}.strength"]), []).append(point)
        means = np.array([np.mean(groups[strength], axis=0) for strength in sorted(groups)])
        for points in groups.values():
            x, y = np.transpose(points)
            axes.scatter(x, y, s=22, color=style["color"], alpha=0.45, linewidth=0)
        for points in (groups[strength] for strength in groups if len(groups[strength]) >= FEW):
            mean, accuracy = np.mean(points, axis=0)[0], estimate([accuracy for _, accuracy in points])
            ends = [[accuracy.mean - accuracy.low], [accuracy.high - accuracy.mean]]
            axes.errorbar([mean], [accuracy.mean], yerr=ends, fmt="none", ecolor=style["color"], capsize=4, elinewidth=1.5)
        marks: dict[str, Any] = {} if name == "l1" else HOLLOW
        axes.plot(*means.T, **style, **marks, linewidth=2, label={"l1": "L1, proximal step"}.get(name, "L1, subgradient"))
        before = -1.0 if name == "l1" else math.inf
        for strength, mean in zip(sorted(groups), means, strict=True):
            place: dict[str, Any] = BESIDE if mean[0] < before + APART else ABOVE
            before = max(before, mean[0])
            axes.annotate(f"{strength:g}", mean, textcoords="offset points", fontsize=10, color=style["color"], **place)
    axes.set_xlim(left=-APART - 0.04)
    tidy(axes, "share of weights that are exactly zero", "test accuracy")
    axes.legend(frameon=False, fontsize=11, loc="lower left")
    bars = " with 95 % t-intervals of the accuracy" if study.n >= FEW else ""
    caption = (
        f"{counted(study.n)} per strength, after the last epoch; a dot per seed, marks are means{bars}, the numbers strengths."
    )
    finish(figure, title, f"{caption} {facts(study, study.runs)}")
    return figure
