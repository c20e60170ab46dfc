"""Data losses, one number per example. The loss of one example is summed over its outputs.

Every loss takes the model's scores and applies its output function itself, in the numerically stable form.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from jaxtyping import Float, Int, Shaped

from regexp.lazy import torch

Loss = Callable[["torch.Tensor", "torch.Tensor"], "torch.Tensor"]


@dataclasses.dataclass(frozen=True)
class LossKind:
    """A loss's task, and the output functions that it is defined for (the first is the default)."""

    task: str
    outputs: tuple[str, ...]


_PER_ELEMENT = 0  # ATen's Reduction::None
KINDS = {
    "half_squared": LossKind("regression", ("identity",)),
    "cross_entropy": LossKind("classification", ("softmax",)),
    "binary_cross_entropy": LossKind("classification", ("sigmoid",)),
    "quadratic": LossKind("classification", ("sigmoid", "softmax")),
}
"""The losses by name. ``auto`` is the first one of the data set's task."""


def resolve(loss: str, task: str) -> str:
    """The loss that ``loss`` means for a task."""
    return next(name for name, kind in KINDS.items() if kind.task == task) if loss == "auto" else loss


def loss_function(name: str, output: str) -> Loss:
    """The loss ``name`` (not auto) of scores whose output function is ``output``."""
    if name == "quadratic":
        squash = output_of(name, output)
        return lambda scores, targets: half_squared(predictions(scores, squash), _one_hot(targets, scores))
    return {
        "half_squared": half_squared,
        "cross_entropy": cross_entropy,
        "binary_cross_entropy": binary_cross_entropy,
    }[name]


def output_of(name: str, output: str) -> str:
    """The output function that the loss ``name`` (not auto) applies to scores: identity, softmax or sigmoid."""
    return KINDS[name].outputs[0] if output == "auto" else output


def predictions(scores: Float[torch.Tensor, "*runs batch outputs"], output: str) -> Float[torch.Tensor, "*runs batch outputs"]:
    """The output function of scores: predicted values under identity, probabilities under softmax and sigmoid."""
    return {"identity": lambda s: s, "softmax": _softmax, "sigmoid": torch.sigmoid}[output](scores)


def half_squared(
    predictions: Float[torch.Tensor, "runs batch outputs"], targets: Float[torch.Tensor, "runs batch outputs"]
) -> Float[torch.Tensor, "runs batch"]:
    """``1/2 sum_k (prediction_k - target_k)**2``."""
    # 0.5 * mse_loss costs two more small operations in every step; Huber's kernel has the half, and below delta nothing else.
    # torch.nn.functional.huber_loss first broadcasts tensors that have one shape already, which takes as long as the kernel.
    always = torch.finfo(predictions.dtype).max
    losses = torch.ops.aten.huber_loss.default(predictions, targets, _PER_ELEMENT, always)
    return losses.sum(-1) if losses.shape[-1] > 1 else losses.squeeze(-1)  # a sum of one number takes as long as any


def cross_entropy(
    scores: Float[torch.Tensor, "runs batch classes"], targets: Int[torch.Tensor, "runs batch"]
) -> Float[torch.Tensor, "runs batch"]:
    """``-log softmax(scores)[target]``."""
    # Few classes of one example fill no vector of the processor: those of many examples, class after class, take a fifth.
    # (A lone example keeps its row: after the transpose, the product with its gradient rounds otherwise in a stack than alone.)
    few = scores.shape[-1] < scores.shape[-2]
    scores, axis = (scores.mT, -2) if few else (scores, -1)
    return -torch.log_softmax(scores, axis).gather(axis, targets.unsqueeze(axis)).squeeze(axis)


def binary_cross_entropy(
    scores: Float[torch.Tensor, "runs batch classes"], targets: Int[torch.Tensor, "runs batch"]
) -> Float[torch.Tensor, "runs batch"]:
    """``-sum_k [t_k log sigmoid(s_k) + (1 - t_k) log(1 - sigmoid(s_k))]`` with one-hot t: Nielsen's cross-entropy.

    Reference: Nielsen, "Neural Networks and Deep Learning", 2015, chapter 3.
    """
    return torch.nn.functional.softplus(scores).sum(-1) - scores.gather(-1, targets.unsqueeze(-1)).squeeze(-1)


def correct(
    scores: Float[torch.Tensor, "runs batch classes"], targets: Int[torch.Tensor, "runs batch"]
) -> Shaped[torch.Tensor, "runs batch"]:
    """Whether the highest score is the target's."""
    return scores.argmax(-1) == targets


def _softmax(scores: torch.Tensor) -> torch.Tensor:
    return torch.softmax(scores, -1)


def _one_hot(targets: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
    return torch.zeros_like(scores).scatter(-1, targets.unsqueeze(-1), 1.0)
