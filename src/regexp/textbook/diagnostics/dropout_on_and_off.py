"""What leaving dropout on adds to the same network with dropout off, and an ensemble of networks trained with dropout.

Reference: Gal and Ghahramani, "Dropout as a Bayesian approximation", 2016; Houlsby et al., "Bayesian active learning for
classification and preference learning", 2011 (mutual information).
"""

from __future__ import annotations

import math
from typing import Any

import regexp
from regexp.comparison.reading import Run
from regexp.diagnostics import examples
from regexp.lazy import torch
from regexp.prediction import Prediction
from regexp.textbook.ensembles import IMAGES, by_data, ended, log_loss, with_dropout
from regexp.textbook.study import Study, count_diverged
from regexp.textbook.verdicts import worst_of_two

QUANTITIES = (
    "spread",
    "ranking",
    "spread_ranking",
    "loss",
    "confidence_on",
    "confidence_off",
    "ensemble",
    "trained_without",
)
ALONE = QUANTITIES[:6]
"""What is said of one network."""


def of_study(study: Study, samples: int) -> dict[str, Any]:
    """Per seed of the data, on test images; "on" is the mean of ``samples`` predictions with dropout, "off" is without.

    ``spread``: the chance that the mutual information of prediction and network, the part of the entropy that the samples
    disagree about, is higher on a wrongly classified image than on another (the area under the ROC curve; 0.5 says nothing).
    ``ranking``: the same for the entropy, on minus off; ``spread_ranking``: that of the mutual information minus that of the
    entropy with dropout off. Each is asked about the errors of its own predictions.

    ``loss``: log loss, off minus on. ``ensemble``: log loss, on minus that of the ensemble of all networks with dropout.
    ``trained_without``: log loss of the ensemble of networks without dropout minus that of the one with it, off.
    ``confidence_on``, ``confidence_off``: mean of the highest probability minus accuracy; negative is under-confident.
    What diverged is the worst there is.
    """
    found: dict[str, Any] = {name: {} for name in QUANTITIES}
    teams = with_dropout(study)
    for seed, (one, plain) in by_data(study).items():
        for name, value in _of_networks(one, teams[seed], plain, samples).items():
            found[name][seed] = value
    return {**found, "diverged": count_diverged({"dropout": [run for team in teams.values() for run in team]})}


def _of_networks(one: Run, team: list[Run], plain: list[Run], samples: int) -> dict[str, float]:
    network = regexp.load(one.folder)
    x, y = examples(network, "test", IMAGES)
    both = _team_loss(team, x, y), _team_loss(plain, x, y)
    if not ended([one]):
        return {**dict.fromkeys(ALONE, -math.inf), **_against(math.inf, math.inf, *both)}
    on, off = regexp.predict(network, x, samples=samples), regexp.predict(network, x)
    loss_on, loss_off = log_loss(on, y), log_loss(off, y)
    return {
        **_rankings(on, off, y),
        "loss": loss_off - loss_on,
        "confidence_on": _confidence(on, y),
        "confidence_off": _confidence(off, y),
        **_against(loss_on, loss_off, *both),
    }


def _against(on: float, off: float, team: float, plain: float) -> dict[str, float]:
    return {"ensemble": float(worst_of_two(on, team)), "trained_without": float(worst_of_two(plain, off))}


def _rankings(on: Prediction, off: Prediction, y: torch.Tensor) -> dict[str, float]:
    wrong = {kind: found.mean.argmax(1) != y for kind, found in (("on", on), ("off", off))}
    plain = higher(off.entropy, wrong["off"])
    spread = higher(on.mutual_information, wrong["on"])
    return {"spread": spread, "ranking": higher(on.entropy, wrong["on"]) - plain, "spread_ranking": spread - plain}


def higher(score: torch.Tensor, marked: torch.Tensor) -> float:
    """The chance that a marked example has a higher score than another, ties by half; nan where all are of one kind."""
    return above(score[marked], score[~marked])


def above(some: torch.Tensor, others: torch.Tensor) -> float:
    """The chance that one of the first has a higher score than one of the others, ties by half; nan where there are none."""
    apart = some[:, None] - others[None]
    return ((apart > 0).double() + 0.5 * (apart == 0).double()).mean().item() if apart.numel() else math.nan


def _confidence(found: Prediction, y: torch.Tensor) -> float:
    """How much surer the network is than it is right."""
    surest, predicted = found.mean.max(1)
    return (surest.double().mean() - (predicted == y).double().mean()).item()


def _team_loss(team: list[Run], x: torch.Tensor, y: torch.Tensor) -> float:
    return log_loss(regexp.predict([regexp.load(run.folder) for run in team], x), y) if ended(team) else math.inf
