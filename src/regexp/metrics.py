"""The names of metrics, and which direction is better."""

from __future__ import annotations

FINITE = ("train/loss", "val/loss", "weights/l2_norm")
"""A run in which one of these is not finite has diverged."""


def lower_is_better(metric: str) -> bool:
    """Accuracies are better when higher, everything else when lower."""
    return not metric.endswith("accuracy")


def is_loss(metric: str) -> bool:
    """Whether it is in the scale of the data loss: ``test/loss``, ``gap/loss``."""
    return metric.endswith("/loss")


def objectives(task: str) -> tuple[str, ...]:
    """The metrics that may decide: those of the validation split. The test split decides nothing."""
    return ("val/loss", "val/accuracy") if task == "classification" else ("val/loss",)
