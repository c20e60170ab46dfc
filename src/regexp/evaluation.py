"""The metrics of a stack: data losses and accuracies of every split, penalties, and norms of the weights."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from jaxtyping import Float

from regexp import losses
from regexp.program import Program
from regexp.stack.axis import total

Metrics = dict[str, Float[torch.Tensor, " runs"]]


@torch.no_grad()
def evaluate(program: Program) -> Metrics:
    """All metrics, by name, in float64 on the CPU: the one place where a training program waits for its device.

    ``*/loss`` is the mean data loss in evaluation mode over the whole split, ``gap/loss`` is test minus train. Where targets
    were scaled, ``*/rmse`` is the root of the mean squared error in the targets' own unit.
    """
    measured = _splits(program) | _penalties(program)
    layers = program.model.weights()
    columns = [*measured.values(), *(figure for weight in layers.values() for figure in _figures(weight))]
    rows = torch.stack(columns).double().cpu()  # losses are float64, so that stack widens the rest
    metrics = dict(zip(measured, rows[: len(measured)], strict=True))
    metrics["gap/loss"] = metrics["test/loss"] - metrics["train/loss"]
    return metrics | _norms(layers, rows[len(measured) :].unflatten(0, (len(layers), 3)))


def _splits(program: Program) -> Metrics:
    metrics: Metrics = {}
    for split, size in program.data.sizes.items():
        sums: Metrics = {}
        for x, targets in program.data.chunks(split):
            scores = program.model(x)
            found = {f"{split}/loss": program.loss(scores, targets).sum(-1, dtype=torch.float64)}
            if program.data.classes:
                found[f"{split}/accuracy"] = losses.correct(scores, targets).sum(-1, dtype=torch.float64)
            sums = {name: sums[name] + value for name, value in found.items()} if sums else found
        metrics |= {name: value / size for name, value in sums.items()}
        if program.data.units is not None:
            metrics[f"{split}/rmse"] = program.data.units * (2 * metrics[f"{split}/loss"]).sqrt()
    return metrics


def _penalties(program: Program) -> Metrics:
    reporting = [part for part in program.parts if part.has("penalty") or part.has("report")]
    return {penalty_of(part.name): part.regularizer.report(program.weights(part), part.numbers) for part in reporting}


def penalty_of(regularizer: str) -> str:
    """The name of the metric that is a regularizer's penalty."""
    return f"train/penalty/{regularizer}"


def _figures(weight: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """The sum of squares, the sum of absolute values and the number of zeros (exact up to 2^24 in float32), of every run."""
    magnitudes = weight.abs()
    return total(weight.square()), total(magnitudes), total(magnitudes.eq_(0))


def _norms(layers: Mapping[str, torch.Tensor], figures: Float[torch.Tensor, "layers 3 runs"]) -> Metrics:
    """Norms over the weight matrices, biases left out, in all and by layer."""
    sizes = [weight[0].numel() for weight in layers.values()]
    names = ["weights", *(f"weights/{name.removesuffix('.weight')}" for name in layers)]
    squares, sums, zeros = torch.cat([figures.sum(0, keepdim=True), figures]).unbind(1)
    shares = zeros / zeros.new_tensor([[sum(sizes)], *([size] for size in sizes)])
    metrics: Metrics = {}
    for name, l2_norm, l1_norm, zero_fraction in zip(names, squares.sqrt(), sums, shares, strict=True):
        metrics |= {f"{name}/l2_norm": l2_norm, f"{name}/l1_norm": l1_norm, f"{name}/zero_fraction": zero_fraction}
    return metrics
