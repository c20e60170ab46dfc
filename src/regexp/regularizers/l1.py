"""The L1 penalty as a proximal step: exact zeros."""

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
class L1(Regularizer):
    """Minimises ``mean data loss + strength * sum |W|`` by a soft threshold after each step of the data loss's gradient.

    ``W <- sign(W) max(|W| - step * strength, 0)``, where ``step`` is the optimizer's effective step: ``lr`` under plain SGD,
    ``lr / (1 - momentum)`` with momentum, ``lr / (sqrt(v_hat) + eps)`` elementwise under Adam. With the bare learning rate the
    solution would be another problem's. Under half the squared error the optimum is scikit-learn's ``Lasso(alpha=strength)``,
    zeros included.

    Reference: Parikh and Boyd, "Proximal algorithms", 2014, section 4.2; Tibshirani, "Regression shrinkage and selection via
    the lasso", 1996.

    >>> L1(strength=0.01)
    L1(strength=0.01, biases=False)
    """

    strength: float = per_run(off=0.0, search=Search(1e-6, 1.0, log=True))
    biases: bool = False

    def __post_init__(self) -> None:
        require(self, strength=at_least(0), biases=boolean())

    def after_step(self, weight: torch.Tensor, step: torch.Tensor, numbers: Numbers) -> None:
        threshold = step * numbers["strength"]
        weight.sub_(weight.clamp(-threshold, threshold))

    def report(self, weights: Tensors, numbers: Numbers) -> Float[torch.Tensor, " runs"]:
        norms = [total(w.abs()) for w in weights]
        return numbers["strength"].to(norms[0].dtype) * sum(norms)
