"""Linear regression data with more features than examples: the setting of d2l's weight decay chapter."""

from __future__ import annotations

import dataclasses
import math

from jaxtyping import Float

from regexp import rng
from regexp.component import at_least, finite, optional, per_run, require, whole, within
from regexp.datasets.dataset import Data, Dataset
from regexp.lazy import torch


@dataclasses.dataclass(frozen=True)
class SyntheticRegression(Dataset):
    """``y = true_bias + x . w + noise * e``: the first ``nonzero`` entries of w are ``true_weight``, the others 0.

    ``x`` and ``e`` are standard normal; neighbouring features correlate: corr(x_i, x_j) = correlation ** |i - j|.
    Training, validation and test examples come from streams of their own, so that the size of one changes no other.
    ``nonzero``: null means all. ``seed``: null means the run's.

    Reference: Zhang, Lipton, Li and Smola, "Dive into Deep Learning", 2020, section on weight decay.

    >>> import torch
    >>> data = SyntheticRegression(features=3, train_size=5).load(seed=0, dtype=torch.float32)
    >>> data.inputs[data.rows["train"]].shape
    torch.Size([5, 3])
    """

    features: int = 200
    train_size: int = 20
    val_size: int = 100
    test_size: int = 100
    true_weight: float = per_run(0.01)
    true_bias: float = per_run(0.05)
    noise: float = per_run(0.01)
    nonzero: int | None = per_run(None)
    correlation: float = per_run(0.0)
    seed: int | None = per_run(None)

    def __post_init__(self) -> None:
        require(
            self,
            features=whole(1),
            train_size=whole(1),
            val_size=whole(0),
            test_size=whole(1),
            true_weight=finite(),
            true_bias=finite(),
            noise=at_least(0),
            nonzero=optional(whole(0)),
            correlation=within(-1, 1, closed=True),
            seed=optional(whole(0)),
        )
        if self.nonzero is not None:
            require(self, nonzero=within(0, self.features, closed=True))

    @property
    def sizes(self) -> dict[str, int]:
        validation = {"val": self.val_size} if self.val_size else {}
        return {"train": self.train_size, "test": self.test_size, **validation}

    def load(self, seed: int, dtype: torch.dtype) -> Data:
        sizes = self.sizes
        parts = [self._draw(seed, split, size) for split, size in sizes.items()]
        ends = torch.tensor(list(sizes.values())).cumsum(0).tolist()
        return Data(
            inputs=torch.cat([x for x, _ in parts]).to(dtype),
            targets=torch.cat([y for _, y in parts]).to(dtype),
            rows={split: torch.arange(end - sizes[split], end) for split, end in zip(sizes, ends, strict=True)},
        )

    def true_weights(self) -> Float[torch.Tensor, " features"]:
        """The weights that generated the data."""
        nonzero = self.features if self.nonzero is None else self.nonzero
        return self.true_weight * (torch.arange(self.features) < nonzero).double()

    def _draw(self, seed: int, split: str, size: int) -> tuple[torch.Tensor, torch.Tensor]:
        x = torch.randn(size, self.features, generator=rng.generator(seed, "data", split, "inputs"), dtype=torch.float64)
        if self.correlation:
            x = _correlate(x, self.correlation)
        noise = torch.randn(size, 1, generator=rng.generator(seed, "data", split, "noise"), dtype=torch.float64)
        return x, self.true_bias + x @ self.true_weights().unsqueeze(1) + self.noise * noise


def _correlate(x: Float[torch.Tensor, "n features"], correlation: float) -> Float[torch.Tensor, "n features"]:
    """The autoregression z_i = c z_{i-1} + sqrt(1 - c**2) x_i, which keeps every variance at 1."""
    columns = [x[:, 0]]
    for column in x.unbind(1)[1:]:
        columns.append(correlation * columns[-1] + math.sqrt(1 - correlation**2) * column)
    return torch.stack(columns, dim=1)
