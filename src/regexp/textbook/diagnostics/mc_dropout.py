"""Predictions with dropout left on, against the same network without, and an ensemble of independently trained networks.

Reference: Gal and Ghahramani, "Dropout as a Bayesian approximation", 2016; Lakshminarayanan, Pritzel and Blundell, "Simple and
scalable predictive uncertainty estimation using deep ensembles", 2017.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import regexp
from regexp.comparison.reading import Run
from regexp.diagnostics import examples, expected_calibration_error
from regexp.lazy import torch
from regexp.prediction import Prediction
from regexp.results import Result
from regexp.textbook.ensembles import IMAGES, by_data, ended, log_loss, predicted
from regexp.textbook.figures.uncertainty import uncertainty
from regexp.textbook.study import Study, count_diverged
from regexp.textbook.unknown import size_of, strange
from regexp.textbook.verdicts import worst_of_two

if TYPE_CHECKING:
    from matplotlib.figure import Figure

QUANTITIES = (
    "on_errors",
    "on_turned",
    "on_letters",
    "on_shuffled",
    "calibration",
    "scaling",
    "loss",
    "accuracy",
    "ensemble_calibration",
)
ALONE = QUANTITIES[:6]
"""What is said of one network."""

WORST: Mapping[str, float] = {"loss": math.inf, "accuracy": 0.0, "calibration": math.inf}
"""Of a network that diverged, and of an ensemble that has one."""


def of_study(study: Study, samples: int) -> dict[str, Any]:
    """Per seed of the data, on test images; entropies in nats, of the mean over ``samples`` masks.

    ``on_errors``: entropy on wrongly classified images minus that on the others; ``on_turned``: on images turned by 90 degrees,
    ``on_letters``: on printed letters, ``on_shuffled``: on images whose pixels are shuffled, minus that on the images as they
    are. ``calibration``: expected calibration error with dropout off minus that with it on. ``scaling``: accuracy with dropout
    on minus that with it off. A network that diverged says nothing: all these are minus infinite.

    ``loss``: log loss with dropout on minus that of the ensemble; ``ensemble_calibration``: so the calibration error.
    ``accuracy``: the ensemble's minus that of dropout left on. What diverged has an infinite loss and error, and accuracy 0.
    """
    found: dict[str, Any] = {name: {} for name in QUANTITIES}
    pairs = by_data(study)
    for seed, (one, team) in pairs.items():
        for name, value in _of_networks(one, team, samples).items():
            found[name][seed] = value
    groups = {"dropout": [one for one, _ in pairs.values()], "ensemble": [run for _, team in pairs.values() for run in team]}
    return {**found, "diverged": count_diverged(groups)}


def _of_networks(one: Run, team: list[Run], samples: int) -> dict[str, float]:
    network, ensemble = regexp.load(one.folder), [regexp.load(run.folder) for run in team]
    x, y = examples(network, "test", IMAGES)
    found, on = dict.fromkeys(ALONE, -math.inf), WORST
    if ended([one]):
        with_dropout = predicted("samples", network, [], x, samples)
        found, on = _alone(network, with_dropout, x, y, samples), _scores(with_dropout, y)
    other = _scores(predicted("ensemble", network, ensemble, x, samples), y) if ended(team) else WORST
    pairs = {"loss": (on, other, "loss"), "accuracy": (other, on, "accuracy")}
    pairs |= {"ensemble_calibration": (on, other, "calibration")}
    return found | {name: float(worst_of_two(a[of], b[of])) for name, (a, b, of) in pairs.items()}


def _alone(network: Result, on: Prediction, x: torch.Tensor, y: torch.Tensor, samples: int) -> dict[str, float]:
    """``on``: what it predicts for ``x`` with dropout left on."""
    pictures = strange(x, size_of(network))
    entropies = {name: regexp.predict(network, z, samples=samples).entropy.mean() for name, z in pictures.items()}
    wrong, scores = on.mean.argmax(1) != y, [_scores(found, y) for found in (on, predicted("scaled", network, [], x, samples))]
    return {
        "on_errors": (on.entropy[wrong].mean() - on.entropy[~wrong].mean()).item(),
        **{f"on_{name}": (entropy - on.entropy.mean()).item() for name, entropy in entropies.items()},
        "calibration": scores[1]["calibration"] - scores[0]["calibration"],
        "scaling": scores[0]["accuracy"] - scores[1]["accuracy"],
    }


def _scores(found: Prediction, y: torch.Tensor) -> Mapping[str, float]:
    return {
        "loss": log_loss(found, y),
        "accuracy": (found.mean.argmax(1) == y).double().mean().item(),
        "calibration": expected_calibration_error(found.mean, y),
    }


def draw(study: Study, title: str, samples: int) -> Figure:
    """Entropy against the angle by which test images are turned, and accuracy against confidence on upright ones."""
    return uncertainty(study, title, samples)
