"""Gaussian noise on inputs, or on hidden units."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from regexp.component import Search, per_run
from regexp.lazy import torch
from regexp.regularizers.regularizer import Change, Place, Regularizer
from regexp.rules import at_least, one_of, require
from regexp.stack.axis import across
from regexp.stack.noise import Draws
from regexp.stack.numbers import Numbers

if TYPE_CHECKING:
    from regexp.experiment import Experiment


@dataclasses.dataclass(frozen=True)
class InputNoise(Regularizer):
    """During training ``x <- x + std * e`` with standard normal ``e``, drawn anew for every example, unit and step.

    ``where``: ``input`` (what the model sees, so ``std`` is in units of the normalised data), ``hidden`` (the activations of
    every hidden layer) or ``all`` (both). Evaluation is without noise. On a linear model noise at the input is ridge
    regression: in expectation it minimises ``mean data loss + std**2 / 2 * ||W||**2``. On others that holds for small noise
    with the gradient of the scores by the input in place of W.

    Reference: Bishop, "Training with noise is equivalent to Tikhonov regularization", 1995; Poole, Sohl-Dickstein and
    Ganguli, "Analyzing noise in autoencoders and deep networks", 2014.

    >>> InputNoise(std=0.1)
    InputNoise(std=0.1, where='input')
    """

    std: float = per_run(off=0.0, search=Search(0.01, 1.0, log=True))
    where: str = "input"

    def __post_init__(self) -> None:
        require(self, std=at_least(0), where=one_of("input", "hidden", "all"))

    def wrap(self, place: Place, numbers: Numbers) -> Change | None:
        if self.where not in (place.place, "all") or not numbers["std"].any():
            return None
        return disturb

    def conflicts(self, experiment: Experiment) -> list[tuple[str, str]]:
        if self.where == "hidden" and experiment.model.hidden_layers == 0:
            return [("where", f"names hidden units, and this model has none, got {self.where!r}: write where=input")]
        return []


def disturb(x: torch.Tensor, numbers: Numbers, draws: Draws) -> torch.Tensor:
    """Activations with every run's own noise."""
    std = numbers["std"]
    noise = draws.normals(*x.shape[-2:], dtype=std.dtype)
    return x + (across(std, noise) if std.dim() else std) * noise
