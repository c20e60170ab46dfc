"""A cubic in one variable, to be fitted by polynomials of any degree: d2l's chapter on underfitting and overfitting."""

from __future__ import annotations

import dataclasses
import functools
from typing import Any

from jaxtyping import Float

from regexp.component import per_run
from regexp.datasets import drawn
from regexp.datasets.dataset import Data, Dataset
from regexp.lazy import torch
from regexp.rules import at_least, each, finite, optional, require, whole


@dataclasses.dataclass(frozen=True)
class PolynomialRegression(Dataset):
    """``y = sum_i coefficients[i] x**i / i! + noise * e`` with standard normal x and e; features ``x**i / i!``, i < ``terms``.

    The first feature is the constant 1, so that the linear model needs no bias: ``model.bias=false``. With the four default
    coefficients 4 terms can recover them, 2 underfit, and 20 overfit. Splits come from streams of their own.

    Reference: Zhang, Lipton, Li and Smola, "Dive into Deep Learning", 2020, section 4.4 of the Chinese edition.

    >>> PolynomialRegression(terms=2).sizes["train"]
    100
    """

    terms: int = 4
    train_size: int = 100
    val_size: int = 100
    test_size: int = 100
    coefficients: Any = per_run((5.0, 1.2, -3.4, 5.6))
    noise: float = per_run(0.1)
    seed: int | None = per_run(None)

    def __post_init__(self) -> None:
        require(
            self,
            terms=whole(1),
            train_size=whole(1),
            val_size=whole(0),
            test_size=whole(1),
            coefficients=each(finite(), empty=False),
            noise=at_least(0),
            seed=optional(whole(0)),
        )
        object.__setattr__(self, "coefficients", tuple(map(float, self.coefficients)))

    @property
    def sizes(self) -> dict[str, int]:
        return drawn.sizes(self.train_size, self.val_size, self.test_size)

    def load(self, seed: int, dtype: torch.dtype) -> Data:
        return drawn.data(functools.partial(self._draw, seed), self.sizes, dtype)

    def _draw(self, seed: int, split: str, size: int) -> tuple[torch.Tensor, torch.Tensor]:
        x, noise = (drawn.normal(size, 1, seed, split, what) for what in ("inputs", "noise"))
        y = _monomials(x, len(self.coefficients)) @ torch.tensor(self.coefficients, dtype=torch.float64).unsqueeze(1)
        return _monomials(x, self.terms), y + self.noise * noise


def _monomials(x: Float[torch.Tensor, "n 1"], count: int) -> Float[torch.Tensor, "n count"]:
    """``x**i / i!`` for i < count."""
    powers = torch.arange(count, dtype=torch.float64)
    return x**powers / torch.lgamma(powers + 1).exp()
