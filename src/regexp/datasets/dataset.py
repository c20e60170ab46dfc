"""The base of all data sets, and what loading one gives."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from jaxtyping import Float, Int

from regexp.component import Component
from regexp.lazy import torch


class DataError(RuntimeError):
    """Data that cannot be found or is not what it should be. The message says which file, and the way out."""


@dataclasses.dataclass(frozen=True)
class Data:
    """A loaded data set: one table of examples, and for each split the numbers of its rows.

    Splits are row numbers because the runs of a stack often share one table and differ only in who validates on what.
    The inputs that a model sees are ``(inputs - center) / scale``.
    """

    inputs: Float[torch.Tensor, "examples features"]
    targets: Float[torch.Tensor, "examples outputs"] | Int[torch.Tensor, " examples"]
    rows: Mapping[str, Int[torch.Tensor, " split"]]
    """``train``, ``test``, and ``val`` where there is a validation split."""
    classes: int | None = None
    """How many classes integer targets have; None for regression."""
    center: float = 0.0
    scale: float = 1.0
    hashes: Mapping[str, str] = dataclasses.field(default_factory=dict)
    """SHA-256 of the files that were read."""
    unit: float | None = None
    """What a difference of 1 between scaled targets is in their own unit; None where targets are not scaled."""
    folder: str | None = None
    """Where the files lie that were read, for data sets that look for them."""

    @property
    def outputs(self) -> int:
        return self.classes or self.targets.shape[1]


class Dataset(Component):
    """A data set's specification: a frozen dataclass whose ``load`` is a function of its fields, the seed and the dtype.

    A field ``seed`` that is not None replaces the run's seed: then all runs see the same data and split.
    """

    task = "regression"
    """``regression`` or ``classification``."""
    validation = "val_size"
    """The field that gives a validation split when it is larger than 0."""
    closed_form = False
    """Whether results show the constant predictor and the best linear model beside the trained one."""

    def load(self, seed: int, dtype: torch.dtype) -> Data:
        raise NotImplementedError(f"{type(self).__name__} must define load(seed, dtype) -> Data")

    @property
    def has_validation(self) -> bool:
        """Whether loading will give a split ``val``."""
        return getattr(self, self.validation, 0) != 0

    @property
    def image(self) -> tuple[int, ...] | None:
        """How the features of an example make a picture, (height, width) or (channels, height, width); None if they do not."""
        return None

    @property
    def sizes(self) -> dict[str, int]:
        """How many examples each split will have, as far as that is known without loading."""
        return {}

    @property
    def shares(self) -> dict[str, float]:
        """The sizes of the splits in proportion, where their absolute sizes may be unknown."""
        return {split: float(size) for split, size in self.sizes.items()}

    @property
    def notes(self) -> list[str]:
        """What is nothing wrong and easily overlooked, a sentence each: said once, before training."""
        return []

    @property
    def resplit(self) -> tuple[str, ...]:
        """The splits that another seed takes anew from one finite set of examples, rather than drawing new examples."""
        return ()
