"""Means with intervals, differences with tests. Replicates (seeds) lie along the last axis; leading axes are independent cases.

Student's t throughout. Where seeds re-split one finite data set their results are correlated, and the variance of a mean is
``(1/n + n_test/n_train) s**2`` instead of ``s**2 / n``; ``correction`` is that second term's ``n_test / n_train``.

References: Welch, "The generalization of Student's problem when several different population variances are involved", 1947;
Holm, "A simple sequentially rejective multiple test procedure", 1979; Nadeau and Bengio, "Inference for the generalization
error", 2003.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
from scipy import special  # t's distributions without scipy.stats, whose import takes a second

LEVEL = 0.05
"""Of the tests; the intervals cover 95 %."""

CHANCE, MOST = 0.8, 1000
"""The power for which seeds are counted, and how far."""

Figure = Any
"""A float, or an array over the leading axes."""


@dataclasses.dataclass(frozen=True)
class Estimate:
    """The mean of ``n`` values with its 95 % interval, and their standard deviation. One value has neither: they are nan."""

    n: int
    mean: Figure
    sd: Figure
    low: Figure
    high: Figure


@dataclasses.dataclass(frozen=True)
class Difference:
    """The mean difference to a baseline with its 95 % interval, and the two-sided test of no difference."""

    n: int
    mean: Figure
    low: Figure
    high: Figure
    t: Figure
    df: Figure
    p: Figure
    effect: Figure
    """The mean in units of the standard deviation that the test used."""
    paired: bool

    @property
    def none(self) -> bool:
        """Whether all values that belong together are equal."""
        return bool(self.paired and self.n > 1 and self.low == self.mean == self.high == 0)


def estimate(values: Any, correction: float = 0.0) -> Estimate:
    """Mean, standard deviation (denominator n - 1) and t-interval."""
    values = np.asarray(values, dtype=float)
    n, mean, sd = values.shape[-1], values.mean(-1), _deviation(values)
    half = _quantile(n - 1) * sd * np.sqrt(1 / n + correction)
    return Estimate(n, mean, sd, mean - half, mean + half)


def paired(values: Any, baseline: Any, correction: float = 0.0) -> Difference:
    """The paired t-test: of the differences of values that belong together. Values that are equal are no difference: p = 1."""
    differences = np.asarray(values, dtype=float) - np.asarray(baseline, dtype=float)
    found = estimate(differences, correction)
    n, df = found.n, np.asarray(found.n - 1.0)
    t = _ratio(found.mean, found.sd * np.sqrt(1 / n + correction))
    return Difference(n, found.mean, found.low, found.high, t, df, _two_sided(t, df), _ratio(found.mean, found.sd), paired=True)


def unpaired(values: Any, baseline: Any, correction: float = 0.0) -> Difference:
    """Welch's t-test: of two sets of values that do not belong together, with variances of their own."""
    a, b = np.asarray(values, dtype=float), np.asarray(baseline, dtype=float)
    va, vb = (_deviation(x) ** 2 * (1 / x.shape[-1] + correction) for x in (a, b))
    freedom = va**2 / max(a.shape[-1] - 1, 1) + vb**2 / max(b.shape[-1] - 1, 1)
    df = np.where(freedom > 0, _ratio((va + vb) ** 2, freedom), a.shape[-1] + b.shape[-1] - 2.0)
    mean, error = a.mean(-1) - b.mean(-1), np.sqrt(va + vb)
    half, t = _quantile(df) * error, _ratio(mean, error)
    n = min(a.shape[-1], b.shape[-1])
    return Difference(n, mean, mean - half, mean + half, t, df, _two_sided(t, df), _ratio(t, np.sqrt(n)), paired=False)


def holm(p: Any) -> np.ndarray:
    """P-values corrected for their number: the k-th smallest of m times ``m - k + 1``, never falling. Missing ones (nan) stay.

    >>> holm([0.01, 0.04, 0.03]).round(2).tolist()
    [0.03, 0.06, 0.06]
    """
    p = np.asarray(p, dtype=float)
    order = np.argsort(p, axis=-1)  # nan last
    count = np.isfinite(p).sum(-1, keepdims=True)
    factors = np.maximum(count - np.arange(p.shape[-1]), 1)
    stepped = np.minimum(np.maximum.accumulate(np.take_along_axis(p, order, -1) * factors, axis=-1), 1.0)
    corrected = np.empty_like(p)
    np.put_along_axis(corrected, order, stepped, -1)
    return corrected


def power(effect: Any, n: Any, level: float = LEVEL, correction: float = 0.0) -> Any:
    """The chance that a paired t-test of ``n`` pairs sees a true mean difference of ``effect`` standard deviations."""
    n = np.asarray(n, dtype=float)
    limit, shift = special.stdtrit(n - 1, 1 - level / 2), effect * np.sqrt(n / (1 + correction * n))
    return 1 - special.nctdtr(n - 1, shift, limit) + special.nctdtr(n - 1, shift, -limit)


def seeds_needed(
    effect: float, level: float = LEVEL, chance: float = CHANCE, most: int = MOST, correction: float = 0.0
) -> int | None:
    """The fewest seeds with which a true difference of ``effect`` deviations is seen with this chance; None beyond ``most``.

    >>> seeds_needed(1.0), seeds_needed(0.5)
    (10, 34)

    Seeds that re-split the same examples never show what is small beside the spread of the splits:

    >>> seeds_needed(2.0, correction=1 / 3), seeds_needed(1.0, correction=1 / 3)
    (12, None)
    """
    numbers = np.arange(2, most + 1)
    enough = np.flatnonzero(power(abs(effect), numbers, level, correction) >= chance)
    return int(numbers[enough[0]]) if enough.size else None


def _deviation(values: np.ndarray) -> Figure:
    """The standard deviation; rounding errors of equal values are none."""
    if values.shape[-1] < 2:
        return np.full(values.shape[:-1], np.nan)[()]
    return np.where((values == values[..., :1]).all(-1), 0.0, values.std(-1, ddof=1))[()]


def _quantile(df: Any) -> Any:
    return special.stdtrit(np.where(np.asarray(df) > 0, df, np.nan), 1 - LEVEL / 2)


def _two_sided(t: Any, df: Any) -> Any:
    return 2 * special.stdtr(np.where(df > 0, df, np.nan), -np.abs(t))


def _ratio(a: Any, b: Any) -> Any:
    """``a / b``; 0 / 0 is 0, and anything else over 0 infinite."""
    a, b = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where((a == 0) & (b == 0), 0.0, a / b)[()]
