"""Gradients of untrained networks against their depth: vanishing and exploding, by the law of the initial weights.

Reference: Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural networks", 2010; Nielsen,
"Neural Networks and Deep Learning", 2015, chapter 5.
"""

from __future__ import annotations

import dataclasses
import functools
import math
from typing import TYPE_CHECKING, Any

import regexp
from regexp.comparison.statistics import estimate
from regexp.diagnostics import examples, gradient_norms
from regexp.models import MLP
from regexp.textbook.study import Study

if TYPE_CHECKING:
    from matplotlib.figure import Figure

QUANTITIES = ("vanishing", "exploding", "kept", "shallow")

LAWS: dict[str, tuple[str, dict[str, Any]]] = {
    "vanishing": ("sigmoid, N(0, 1/n_in)", {"activation": "sigmoid", "init": "lecun_normal"}),
    "exploding": ("tanh, N(0, 1)", {"activation": "tanh", "init": "normal", "init_std": 1.0}),
    "kept": ("tanh, Xavier", {"activation": "tanh", "init": "xavier_normal"}),
}
IMAGES = 200

Found = dict[str, list[float]]


def of_study(study: Study, depths: list[int], width: int) -> Found:
    """Orders of magnitude between the gradient's norms at the first and the last of the largest of ``depths`` hidden layers of
    ``width`` units, one value per seed. ``vanishing``: how many the first is below the last (sigmoid, N(0, 1/n_in));
    ``exploding`` and ``kept``: how many it is above (tanh with N(0, 1), and with Xavier's). ``shallow``: ``kept`` at the
    smallest of the depths.
    """
    found = {name: _orders(study, name, max(depths), width) for name in LAWS}
    found["shallow"] = _orders(study, "kept", min(depths), width)
    return found | {"vanishing": [-orders for orders in found["vanishing"]]}


def recipe(depths: list[int], width: int) -> str:
    """For captions."""
    return (
        f"untrained networks of {width} units per layer, gradients of cross-entropy by the weights on {IMAGES} training images"
    )


@functools.lru_cache(maxsize=64)
def _orders(study: Study, name: str, depth: int, width: int) -> list[float]:
    trained = regexp.load(study.runs[0].folder)
    model = MLP(hidden=(width,) * depth, **LAWS[name][1])
    found = []
    for seed in study.seeds:
        experiment = dataclasses.replace(trained.experiment, model=model, seed=seed, loss="cross_entropy")
        result = dataclasses.replace(trained, experiment=experiment, weights={"final": {}})
        norms = gradient_norms(result, *examples(result, "train", IMAGES))
        found.append(math.log10(norms["hidden.0.weight"] / norms[f"hidden.{depth - 1}.weight"]))
    return found


def draw(study: Study, title: str, depths: list[int], width: int) -> Figure:
    """The ratio of the two norms against the depth, a line per law."""
    from regexp.comparison.figures.style import LINES, new_figure, tidy
    from regexp.textbook.figures.caption import FEW, OF_LOGARITHMS, counted, finish

    figure, (axes,) = new_figure(8.0, 4.9, 1)
    for name, style in zip(LAWS, LINES, strict=False):
        found = estimate([_orders(study, name, depth, width) for depth in depths])
        line: dict[str, Any] = {**style, "label": LAWS[name][0]}
        axes.plot(depths, 10**found.mean, linewidth=2, **line)
        if found.n >= FEW:
            axes.fill_between(depths, 10**found.low, 10**found.high, color=style["color"], alpha=0.18, linewidth=0)
    axes.set_yscale("log")
    axes.axhline(1, color="0.3", linewidth=1)
    tidy(axes, "hidden layers", "gradient at the first layer\n/ at the last hidden one")
    axes.legend(frameon=False, fontsize=11)
    bands = f", bands {OF_LOGARITHMS}" if study.n >= FEW else ""
    finish(
        figure,
        title,
        f"{counted(study.n)}; lines are geometric means{bands}. Tier {study.tier}: {recipe(depths, width)}.",
    )
    return figure
