"""Decoupled weight decay."""

from __future__ import annotations

import dataclasses

from jaxtyping import Float

from regexp.component import Search, per_run
from regexp.lazy import torch
from regexp.regularizers.regularizer import Regularizer, Tensors
from regexp.rules import at_least, boolean, require
from regexp.stack.axis import total
from regexp.stack.numbers import Numbers


@dataclasses.dataclass(frozen=True)
class WeightDecay(Regularizer):
    """Shrinks the weights before each step: ``W <- (1 - lr * strength) W``, then the step of the data loss's gradient.

    Under SGD without momentum this is the L2 penalty of the same strength. With momentum the optimum is that of L2 at
    ``strength * (1 - momentum)``; with Adam (this pair is AdamW) it is not the optimum of any penalty. The logged penalty is
    the one of SGD, ``strength / 2 * sum ||W||**2``.

    Reference: Loshchilov and Hutter, "Decoupled weight decay regularization", 2019.

    >>> WeightDecay(strength=3.0)
    WeightDecay(strength=3.0, biases=False)
    """

    strength: float = per_run(off=0.0, search=Search(1e-6, 10.0, log=True))
    biases: bool = False

    def __post_init__(self) -> None:
        require(self, strength=at_least(0), biases=boolean())

    def before_step(self, weight: torch.Tensor, lr: torch.Tensor, numbers: Numbers) -> None:
        weight.mul_(1 - lr * numbers["strength"])

    def report(self, weights: Tensors, numbers: Numbers) -> Float[torch.Tensor, " runs"]:
        norms = [total(w.square()) for w in weights]
        return 0.5 * numbers["strength"].to(norms[0].dtype) * sum(norms)
