"""Least squares without regularization against ridge of the best strength, from too few examples to enough.

Errors are mean squared errors on new examples, exact for every draw of the training data (not halved, as in the reference).

Reference: Nakkiran, Venkat, Kakade and Ma, "Optimal regularization can mitigate double descent", 2021.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from regexp.lazy import torch
from regexp.textbook.study import Study

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FEATURES, NOISE = 500, 0.5
SIZES = (100, 250, 400, 490, 510, 600, 750, 1000)
TUNED_SIZES = tuple(sorted((*SIZES, FEATURES)))
"""Ridge has a finite error where examples are as many as features, too."""
QUANTITIES = ("ratio_490", "ratio_510", "rise", "tuned_fall_before", "tuned_fall_after")
DOTS = dict.fromkeys(("ratio_490", "ratio_510"), "a data set")
DRAWS = 10
"""Data sets per seed of the study at 490 and 510 examples, where the error has a heavy tail; one per seed elsewhere."""


def of_study(study: Study) -> dict[str, list[float]]:
    """``ratio_490``, ``ratio_510``: the error of least squares over the exact formula for its mean. ``rise``: how much larger
    it is with 510 examples, the mean of a seed's ten data sets, than with 250. ``tuned_fall_before``: how much smaller the
    error of ridge with the best strength, features * noise**2 / (n |w|**2), is with 500 examples than with 250;
    ``tuned_fall_after``: with 600 than with 500.
    """
    plain, tuned = study.once(("double_descent", "errors"), lambda: errors(study.seeds))
    near = plain[510].reshape(study.n, DRAWS).mean(1)
    return {
        "ratio_490": (plain[490] / formula(490)).tolist(),
        "ratio_510": (plain[510] / formula(510)).tolist(),
        "rise": (near - plain[250]).tolist(),
        "tuned_fall_before": (tuned[250] - tuned[500]).tolist(),
        "tuned_fall_after": (tuned[500] - tuned[600]).tolist(),
    }


def recipe() -> str:
    """For captions."""
    return f"{FEATURES} features, weights of norm 1, noise {NOISE:g}, ridge of strength features * noise^2 / examples"


Errors = dict[int, np.ndarray]


def errors(seeds: range) -> tuple[Errors, Errors]:
    """By number of examples, the error of every draw: least squares of minimum norm, and ridge of the best strength."""
    many = range(DRAWS * seeds.start, DRAWS * seeds.stop)
    draws = {size: many if size in (490, 510) else seeds for size in SIZES}
    plain = {size: np.array([_error(size, seed, 0.0) for seed in draws[size]]) for size in SIZES}
    best = {size: np.array([_error(size, seed, FEATURES * NOISE**2 / size) for seed in seeds]) for size in TUNED_SIZES}
    return plain, best


def formula(size: int) -> float:
    """The mean of the error of least squares, exactly."""
    from regexp.diagnostics import minimum_norm_risk

    return 2 * minimum_norm_risk(size, FEATURES, 1.0, NOISE)


def _error(size: int, seed: int, strength: float) -> float:
    from regexp.datasets import SyntheticRegression
    from regexp.diagnostics import ridge, risk

    world = SyntheticRegression(FEATURES, size, 0, 1, true_weight=FEATURES**-0.5, true_bias=0.0, noise=NOISE)
    data = world.load(seed, torch.float64)
    rows = data.rows["train"]
    return 2 * risk(ridge(data.inputs[rows], data.targets[rows], strength, intercept=False), world)


def draw(study: Study, title: str) -> Figure:
    """Both errors against the number of examples, and the formula as a line."""
    from regexp.comparison.figures.style import LINES, new_figure, tidy
    from regexp.textbook.figures.caption import finish
    from regexp.textbook.verdicts import interval

    both = study.once(("double_descent", "errors"), lambda: errors(study.seeds))
    figure, (axes,) = new_figure(9.0, 4.9, 1)
    for side in (range(60, 499), range(502, 1001)):
        sizes = list(side)
        axes.plot(sizes, [formula(size) for size in sizes], color="0.45", linewidth=1.5)
    axes.lines[-1].set_label("formula, least squares")
    for found, style, words in zip(both, LINES, ("least squares", "ridge of the best strength"), strict=False):
        sizes = list(found)
        means = np.array([found[size].mean() for size in sizes])
        ends = np.array([interval(found[size]) for size in sizes]).T
        line = {**style, "linestyle": "-" if words.startswith("ridge") else ""}
        axes.errorbar(sizes, means, yerr=np.abs(ends - means), capsize=4, linewidth=1.6, label=words, **line)
    axes.axvline(FEATURES, color="0.7", linewidth=1, linestyle=(0, (2, 2)))
    axes.set_yscale("log")
    axes.set_ylim(0.3, 30)
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    tidy(axes, f"training examples ({FEATURES} features)", "mean squared error on new examples")
    axes.legend(frameon=False, fontsize=11)
    caption = f"Means and 95 % intervals of {study.n} data sets (least squares at 490 and 510: {DRAWS * study.n})."
    infinite = f"At {FEATURES} the mean of least squares is infinite."
    finish(figure, title, f"{caption} {infinite} Tier {study.tier}: {recipe()}.")
    return figure
