"""Predictions with dropout left on, against the same network without, and an ensemble of independently trained networks.

Reference: Gal and Ghahramani, "Dropout as a Bayesian approximation", 2016; Lakshminarayanan, Pritzel and Blundell, "Simple and
scalable predictive uncertainty estimation using deep ensembles", 2017.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import regexp
from regexp import rng
from regexp.comparison.statistics import estimate
from regexp.diagnostics import examples, expected_calibration_error
from regexp.lazy import torch
from regexp.prediction import Prediction
from regexp.regularizers.augmentation import turn
from regexp.results import Result
from regexp.textbook.study import NotMeasured, Study

if TYPE_CHECKING:
    from matplotlib.figure import Figure

QUANTITIES = ("on_errors", "on_turned", "on_unknown", "calibration", "loss", "accuracy", "scaling", "ensemble_calibration")

IMAGES = 2000
ANGLES = (0, 15, 30, 45, 60, 90)
LINES_OF = {"samples": "dropout left on", "scaled": "the same network, dropout off", "ensemble": "ensemble without dropout"}


def of_study(study: Study, samples: int) -> dict[str, dict[Any, float]]:
    """Per seed of the data, on test images; entropies in nats, of the mean over ``samples`` masks.

    ``on_errors``: entropy on wrongly classified images minus that on the others; ``on_turned``: on images turned by 90 degrees,
    ``on_unknown``: on images whose pixels are shuffled, minus that on the images as they are. ``calibration``: expected
    calibration error with dropout off minus that with it on. ``loss``: log loss with it on minus that of the ensemble;
    ``ensemble_calibration``: so the calibration error. ``accuracy``: the ensemble's minus that of dropout left on.
    ``scaling``: accuracy with dropout on minus that with it off.
    """
    found: dict[str, dict[Any, float]] = {name: {} for name in QUANTITIES}
    for seed, networks in _by_data(study).items():
        for name, value in _of_networks(*networks, samples).items():
            found[name][seed] = value
    return found


def _by_data(study: Study) -> dict[int, tuple[Result, list[Result]]]:
    """For every seed of the data the first network with dropout, and all without."""
    groups: dict[int, tuple[list, list]] = {}
    for run in sorted(study.runs, key=lambda run: run.seed):
        with_dropout, without = groups.setdefault(run.seed[1], ([], []))
        (with_dropout if "dropout" in run.fields["regularizer"] else without).append(run)
    if len(groups) < study.n or not all(a and b for a, b in groups.values()):
        raise NotMeasured(f"{len(groups)} of {study.n} data sets have networks with dropout and without")
    load = regexp.load
    return {seed: (load(a[0].folder), [load(run.folder) for run in b]) for seed, (a, b) in sorted(groups.items())}


def _of_networks(one: Result, ensemble: list[Result], samples: int) -> dict[str, float]:
    x, y = examples(one, "test", IMAGES)
    image = one.experiment.dataset.image or ()
    on, off, team = (predicted(kind, one, ensemble, x, samples) for kind in LINES_OF)
    wrong = on.mean.argmax(1) != y
    turned, unknown = (regexp.predict(one, z, samples=samples) for z in (_turned(x, image, 90), shuffled(x)))
    calibration, accuracy = ([f(p.mean, y) for p in (on, off, team)] for f in (expected_calibration_error, _accuracy))
    return {
        "on_errors": (on.entropy[wrong].mean() - on.entropy[~wrong].mean()).item(),
        "on_turned": (turned.entropy.mean() - on.entropy.mean()).item(),
        "on_unknown": (unknown.entropy.mean() - on.entropy.mean()).item(),
        "calibration": calibration[1] - calibration[0],
        "ensemble_calibration": calibration[0] - calibration[2],
        "loss": _log_loss(on, y) - _log_loss(team, y),
        "accuracy": accuracy[2] - accuracy[0],
        "scaling": accuracy[0] - accuracy[1],
    }


def predicted(kind: str, one: Result, ensemble: list[Result], x: torch.Tensor, samples: int) -> Prediction:
    """What one of ``LINES_OF`` predicts."""
    if kind == "ensemble":
        return regexp.predict(ensemble, x)
    return regexp.predict(one, x, samples=samples if kind == "samples" else None)


def shuffled(x: torch.Tensor) -> torch.Tensor:
    """Every picture's pixels in a random order of its own: the same greys, and nothing to be seen."""
    order = torch.rand(x.shape, generator=rng.generator(0, "shuffled pixels")).argsort(1)
    return x.gather(1, order)


def _turned(x: torch.Tensor, image: tuple[int, ...], degrees: float) -> torch.Tensor:
    pictures = x.unflatten(1, (1, *image)[-3:])
    return turn(pictures, torch.full((len(x),), math.radians(degrees), dtype=x.dtype)).flatten(1)


def _accuracy(probabilities: torch.Tensor, y: torch.Tensor) -> float:
    return (probabilities.argmax(1) == y).double().mean().item()


def _log_loss(found: Prediction, y: torch.Tensor) -> float:
    return -found.mean.gather(1, y[:, None]).clamp_min(1e-12).log().mean().item()


def draw(study: Study, title: str, samples: int) -> Figure:
    """Entropy against the angle by which test images are turned, and accuracy against confidence on upright ones."""
    from regexp.comparison.figures.style import LINES, new_figure, tidy
    from regexp.textbook.figures.caption import FEW, counted, finish

    networks = list(_by_data(study).values())
    figure, panels = new_figure(11.5, 4.9, 2)
    for (kind, label), style in zip(LINES_OF.items(), LINES, strict=False):
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
    finish(figure, title, f"{counted(study.n)} of the data; the grey line is perfect calibration. Tier {study.tier}.")
    return figure


def _entropy_at(kind: str, one: Result, ensemble: list[Result], angle: int, samples: int) -> float:
    x = _turned(examples(one, "test", IMAGES // 4)[0], one.experiment.dataset.image or (), angle)
    return predicted(kind, one, ensemble, x, samples).entropy.mean().item()


def _reliability(kind: str, networks: list[tuple[Result, list[Result]]], samples: int) -> tuple[list[float], list[float]]:
    """Mean confidence and accuracy of eight bins with equally many images, all data sets together."""
    pairs = []
    for one, ensemble in networks:
        x, y = examples(one, "test", IMAGES)
        confidence, chosen = predicted(kind, one, ensemble, x, samples).mean.max(1)
        pairs.append(torch.stack([confidence.double(), (chosen == y).double()]))
    ordered = torch.cat(pairs, 1)
    bins = ordered[:, ordered[0].argsort()].chunk(8, 1)
    return [part[0].mean().item() for part in bins], [part[1].mean().item() for part in bins]
