"""Reference lines: what needs no training, on the same splits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from regexp.comparison.findings import Findings
from regexp.comparison.references import references

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_DASHES = {"constant": (0, (1, 2)), "ridge": (0, (6, 1.5, 1, 1.5)), "logistic": (0, (6, 1.5, 1, 1.5))}


def levels(axes: Axes, found: Findings, metric: str, *, upright: bool = False) -> list[float]:
    """One line per reference at its mean over seeds, if this is the compared metric; ``upright`` for a metric along x."""
    if metric != found.how.metric:
        return []
    shown = references(found)
    for one in shown:
        draw = axes.axvline if upright else axes.axhline
        draw(one.mean, color="0.35", linewidth=1.4, linestyle=_DASHES[one.name], label=one.label)
    return [one.mean for one in shown]
