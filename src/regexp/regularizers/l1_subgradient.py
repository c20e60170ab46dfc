"""The L1 penalty as textbooks program it: by its subgradient."""

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
class L1Subgradient(Regularizer):
    """Adds ``strength * sum |W|`` to the mean data loss, so that the gradient gains ``strength * sgn(W)``, sgn(0) = 0.

    The weights then oscillate around zero and practically never are zero; :class:`regexp.regularizers.l1.L1` gives zeros.

    Reference: Nielsen, "Neural Networks and Deep Learning", 2015, chapter 3.

    >>> L1Subgradient(strength=0.01)
    L1Subgradient(strength=0.01, biases=False)
    """

    strength: float = per_run(off=0.0, search=Search(1e-6, 1.0, log=True))
    biases: bool = False

    def __post_init__(self) -> None:
        require(self, strength=at_least(0), biases=boolean())

    def penalty(self, weights: Tensors, numbers: Numbers) -> Float[torch.Tensor, " runs"]:
        norms = [total(w.abs()) for w in weights]
        return numbers["strength"].to(norms[0].dtype) * sum(norms)
