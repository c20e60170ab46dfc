"""What is drawn from class labels: stratified splits and label noise."""

from __future__ import annotations

from jaxtyping import Int

from regexp import rng
from regexp.lazy import torch


def stratified_order(labels: Int[torch.Tensor, " n"], classes: int, seed: int) -> Int[torch.Tensor, " n"]:
    """The row numbers in a random order in which the classes take turns, so that any slice of it is stratified.

    Every class must have equally many examples. In a slice their counts differ by one at most.
    """
    generator = rng.generator(seed, "split")
    shuffled = torch.randperm(len(labels), generator=generator)
    by_class = shuffled[labels[shuffled].argsort(stable=True)].reshape(classes, -1)
    return by_class[torch.randperm(classes, generator=generator)].T.flatten()


def proportional_order(labels: Int[torch.Tensor, " n"], classes: int, seed: int) -> Int[torch.Tensor, " n"]:
    """All rows in a random order of which any slice has nearly the classes' shares of the whole, however unequal they are.

    The k-th of the n members of a class, in random order, stands at ``(k + u) / n`` with one uniform u per class.
    """
    generator = rng.generator(seed, "split")
    order = torch.randperm(len(labels), generator=generator)
    offsets = torch.rand(classes, generator=generator, dtype=torch.float64)
    counts = torch.bincount(labels, minlength=classes)
    by_class = order[labels[order].argsort(stable=True)]
    number = torch.arange(len(labels)) - (counts.cumsum(0) - counts)[labels[by_class]]
    place = (number + offsets[labels[by_class]]) / counts[labels[by_class]]
    return by_class[place.argsort(stable=True)]


def redrawn(
    labels: Int[torch.Tensor, " n"], rows: Int[torch.Tensor, " rows"], fraction: float, classes: int, seed: int
) -> Int[torch.Tensor, " n"]:
    """The labels after a fraction of those in ``rows`` was drawn anew, uniformly over all classes (the old one included).

    With one seed a larger fraction redraws the same rows to the same labels, and more.
    """
    generator = rng.generator(seed, "label noise")
    order = torch.randperm(len(labels), generator=generator)
    drawn = torch.randint(classes, labels.shape, generator=generator)
    eligible = torch.zeros(len(labels), dtype=torch.bool).index_fill_(0, rows, True)
    chosen = order[eligible[order]][: round(fraction * len(rows))]
    return labels.index_copy(0, chosen, drawn[chosen])
