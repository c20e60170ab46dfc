"""Metrics of the constant predictor and of the best linear model, for every run whose data set asks for them."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence

from regexp import losses
from regexp.baselines.logistic import logistic
from regexp.baselines.ridge import ridge
from regexp.datasets.dataset import Data
from regexp.experiment import Experiment
from regexp.lazy import torch

STRENGTHS = tuple(10.0 ** (power / 4) for power in range(12, -25, -1))
"""1000 to 1e-6, four to a factor of ten; the strongest first, so that each fit starts from a smoother one."""

Row = dict[str, float]
Scores = Callable[["torch.Tensor"], "torch.Tensor"]


def baselines(experiments: Sequence[Experiment], data: Sequence[Data]) -> list[dict[str, Row]]:
    """For every run ``constant`` and ``ridge`` or ``logistic``: metrics by name; nothing where its data set asks for none.

    The strength is that of the lowest loss on the validation split; without one the linear model is left out, because there is
    nothing to choose by. Runs that share their data share the work.
    """
    found: dict[Hashable, dict[str, Row]] = {}
    for experiment, one in zip(experiments, data, strict=True):
        key = id(one), experiment.data_loss
        if key not in found:
            found[key] = _of(one, experiment.data_loss) if experiment.dataset.closed_form else {}
    return [found[id(one), experiment.data_loss] for experiment, one in zip(experiments, data, strict=True)]


def _of(data: Data, loss: str) -> dict[str, Row]:
    splits = {name: _split(data, name) for name in ("train", "val", "test") if name in data.rows}
    found = {"constant": _metrics(_constant(data, splits["train"][1]), splits, data, loss)}
    if "val" in splits:
        name = "logistic" if data.classes else "ridge"
        x, y = splits["train"]
        fits = logistic(x, y, data.classes, STRENGTHS) if data.classes else ridge(x, y, STRENGTHS)
        paths = list(zip(STRENGTHS, fits, strict=True))
        natural = "cross_entropy" if data.classes else "half_squared"
        strength, (weights, bias) = min(
            paths, key=lambda pair: _loss(natural, _affine(*pair[1])(splits["val"][0]), splits["val"])
        )
        found[name] = {"strength": strength, **_metrics(_affine(weights, bias), splits, data, loss)}
    return found


def _split(data: Data, name: str) -> tuple[torch.Tensor, torch.Tensor]:
    """Inputs as the model sees them and targets, in float64."""
    rows, targets = data.rows[name], data.targets[data.rows[name]]
    inputs = (data.inputs[rows].double() - data.center) / data.scale
    return inputs, targets if data.classes else targets.double()


def _constant(data: Data, targets: torch.Tensor) -> Scores:
    """The mean of the training targets; the logarithms of the classes' training shares."""
    shares = torch.bincount(targets, minlength=data.classes).double() / len(targets) if data.classes else None
    scores = targets.mean(0) if shares is None else shares.log()
    return lambda inputs: scores.expand(len(inputs), -1)


def _affine(weights: torch.Tensor, bias: torch.Tensor) -> Scores:
    return lambda inputs: inputs @ weights + bias


def _metrics(scores: Scores, splits: dict[str, tuple[torch.Tensor, torch.Tensor]], data: Data, loss: str) -> Row:
    """As an evaluation has them. Losses that need other output functions than softmax are left out."""
    row: Row = {}
    for name, split in splits.items():
        predicted = scores(split[0])
        if loss in ("half_squared", "cross_entropy"):
            row[f"{name}/loss"] = _loss(loss, predicted, split)
        if data.classes:
            row[f"{name}/accuracy"] = losses.correct(predicted.unsqueeze(0), split[1].unsqueeze(0)).double().mean().item()
        if data.unit is not None:
            row[f"{name}/rmse"] = data.unit * (2 * row[f"{name}/loss"]) ** 0.5
    return row


def _loss(name: str, scores: torch.Tensor, split: tuple[torch.Tensor, torch.Tensor]) -> float:
    return losses.loss_function(name, "auto")(scores.unsqueeze(0), split[1].unsqueeze(0)).mean().item()
