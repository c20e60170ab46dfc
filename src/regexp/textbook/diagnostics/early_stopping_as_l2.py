"""Gradient descent on a quadratic, stopped after some steps, against ridge.

From zero, ``tau`` steps at rate ``lr`` shrink the least-squares solution along an eigenvector of the Hessian with eigenvalue h
to the fraction ``1 - (1 - lr h)**tau``; ridge of strength a shrinks it to ``h / (h + a)``. With ``a = 1 / (tau lr)`` both are
``tau lr h`` where that is small, and 1 where it is large; in between they differ.

Reference: Goodfellow, Bengio and Courville, "Deep Learning", 2016, section 7.8.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np

from regexp.lazy import torch
from regexp.textbook.study import Study

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    import regexp

QUANTITIES = ("path", "small", "middle", "one_step")
NONNEGATIVE = QUANTITIES

LR, STEPS = 0.02, (1, 10, 50, 200)
"""Of the trained paths."""
MANY = 1000
"""Steps that stand for a small rate."""


def of_study(study: Study) -> dict[str, list[float]]:
    """``path``: the largest difference of a weight, over runs of 1 to 200 steps on a data set per seed, to the formula.
    The difference of the two shrinkages: ``small`` at tau lr h = 0.1, ``middle`` at 2.5 (1000 small steps each), and
    ``one_step`` at one step with lr h = 1.
    """
    gaps = {"small": gap(0.1 / MANY, MANY), "middle": gap(2.5 / MANY, MANY), "one_step": gap(1.0, 1)}
    return {"path": _paths(study.seeds), **{name: [abs(value)] for name, value in gaps.items()}}


def recipe() -> str:
    """For captions."""
    said = f"trained for 1 to {max(STEPS)} steps at learning rate {LR:g} on 40 examples with 8 features"
    return f"gradient descent from zero without momentum, {said}, or exact arithmetic"


def stopped(rate: float, steps: int) -> float:
    """The factor of gradient descent; ``rate`` is lr h."""
    return 1 - (1 - rate) ** steps


def penalised(rate: float, steps: int) -> float:
    """The factor of ridge with strength ``1 / (steps lr)``."""
    return rate * steps / (rate * steps + 1)


def gap(rate: float, steps: int) -> float:
    """How far the two are apart."""
    return stopped(rate, steps) - penalised(rate, steps)


def _paths(seeds: range) -> list[float]:
    import regexp
    from regexp.datasets import SyntheticRegression
    from regexp.models import Linear
    from regexp.optim import SGD

    one = regexp.Experiment(
        SyntheticRegression(8, 40, val_size=0, true_weight=1.0, true_bias=0.0, noise=0.5),
        Linear(init="constant", bias=False),
        SGD(LR),
        dtype="float64",
    )
    errors = np.zeros(len(seeds))
    for steps in STEPS:
        runs = [dataclasses.replace(one, seed=seed, epochs=steps, eval_every=steps) for seed in seeds]
        errors = np.maximum(errors, [_error(run, steps) for run in regexp.fit(runs, threads=1)])
    return errors.tolist()


def _error(run: regexp.Result, steps: int) -> float:
    """Of the trained weights to the formula, eigenvector by eigenvector."""
    from regexp.diagnostics import examples

    x, y = examples(run, "train")
    eigenvalues, vectors = torch.linalg.eigh(x.T @ x / len(x))
    along = vectors.T @ (x.T @ y / len(x)) / eigenvalues[:, None]
    formula = vectors @ ((1 - (1 - LR * eigenvalues) ** steps)[:, None] * along)
    return (run.weights["final"]["output.weight"] - formula).abs().max().item()


def draw(study: Study, title: str) -> Figure:
    """Both factors, and what lies between them, against tau lr h."""
    from regexp.comparison.figures.style import LINES, new_figure, tidy
    from regexp.textbook.figures.caption import finish

    figure, panels = new_figure(12.0, 4.9, 2)
    products = np.logspace(-2, 2, 200)
    many, few, ridge = LINES[:3]
    factors = [
        ([stopped(p / MANY, MANY) for p in products], many, "early stopping, many small steps"),
        ([penalised(p, 1) for p in products], ridge, "ridge, 1 / (steps x learning rate)"),
    ]
    for values, style, words in factors:
        panels[0].plot(products, values, **{**style, "marker": None}, linewidth=2, label=words)
    panels[1].plot(
        products, [gap(p / MANY, MANY) for p in products], **{**many, "marker": None}, linewidth=2, label="many small steps"
    )
    single = products[products <= 2]
    panels[1].plot(single, [gap(p, 1) for p in single], **{**few, "marker": None}, linewidth=2, label="a single step")
    for axes, words in zip(panels, ("fraction of the least-squares weight", "early stopping minus ridge"), strict=True):
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
        tidy(axes, "steps x learning rate x curvature", words)
    panels[0].legend(frameon=False, fontsize=11)
    panels[1].legend(frameon=False, fontsize=11)
    finish(figure, title, "Exact arithmetic on a quadratic; gradient descent from zero without momentum.")
    return figure
