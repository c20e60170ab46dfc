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
    """The places of the parameters that it may touch, among the model's."""
    touched: list[tuple[int, torch.Tensor, dict[str, torch.Tensor]]] = dataclasses.field(default_factory=list)
    """Each of them: its place, itself with its units last, and the numbers as they meet it."""

    def has(self, hook: str) -> bool:
        return defines(self.regularizer, hook)
