"""The base of all models."""

from __future__ import annotations

from typing import TYPE_CHECKING

from regexp.component import Component

if TYPE_CHECKING:
    from torch import nn


class Model(Component):
    """A model's specification: a frozen dataclass whose ``build`` returns any ``nn.Module`` for one run.

    The module maps (batch, features) to scores (batch, outputs); the loss applies the output function (softmax, sigmoid).
    Random initialisation may use torch's global generator: it is seeded by the run's own stream while ``build`` runs.
    A module trains in a stack through ``torch.func.vmap``; one whose ``forward`` itself carries a leading runs axis says so by
    a class attribute ``carries_runs = True``.
    """

    output = "auto"
    """The output function: ``identity``, ``sigmoid``, ``softmax``, or ``auto`` (the loss's own)."""

    def build(self, features: int, outputs: int) -> nn.Module:
        raise NotImplementedError(f"{type(self).__name__} must define build(features, outputs) -> nn.Module")

    @property
    def hidden_layers(self) -> int | None:
        """How many hidden layers dropout finds in this model; None if that is not known before it is built."""
        return None
