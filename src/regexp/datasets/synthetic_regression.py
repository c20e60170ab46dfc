"""Regression data from a known linear truth, with correlated features and interactions if asked."""

from __future__ import annotations

import dataclasses
import functools
import math
from typing import Any

from jaxtyping import Float

from regexp.component import per_run
from regexp.datasets import drawn
from regexp.datasets.dataset import Data, Dataset
from regexp.lazy import torch
from regexp.rules import Invalid, at_least, finite, number_or_list, optional, require, whole, within


@dataclasses.dataclass(frozen=True)
class SyntheticRegression(Dataset):
    """``y = true_bias + x . w + interactions * sum_i x_i x_{i+1} + noise * e`` with standard normal ``x`` and ``e``.

    ``true_weight`` is a list with one weight per feature, or one number: then the first ``nonzero`` entries of w (null: all)
    are it, the others 0. ``interactions`` weighs the products of neighbours among those features, which no linear model fits.
    Features correlate: corr(x_i, x_j) = correlation ** |i - j|, or, with a ``block``, = correlation within consecutive blocks
    of that many features and 0 between them. Training, validation and test examples come from streams of their own, so that
    the size of one changes no other. ``seed``: null means the run's.

    Reference: Zhang, Lipton, Li and Smola, "Dive into Deep Learning", 2020, section on weight decay; the designs of Tibshirani,
    "Regression shrinkage and selection via the lasso", 1996, and Zou and Hastie, "Regularization and variable selection via the
    elastic net", 2005.

    >>> import torch
    >>> data = SyntheticRegression(features=3, train_size=5).load(seed=0, dtype=torch.float32)
    >>> data.inputs[data.rows["train"]].shape
    torch.Size([5, 3])
    """

    features: int = 200
    train_size: int = 20
    val_size: int = 100
    test_size: int = 100
    true_weight: Any = per_run(0.01)
    true_bias: float = per_run(0.05)
    noise: float = per_run(0.01)
    nonzero: int | None = per_run(None)
    interactions: float = per_run(0.0)
    correlation: float = per_run(0.0)
    block: int | None = per_run(None)
    seed: int | None = per_run(None)

    def __post_init__(self) -> None:
        require(
            self,
            features=whole(1),
            train_size=whole(1),
            val_size=whole(0),
            test_size=whole(1),
            true_weight=number_or_list(finite()),
            true_bias=finite(),
            noise=at_least(0),
            nonzero=optional(whole(0)),
            interactions=finite(),
            correlation=within(-1, 1, closed=True),
            block=optional(whole(1)),
            seed=optional(whole(0)),
        )
        if self.nonzero is not None:
            require(self, nonzero=within(0, self.features, closed=True))
        if self.block is not None:
            require(self, correlation=within(0, 1, closed=True))  # more than two features cannot all oppose each other
        listed = isinstance(self.true_weight, (list, tuple))
        object.__setattr__(self, "true_weight", tuple(map(float, self.true_weight)) if listed else float(self.true_weight))
        if listed and (len(self.true_weight) != self.features or self.nonzero is not None):
            why = f"must be one number, or a list with one per feature ({self.features}) and nonzero null"
            got = f"got {len(self.true_weight)} and nonzero {self.nonzero}"
            raise Invalid(type(self).__name__, [("true_weight", f"{why}, {got}")])

    @property
    def sizes(self) -> dict[str, int]:
        return drawn.sizes(self.train_size, self.val_size, self.test_size)

    def load(self, seed: int, dtype: torch.dtype) -> Data:
        return drawn.data(functools.partial(self._draw, seed), self.sizes, dtype)

    def true_weights(self) -> Float[torch.Tensor, " features"]:
        """The weights that generated the data."""
        if isinstance(self.true_weight, tuple):
            return torch.tensor(self.true_weight, dtype=torch.float64)
        return self.true_weight * (torch.arange(self.features) < self._relevant).double()

    def truth(self, x: Float[torch.Tensor, "n features"]) -> Float[torch.Tensor, "n 1"]:
        """The targets without noise."""
        y = self.true_bias + x @ self.true_weights().unsqueeze(1)
        if not self.interactions:
            return y
        relevant = x[:, : self._relevant]
        return y + self.interactions * (relevant[:, :-1] * relevant[:, 1:]).sum(1, keepdim=True)

    def covariance(self) -> Float[torch.Tensor, "features features"]:
        """Of the inputs."""
        number = torch.arange(self.features)
        if self.block is None:
            return torch.tensor(self.correlation, dtype=torch.float64) ** (number[:, None] - number).abs()
        together = number[:, None] // self.block == number // self.block
        return self.correlation * together.double() + (1 - self.correlation) * torch.eye(self.features, dtype=torch.float64)

    @property
    def _relevant(self) -> int:
        return self.features if self.nonzero is None else self.nonzero

    def _draw(self, seed: int, split: str, size: int) -> tuple[torch.Tensor, torch.Tensor]:
        x = drawn.normal(size, self.features, seed, split, "inputs")
        if self.correlation and self.block:
            common = drawn.normal(size, -(-self.features // self.block), seed, split, "blocks")
            shared = common.repeat_interleave(self.block, 1)[:, : self.features]
            x = math.sqrt(self.correlation) * shared + math.sqrt(1 - self.correlation) * x
        elif self.correlation:
            x = _correlate(x, self.correlation)
        return x, self.truth(x) + self.noise * drawn.normal(size, 1, seed, split, "noise")


def _correlate(x: Float[torch.Tensor, "n features"], correlation: float) -> Float[torch.Tensor, "n features"]:
    """The autoregression z_i = c z_{i-1} + sqrt(1 - c**2) x_i, which keeps every variance at 1."""
    columns = [x[:, 0]]
    for column in x.unbind(1)[1:]:
        columns.append(correlation * columns[-1] + math.sqrt(1 - correlation**2) * column)
    return torch.stack(columns, dim=1)
