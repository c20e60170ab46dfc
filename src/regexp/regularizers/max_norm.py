"""The max-norm constraint."""

from __future__ import annotations

import dataclasses
from typing import Any

from jaxtyping import Float

from regexp.component import Search, per_run
from regexp.lazy import torch
from regexp.regularizers.regularizer import Regularizer
from regexp.rules import is_number, require
from regexp.stack.numbers import Numbers


@dataclasses.dataclass(frozen=True)
class MaxNorm(Regularizer):
    """Keeps the incoming weights of every unit inside a ball: after each step ``w <- w * min(1, limit / ||w||)``.

    ``w`` are the weights into one unit, its bias left out, and ``||w||`` is their Euclidean length: the projection onto
    ``||w|| <= limit``. ``limit`` is infinity for no constraint, which gives the very bits of the regularizer's absence. The
    limit holds from the first step on; a start outside of it is projected then.

    Reference: Srebro and Shraibman, "Rank, trace-norm and max-norm", 2005; Srivastava et al., "Dropout: a simple way to
    prevent neural networks from overfitting", 2014, section 5.1.

    >>> MaxNorm(limit=3.0)
    MaxNorm(limit=3.0)
    """

    limit: float = per_run(off=float("inf"), search=Search(0.3, 10.0, log=True))

    def __post_init__(self) -> None:
        require(self, limit=_positive)

    def after_step(self, weight: torch.Tensor, step: torch.Tensor, numbers: Numbers) -> None:
        beyond = excess(weight, numbers["limit"])
        weight.mul_(torch.where(step > 0, beyond, 1.0))  # a run that has stopped has step 0, and stands still


def excess(
    weight: Float[torch.Tensor, "runs *inputs units"], limit: Float[torch.Tensor, "runs ..."]
) -> Float[torch.Tensor, "runs ... units"]:
    """The factor ``min(1, limit / ||w||)`` of every unit."""
    norm = torch.linalg.vector_norm(weight, dim=tuple(range(1, weight.dim() - 1)), keepdim=True)
    return torch.where(norm > limit, limit / norm, 1.0)


def _positive(limit: Any) -> str | None:
    return None if is_number(limit) and limit > 0 else f"must be a number > 0, or inf for no limit, got {limit!r}"
