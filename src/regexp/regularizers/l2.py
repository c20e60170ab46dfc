"""The L2 penalty."""

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
class L2(Regularizer):
    """Adds ``strength / 2 * sum ||W||**2`` to the mean data loss, so that the gradient gains ``strength * W``.

    With half the squared error this is ridge regression with ``n * strength`` as scikit-learn's ``alpha``. Weights only,
    unless ``biases``.

    Reference: Hoerl and Kennard, "Ridge regression: biased estimation for nonorthogonal problems", 1970.

    >>> L2(strength=0.1)
    L2(strength=0.1, biases=False)
    """

    strength: float = per_run(off=0.0, search=Search(1e-6, 10.0, log=True))
    biases: bool = False

    def __post_init__(self) -> None:
        require(self, strength=at_least(0), biases=boolean())

    def penalty(self, weights: Tensors, numbers: Numbers) -> Float[torch.Tensor, " runs"]:
        norms = [total(w.square()) for w in weights]
        return 0.5 * numbers["strength"].to(norms[0].dtype) * sum(norms)
