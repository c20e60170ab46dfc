"""One regularizer of a stack."""

from __future__ import annotations

import dataclasses

import torch

from regexp.regularizers.regularizer import Regularizer, defines


@dataclasses.dataclass
class Part:
    """A regularizer of the stack, the numbers of the runs, and which of the model's parameters it touches."""

    name: str
    regularizer: Regularizer
    numbers: dict[str, torch.Tensor]
    touches: list[int]
    shaped: list[dict[str, torch.Tensor]] = dataclasses.field(default_factory=list)
    """The numbers as they meet each of the touched parameters."""

    def has(self, hook: str) -> bool:
        return defines(self.regularizer, hook)
