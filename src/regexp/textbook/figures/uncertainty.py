"""How sure networks are of turned images, and how often they are right when they are sure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import regexp
from regexp.comparison.figures.style import LINES, new_figure, tidy
from regexp.comparison.statistics import estimate
from regexp.diagnostics import examples
from regexp.lazy import torch
from regexp.results import Result
from regexp.textbook.ensembles import IMAGES, by_data, ended, predicted
from regexp.textbook.figures.caption import FEW, counted, finish, left_out
from regexp.textbook.study import NotMeasured, Study
from regexp.textbook.unknown import turned

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Networks = Sequence[tuple[Result, list[Result]]]

ANGLES = (0, 15, 30, 45, 60, 90)
BINS = 8
KINDS = {"samples": "dropout left on", "scaled": "the same network, dropout off", "ensemble": "ensemble without dropout"}


def uncertainty(study: Study, title: str, samples: int) -> Figure:
    """A panel with entropies by angle and one with reliabilities, a line for each of ``KINDS``."""
    pairs = list(by_data(study).values())
    networks = [
        (regexp.load(one.folder), [regexp.load(run.folder) for run in team]) for one, team in pairs if ended([one, *team])
    ]
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
    out = left_out({"": [run for one, team in pairs for run in (one, *team)]}, {})
    bands = "; means, bands 95 % t-intervals" if len(networks) >= FEW else "; means"
    caption = f"{counted(len(networks))} of the data{out}{bands}; {IMAGES:,} test images; the grey line is perfect calibration."
    caption += f" Tier {study.tier}."
    finish(figure, title, caption)
    return figure


def _entropy_at(kind: str, one: Result, ensemble: list[Result], angle: int, samples: int) -> float:
    x = turned(examples(one, "test", IMAGES)[0], one.experiment.dataset.image or (), angle)
    return predicted(kind, one, ensemble, x, samples).entropy.mean().item()


def _reliability(kind: str, networks: Networks, samples: int) -> tuple[list[float], list[float]]:
    """Mean confidence and accuracy of bins with equally many images, all data sets together."""
    pairs = []
    for one, ensemble in networks:
        x, y = examples(one, "test", IMAGES)
        confidence, chosen = predicted(kind, one, ensemble, x, samples).mean.max(1)
        pairs.append(torch.stack([confidence.double(), (chosen == y).double()]))
    ordered = torch.cat(pairs, 1)
    bins = ordered[:, ordered[0].argsort()].chunk(BINS, 1)
    return [part[0].mean().item() for part in bins], [part[1].mean().item() for part in bins]
