"""The metrics of a stack: data losses and accuracies of every split, penalties, and norms of the weights."""

from __future__ import annotations

import torch
from jaxtyping import Float

from regexp import losses
from regexp.program import Program
from regexp.stack.axis import total

Metrics = dict[str, Float[torch.Tensor, " runs"]]


@torch.no_grad()
def evaluate(program: Program) -> Metrics:
    """All metrics, by name, in float64 on the CPU: the one place where a training program waits for its device.

    ``*/loss`` is the mean data loss in evaluation mode over the whole split, ``gap/loss`` is test minus train.
    """
    metrics: Metrics = {}
    for split in program.data.sizes:
        metrics |= _of_split(program, split)
    metrics["gap/loss"] = metrics["test/loss"] - metrics["train/loss"]
    metrics |= _of_penalties(program)
    metrics |= _of_weights(program)
    together = torch.stack([value.double() for value in metrics.values()]).cpu()
    return dict(zip(metrics, together, strict=True))


def _of_split(program: Program, split: str) -> Metrics:
    sums: Metrics = {}
    for x, targets in program.data.chunks(split):
        scores = program.model(x)
        found = {"loss": program.loss(scores, targets).double().sum(-1)}
        if program.data.classes:
            found["accuracy"] = losses.correct(scores, targets).double().sum(-1)
        sums = {name: sums.get(name, 0) + value for name, value in found.items()}
    return {f"{split}/{name}": value / program.data.sizes[split] for name, value in sums.items()}


def _of_penalties(program: Program) -> Metrics:
    reporting = [part for part in program.parts if part.has("penalty") or part.has("report")]
    return {f"train/penalty/{part.name}": part.regularizer.report(program.weights(part), part.numbers) for part in reporting}


def _of_weights(program: Program) -> Metrics:
    """Norms over the weight matrices, biases left out, in all and by layer."""
    squares, sums, zeros, sizes = {}, {}, {}, {}
    for name, w in program.model.weights().items():
        layer = name.removesuffix(".weight")
        squares[layer], sums[layer], zeros[layer] = total(w.square()), total(w.abs()), total((w == 0).double())
        sizes[layer] = w[0].numel()
    metrics = {
        "weights/l2_norm": sum(squares.values()).sqrt(),
        "weights/l1_norm": sum(sums.values()),
        "weights/zero_fraction": sum(zeros.values()) / sum(sizes.values()),
    }
    for layer in squares:
        metrics[f"weights/{layer}/l2_norm"] = squares[layer].sqrt()
        metrics[f"weights/{layer}/l1_norm"] = sums[layer]
        metrics[f"weights/{layer}/zero_fraction"] = zeros[layer] / sizes[layer]
    return metrics
