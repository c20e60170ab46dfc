"""What published sets of images have in common: training images to be split, test images that are given."""

from __future__ import annotations

from typing import Any

from jaxtyping import Int

from regexp.lazy import torch
from regexp.rules import Invalid, Rule, boolean, one_of, optional, whole, within

RULES: dict[str, Rule] = {
    "download": boolean(),
    "train_size": optional(whole(1)),
    "val_size": whole(0),
    "normalize": one_of("unit", "symmetric", "standardize"),
    "label_noise": within(0, 1, closed=True),
    "seed": optional(whole(0)),
}
"""Of the fields that they share."""


def require_room(dataset: Any, training: int) -> None:
    """Raise :class:`Invalid` where ``train_size`` and ``val_size`` ask for more than there are training images."""
    if (dataset.train_size or 1) + dataset.val_size > training:
        got = f"{dataset.train_size or 'at least 1'} + {dataset.val_size}"
        text = f"and val_size must be at most {training} together, got {got}: lower one of them (val_size=0: none)"
        raise Invalid(type(dataset).__name__, [("train_size", text)])


def sizes(dataset: Any, training: int, test: int) -> dict[str, int]:
    """Of the splits, where there are so many training and test images."""
    validation = {"val": dataset.val_size} if dataset.val_size else {}
    return {"train": dataset.train_size or training - dataset.val_size, **validation, "test": test}


def resplit(dataset: Any, training: int | None) -> tuple[str, ...]:
    """Another seed takes other training images to train and validate on, unless all are trained on; the test images stay.

    ``training``: how many there are, None where that is not known.
    """
    whole = dataset.val_size == 0 and dataset.train_size in (None, training)
    return () if whole else ("train", "val")


def rows(order: Int[torch.Tensor, " n"], sizes: dict[str, int]) -> dict[str, Int[torch.Tensor, " rows"]]:
    """Validation from the front of a random order of the training images, training from its end.

    The size of one thus does not move the other. The test images are the rows after them.
    """
    training = len(order)
    found = {"train": order[training - sizes["train"] :].sort().values}
    found["test"] = torch.arange(training, training + sizes["test"])
    return found | ({"val": order[: sizes["val"]].sort().values} if "val" in sizes else {})
