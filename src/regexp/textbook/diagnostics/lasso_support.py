"""Which features a linear model uses: against the truth, and against the exact lasso on the same data."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

import regexp
from regexp.axes import short_tick
from regexp.comparison.reading import Run
from regexp.lazy import torch
from regexp.textbook.study import NotMeasured, Study

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

QUANTITIES = ("missed", "extra", "recovered", "disagreements", "error", "large")
NONNEGATIVE = QUANTITIES

LARGE = 1e-3
ENLARGED = 5 * LARGE
"""The ends of the enlarged scale."""


def of_run(run: Run) -> dict[str, float]:
    """``missed``: features of the truth with weight exactly 0. ``extra``: others with another weight. ``recovered``: 1 if there
    are neither. ``disagreements``: features that are zero here and not in the lasso of the run's L1 strength by coordinate
    descent, or there and not here; ``error``: the largest difference of a weight to it. ``large``: weights above
    0.001.
    """
    from regexp.diagnostics import elastic_net, examples

    found = regexp.load(run.folder)
    inputs, targets = examples(found, "train")
    w, true = _weights(found), found.experiment.dataset.true_weights().numpy()
    exact = elastic_net(inputs, targets, _l1(found)).weights[:, 0].numpy()
    missed, extra = int(((w == 0) & (true != 0)).sum()), int(((w != 0) & (true == 0)).sum())
    return {
        "missed": missed,
        "extra": extra,
        "recovered": float(missed + extra == 0),
        "disagreements": int(((w == 0) != (exact == 0)).sum()),
        "error": float(np.abs(w - exact).max()),
        "large": int((np.abs(w) > LARGE).sum()),
    }


def draw(study: Study, title: str) -> Figure:
    """The weights against the strength on the first data set, a panel per setting whose name ends in ``_path``; below it the
    same enlarged: what is exactly zero, and what is not.
    """
    from regexp.comparison.figures.style import new_figure, tidy
    from regexp.textbook.figures.caption import facts, finish

    settings, first = [name for name in study.settings if name.endswith("_path")], study.seeds[0]
    figure, panels = new_figure(11.0, 7.4, 2 * len(settings), alike=True, rows=2)
    whole, enlarged = panels[: len(settings)], panels[len(settings) :]
    for axes, below, setting in zip(whole, enlarged, settings, strict=True):
        key = f"regularizer.{study.protocol.settings[setting]['regularizer'][0]}.strength"
        runs = [run for run in study.matching(setting) if run.seed[0] == first]
        if not runs:
            raise NotMeasured(f"setting {setting} has no run of seed {first}")
        path = {float(run.fields[key]): regexp.load(run.folder) for run in runs}
        for panel, name in ((axes, "weight"), (below, "weight, enlarged")):
            _draw_path(panel, path)
            tidy(panel, "strength" if panel is below else "", name if axes is whole[0] else "")
        below.set_ylim(-ENLARGED, ENLARGED)
        named = f"{study.label(setting)}, learning rate {_rates(runs)}"
        axes.set_title(textwrap.fill(named, 30), fontsize=12, loc="left")
    whole[0].legend(frameon=False, fontsize=11)
    claimed = {term.setting for claim in study.protocol.claims for term in claim.value.terms if term.setting}
    rates = _rates([run for setting in sorted(claimed) for run in study.matching(setting)])
    of_claims = f"The claims are of other runs, with learning rate {rates}." if rates else ""
    drawn = [run for setting in settings for run in study.matching(setting)]
    said = [f"Data set of seed {first}; a line per feature.", of_claims, facts(study, drawn)]
    finish(figure, title, " ".join(filter(None, said)))
    return figure


def _rates(runs: Sequence[Run]) -> str:
    return ", ".join(f"{rate:g}" for rate in sorted({float(run.fields["optimizer.lr"]) for run in runs}))


def _draw_path(axes: Axes, path: dict[float, regexp.Result]) -> None:
    strengths = sorted(path)
    weights = np.array([_weights(path[strength]) for strength in strengths])
    true = path[strengths[0]].experiment.dataset.true_weights().numpy() != 0
    for used, color, width in ((False, "0.6", 0.6), (True, "#0072B2", 1.6)):
        handles = axes.plot(strengths, weights[:, true == used], color=color, linewidth=width)
        handles[0].set_label("features of the truth" if used else "other features")
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(short_tick)


def _weights(found: regexp.Result) -> np.ndarray:
    return found.weights["final"]["output.weight"].to(torch.float64).numpy().ravel()


def _l1(found: regexp.Result) -> float:
    own = {one.name(): one for one in found.experiment.regularizers}
    return next((own[name].strength for name in ("l1", "l1_subgradient") if name in own), 0.0)
