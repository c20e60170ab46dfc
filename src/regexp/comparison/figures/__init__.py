"""The pictures of a comparison, by name: metric, difference, gap, norms and weights against strength, learning curves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from regexp.comparison.figures.curves import learning_curves
from regexp.comparison.figures.paths import weight_paths
from regexp.comparison.figures.strength import against_strength
from regexp.comparison.figures.style import DIFFERENCE, ascii_text, write
from regexp.comparison.findings import Findings
from regexp.comparison.scales import losses_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["draw", "write"]


def draw(found: Findings) -> dict[str, Figure]:
    """All pictures that the runs have numbers for. Colours of Okabe and Ito, which the colour-blind tell apart."""
    metric, known = found.how.metric, _metrics(found)
    norms = [name for name in ("weights/l2_norm", "weights/zero_fraction") if name in known and known[name] > 0]
    with ascii_text():
        figures = {"metric": against_strength(found, [metric], together=True)}
        if any(row.difference is not None for row in found.rows):
            figures["difference"] = against_strength(found, [DIFFERENCE])
        if any(run.history for run in found.runs):
            figures["learning_curves"] = learning_curves(found)
        if "gap/loss" in known and len(losses_of(found.settings)) == 1:
            figures["gap"] = against_strength(found, ["gap/loss"])
        if norms:
            figures["weight_norms"] = against_strength(found, norms)
        if (paths := weight_paths(found)) is not None:
            figures["weight_paths"] = paths
    return figures


def _metrics(found: Findings) -> dict[str, float]:
    """The largest final value of every metric that some run has."""
    largest: dict[str, float] = {}
    for run in found.runs:
        for name, value in (run.summary.get("final") or {}).items():
            largest[name] = max(largest.get(name, 0.0), abs(value or 0.0))
    return largest
