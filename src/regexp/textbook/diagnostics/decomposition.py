"""Bias and variance of settings over redrawn data sets, for the same new inputs.

Reference: Geman, Bienenstock and Doursat, "Neural networks and the bias/variance dilemma", 1992; Tukey, "Bias and confidence in
not-quite large samples", 1958 (the jackknife).
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import numpy as np

import regexp
from regexp.comparison.reading import Run
from regexp.lazy import torch
from regexp.textbook.study import Study

if TYPE_CHECKING:
    from matplotlib.figure import Figure

QUANTITIES = (
    "bias_linear_few",
    "variance_linear_few",
    "bias_mlp_few",
    "variance_mlp_few",
    "bias_linear_many",
    "variance_linear_many",
    "bias_mlp_many",
    "variance_mlp_many",
)

DOTS = dict.fromkeys(QUANTITIES, "a seed's jackknife pseudo-value")

INPUTS = 2000
ELSEWHERE = 10**6
"""The seed of the inputs at which all runs are compared; no run is trained on it."""


def of_study(study: Study) -> dict[str, dict[Any, float]]:
    """Squared bias and variance of every setting, half of each as in the loss. A setting has one number over all its seeds; a
    seed's value is its pseudo-value of the jackknife, ``M t - (M - 1) t(without it)``, whose mean over seeds is that number and
    whose spread gives its interval.
    """
    found: dict[str, dict[Any, float]] = {}
    for setting in study.settings:
        runs = study.by_seed(setting)
        values = _pseudo_values(*_predictions(list(runs.values())))
        for name, column in zip(("bias", "variance"), values.T, strict=True):
            found[f"{name}_{setting}"] = dict(zip(runs, (0.5 * column).tolist(), strict=True))
    return found


def settings_of(quantity: str) -> list[str]:
    """Of one setting."""
    return [quantity.partition("_")[2]]


def _pseudo_values(predictions: torch.Tensor, truth: torch.Tensor) -> np.ndarray:
    """Of squared bias and variance, a row per member."""
    from regexp.diagnostics.bias_variance import decompose

    members = len(predictions)
    everything = np.array(decompose(predictions, truth))
    others = [[i for i in range(members) if i != left_out] for left_out in range(members)]
    return np.array([members * everything - (members - 1) * np.array(decompose(predictions[k], truth)) for k in others])


@torch.no_grad()
def _predictions(runs: list[Run]) -> tuple[torch.Tensor, torch.Tensor]:
    """What all runs predict for new inputs (members, inputs, 1), and the targets without noise."""
    results = [regexp.load(run.folder) for run in runs]
    dataset = dataclasses.replace(results[0].experiment.dataset, train_size=1, val_size=0, test_size=INPUTS)
    data = dataset.load(ELSEWHERE, torch.float64)
    x = data.inputs[data.rows["test"]]
    dtype = results[0].experiment.stored_dtype
    return torch.stack([result.model()(x.to(dtype)).double() for result in results]), dataset.truth(x)


def draw(study: Study, title: str) -> Figure:
    """Two bars per setting, squared bias and variance, with their intervals; a panel, with a scale of its own, per size."""
    from regexp.comparison.figures.style import LINES, new_figure, tidy
    from regexp.textbook.figures.caption import counted, facts, finish
    from regexp.textbook.verdicts import interval

    found = study.once(("decomposition",), lambda: of_study(study))
    sizes = dict.fromkeys(wanted["dataset.train_size"] for wanted in study.protocol.settings.values())
    figure, panels = new_figure(9.2, 4.9, len(sizes))
    for axes, size in zip(panels, sizes, strict=True):
        settings = [name for name, wanted in study.protocol.settings.items() if wanted["dataset.train_size"] == size]
        places = np.arange(len(settings))
        for side, (name, words), style in zip(
            (-0.2, 0.2), {"bias": "squared bias", "variance": "variance"}.items(), LINES, strict=False
        ):
            columns = [list(found[f"{name}_{setting}"].values()) for setting in settings]
            means = np.array([np.mean(column) for column in columns])
            ends = np.abs(np.array([interval(column) for column in columns]).T - means)
            bars = {"color": style["color"], "alpha": 0.65, "label": f"half of the {words}", "capsize": 5}
            axes.bar(places + side, means, width=0.36, yerr=ends, **bars)
        tidy(axes, "", "part of the expected test loss" if axes is panels[0] else "")
        axes.set_xticks(places, [study.label(setting) for setting in settings])
    panels[-1].legend(frameon=False, fontsize=11)
    caption = f"{counted(study.n)}, a data set and a start each; 95 % jackknife intervals; each panel has a scale of its own."
    finish(figure, title, f"{caption} {facts(study, study.runs)}")
    return figure
