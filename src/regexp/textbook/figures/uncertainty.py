"""How sure networks are of turned images, and how often they are right when they are sure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import regexp
from regexp.comparison.figures.style import LINES, new_figure, tidy
from regexp.comparison.reading import Run
from regexp.comparison.statistics import estimate
from regexp.diagnostics import examples
from regexp.lazy import torch
from regexp.prediction import Prediction
from regexp.results import Result
from regexp.textbook.ensembles import IMAGES, by_data, ended, predicted, with_dropout
from regexp.textbook.figures.caption import FEW, counted, facts, finish, left_out
from regexp.textbook.study import NotMeasured, Study
from regexp.textbook.unknown import turned

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Networks = Sequence[tuple[Result, dict[str, list[Result]]]]
"""Of every data set a network with dropout, and the ensembles of all those with it and of all those without."""

ANGLES = (0, 15, 30, 45, 60, 90)
BINS = 8
KINDS = {
    "samples": "dropout left on",
    "scaled": "the same network, dropout off",
    "dropped": "ensemble trained with dropout, off",
    "plain": "ensemble trained without dropout",
}


def uncertainty(study: Study, title: str, samples: int) -> Figure:
    """A panel with entropies by angle and one with reliabilities, a line for each of ``KINDS``."""
    networks, runs = _networks(study)
    if not networks:
        raise NotMeasured("of every data set a network diverged")
    figure, panels = new_figure(11.5, 4.9, 2)
    for (kind, label), style in zip(KINDS.items(), LINES, strict=False):
        line: dict[str, Any] = {**style, "label": label, "linewidth": 2}
        found = estimate([[_entropy_at(kind, *pair, angle, samples) for pair in networks] for angle in ANGLES])
        panels[0].plot(ANGLES, found.mean, **line)
        if found.n >= FEW:
            panels[0].fill_between(ANGLES, found.low, found.high, color=style["color"], alpha=0.18, linewidth=0)
        panels[1].plot(*_reliability(kind, networks, samples), **line)
    panels[1].plot([0.3, 1], [0.3, 1], color="0.5", linewidth=1)
    tidy(panels[0], "test images turned by (degrees)", "mean entropy (nats)")
    tidy(panels[1], "confidence (mean of the bin)", "accuracy in the bin")
    panels[0].legend(frameon=False, fontsize=11)
    out = left_out({"": runs}, {})
    bands = "; means, bands 95 % t-intervals" if len(networks) >= FEW else "; means"
    caption = f"{counted(len(networks))} of the data{out}{bands}; {IMAGES:,} test images; the grey line is perfect calibration."
    finish(figure, title, f"{caption} {facts(study, study.runs)}")
    return figure


def _networks(study: Study) -> tuple[Networks, list[Run]]:
    """Those of the data sets of which none diverged, and all runs."""
    dropped, networks, runs = with_dropout(study), [], list[Run]()
    for seed, (one, plain) in by_data(study).items():
        teams = {"dropped": dropped[seed], "plain": plain}
        every = [run for team in teams.values() for run in team]
        runs += every
        if ended(every):
            loaded = {name: [regexp.load(run.folder) for run in team] for name, team in teams.items()}
            networks.append((regexp.load(one.folder), loaded))
    return networks, runs


def _entropy_at(kind: str, one: Result, teams: dict[str, list[Result]], angle: int, samples: int) -> float:
    x = turned(examples(one, "test", IMAGES)[0], one.experiment.dataset.image or (), angle)
    return _predicted(kind, one, teams, x, samples).entropy.mean().item()


def _predicted(kind: str, one: Result, teams: dict[str, list[Result]], x: torch.Tensor, samples: int) -> Prediction:
    return predicted("ensemble" if kind in teams else kind, one, teams.get(kind, []), x, samples)


def _reliability(kind: str, networks: Networks, samples: int) -> tuple[list[float], list[float]]:
    """Mean confidence and accuracy of bins with equally many images, all data sets together."""
    pairs = []
    for one, teams in networks:
        x, y = examples(one, "test", IMAGES)
        confidence, chosen = _predicted(kind, one, teams, x, samples).mean.max(1)
        pairs.append(torch.stack([confidence.double(), (chosen == y).double()]))
    ordered = torch.cat(pairs, 1)
    bins = ordered[:, ordered[0].argsort()].chunk(BINS, 1)
    return [part[0].mean().item() for part in bins], [part[1].mean().item() for part in bins]
