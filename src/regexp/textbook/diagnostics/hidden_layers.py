"""Gradients and zero activations, layer by layer, before training and after it."""

from __future__ import annotations

import dataclasses
import statistics
from typing import TYPE_CHECKING, Any

import numpy as np

import regexp
from regexp.comparison.reading import Run
from regexp.comparison.statistics import estimate
from regexp.diagnostics import examples, gradient_norms, zero_activations
from regexp.results import Result
from regexp.textbook.study import Study, matches

if TYPE_CHECKING:
    from matplotlib.figure import Figure

QUANTITIES = ("ratio_start", "ratio_end", "zeros_start", "zeros_end")
NONNEGATIVE = QUANTITIES

IMAGES = 1000

LEAST = 1e-30
"""A gradient below this is drawn as this: zero has no logarithm."""


def of_run(run: Run, settings: dict[str, Any] | None = None) -> dict[str, float]:
    """``ratio``: the norm of the training loss's gradient by the weights of the first hidden layer over that by those of the
    last one. ``zeros``: the share of hidden activations that are exactly zero, the mean of the layers. ``start``: with the
    initial weights. ``settings``: of the picture.
    """
    trained = regexp.load(run.folder)
    found = {}
    for when, result in {"start": untrained(trained), "end": trained}.items():
        norms = _norms(result)
        found[f"ratio_{when}"] = norms[0] / norms[-1]
        found[f"zeros_{when}"] = statistics.fmean(zero_activations(result, examples(result, "train", IMAGES)[0]).values())
    return found


def untrained(result: Result) -> Result:
    """The same run with its initial weights."""
    return dataclasses.replace(result, weights={"final": {}})


def _norms(result: Result) -> list[float]:
    """Of the gradients by the hidden layers' weights, the first one first."""
    norms = gradient_norms(result, *examples(result, "train", IMAGES))
    return [norm for name, norm in norms.items() if name.startswith("hidden.")]


def draw(study: Study, title: str, settings: dict[str, Any]) -> Figure:
    """The gradient's norm by layer, a panel before training and one after it. ``settings``: fields of the runs of each line."""
    from regexp.comparison.figures.style import LINES, new_figure, tidy
    from regexp.textbook.figures.caption import FEW, OF_LOGARITHMS, counted, facts, finish

    figure, panels = new_figure(11.0, 4.9, 2, alike=True)
    for (label, wanted), style in zip(settings.items(), LINES, strict=False):
        runs = [regexp.load(run.folder) for run in study.runs if matches(run.fields, wanted)]
        for axes, results in zip(panels, ([untrained(run) for run in runs], runs), strict=True):
            found = estimate([np.log10(np.maximum(layer, LEAST)) for layer in zip(*map(_norms, results), strict=True)])
            layers = range(1, len(found.mean) + 1)
            line: dict[str, Any] = {**style, "label": label}
            axes.plot(layers, 10**found.mean, linewidth=2, **line)
            if found.n >= FEW:
                axes.fill_between(layers, 10**found.low, 10**found.high, color=style["color"], alpha=0.18, linewidth=0)
            axes.set_xticks(list(layers))
    panels[0].set_yscale("log")
    for axes, when in zip(panels, ("before training", "after training"), strict=True):
        axes.set_title(when, fontsize=12, loc="left")
        tidy(axes, "hidden layer, from the input", "norm of the gradient" if when == "before training" else "")
    panels[0].legend(frameon=False, fontsize=11)
    shown = "lines are geometric means" + (f", bands {OF_LOGARITHMS}" if study.n >= FEW else "")
    runs = [run for run in study.runs if any(matches(run.fields, wanted) for wanted in settings.values())]
    caption = (
        f"{counted(study.n)} per line; {shown}. Gradients of the loss by each layer's weights, on {IMAGES} training images."
    )
    finish(figure, title, f"{caption} {facts(study, runs)}")
    return figure
