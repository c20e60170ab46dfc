"""A run's examples as its model sees them, and how many it classifies rightly."""

from __future__ import annotations

import torch
from jaxtyping import Float, Shaped
from torch import nn

from regexp import losses
from regexp.results import Result

Inputs = Float[torch.Tensor, "batch features"]
Targets = Shaped[torch.Tensor, "batch *outputs"]
"""Class numbers (batch,), or values (batch, outputs)."""


def examples(result: Result, split: str = "test", limit: int | None = None) -> tuple[Inputs, Targets]:
    """The inputs of a split as the run's model sees them (normalised), and the targets it was given; the first ``limit``.

    Raises ``ValueError`` for a split that the data do not have.
    """
    experiment = result.experiment
    data = experiment.dataset.load(experiment.data_seed, experiment.stored_dtype)
    if split not in data.rows:
        raise ValueError(f"split must be one of {', '.join(data.rows)}, got {split!r}")
    rows = data.rows[split][:limit]
    return (data.inputs[rows] - data.center) / data.scale, data.targets[rows]


def accuracy(result: Result, inputs: Inputs, targets: Targets) -> float:
    """The share of examples whose class has the highest score. Raises ``ValueError`` for a regression."""
    return accuracy_of(result.model(), inputs, targets)


@torch.no_grad()
def accuracy_of(model: nn.Module, inputs: Inputs, targets: Targets) -> float:
    """The accuracy of a module."""
    if targets.dtype.is_floating_point:
        raise ValueError("accuracy must be that of class numbers, got real targets: this is a regression")
    return losses.correct(model(inputs).unsqueeze(0), targets.unsqueeze(0)).double().mean().item()


def loss_of(result: Result, model: nn.Module, inputs: Inputs, targets: Targets) -> Float[torch.Tensor, " batch"]:
    """The run's data loss of every example."""
    experiment = result.experiment
    loss = losses.loss_function(experiment.data_loss, experiment.model.output)
    return loss(model(inputs).unsqueeze(0), targets.unsqueeze(0)).squeeze(0)
