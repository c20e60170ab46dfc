"""Costs by what was counted: time or memory as a sum of counts, each times its cost, none of which is below 0."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Sequence

import numpy as np

from benchmarks.curve import Point

CONSTANT = ""
"""The name of a term that does not grow."""


@dataclasses.dataclass(frozen=True)
class Fit:
    """The cost of one of every term, and the parts of every point."""

    costs: dict[str, float]
    parts: list[dict[str, float]]

    @property
    def foretold(self) -> list[float]:
        return [sum(part.values()) for part in self.parts]

    def share(self, term: str, number: int) -> float:
        """Of what is foretold for a point, 0 to 1."""
        return self.parts[number][term] / (sum(self.parts[number].values()) or 1.0)


def fit(points: Sequence[Point], terms: Sequence[str], values: Sequence[float], relative: bool) -> Fit:
    """By least squares of the differences, or, ``relative``, of their ratio to the values."""
    rows = np.array([[1.0 if term == CONSTANT else point.counts[term] for term in terms] for point in points])
    scale, weight = rows.max(0), 1 / np.array(values) if relative else np.ones(len(values))
    costs = _nonnegative(weight[:, None] * rows / scale, weight * np.array(values)) / scale
    parts = [{term: float(cost * count) for term, cost, count in zip(terms, costs, row, strict=True)} for row in rows]
    return Fit(dict(zip(terms, map(float, costs), strict=True)), parts)


def _nonnegative(rows: np.ndarray, values: np.ndarray) -> np.ndarray:
    """The best of the solutions with few terms that have no cost below 0; fewer terms than points."""
    best, least = np.zeros(rows.shape[1]), np.inf
    for count in range(1, max(2, min(rows.shape[1] + 1, len(rows)))):
        for chosen in map(list, itertools.combinations(range(rows.shape[1]), count)):
            costs = np.zeros(rows.shape[1])
            costs[chosen] = np.linalg.lstsq(rows[:, chosen], values, rcond=None)[0]
            missed = float(np.sum((rows @ costs - values) ** 2))
            if (costs >= 0).all() and missed < least * (1 - 1e-9):
                best, least = costs, missed
    return best
