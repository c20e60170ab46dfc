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
    t = ratio(found.mean, found.sd * np.sqrt(1 / n + correction))
    return Difference(n, found.mean, found.low, found.high, t, df, _two_sided(t, df), ratio(found.mean, found.sd), paired=True)


def unpaired(values: Any, baseline: Any, correction: float = 0.0) -> Difference:
    """Welch's t-test: of two sets of values that do not belong together, with variances of their own."""
    a, b = np.asarray(values, dtype=float), np.asarray(baseline, dtype=float)
    va, vb = (_deviation(x) ** 2 * (1 / x.shape[-1] + correction) for x in (a, b))
    freedom = va**2 / max(a.shape[-1] - 1, 1) + vb**2 / max(b.shape[-1] - 1, 1)
    df = np.where(freedom > 0, ratio((va + vb) ** 2, freedom), a.shape[-1] + b.shape[-1] - 2.0)
    mean, error = a.mean(-1) - b.mean(-1), np.sqrt(va + vb)
    half, t = _quantile(df) * error, ratio(mean, error)
    n = min(a.shape[-1], b.shape[-1])
    return Difference(n, mean, mean - half, mean + half, t, df, _two_sided(t, df), ratio(t, np.sqrt(n)), paired=False)


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


def ratio(a: Any, b: Any) -> Any:
    """``a / b``; 0 / 0 is 0, and anything else over 0 infinite."""
    a, b = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where((a == 0) & (b == 0), 0.0, a / b)[()]


def _deviation(values: np.ndarray) -> Figure:
    """The standard deviation; rounding errors of equal values are none."""
    if values.shape[-1] < 2:
        return np.full(values.shape[:-1], np.nan)[()]
    return np.where((values == values[..., :1]).all(-1), 0.0, values.std(-1, ddof=1))[()]


def _quantile(df: Any) -> Any:
    return special.stdtrit(np.where(np.asarray(df) > 0, df, np.nan), 1 - LEVEL / 2)


def _two_sided(t: Any, df: Any) -> Any:
    return 2 * special.stdtr(np.where(df > 0, df, np.nan), -np.abs(t))
