"""A linear model's weights inside and outside the span of the training examples.

Outside it the data have no gradient: gradient descent leaves the initial weights there, and only decay changes them.
"""

from __future__ import annotations

import regexp
from regexp.comparison.reading import Run

QUANTITIES = ("inside", "outside")
NONNEGATIVE = QUANTITIES


def of_run(run: Run, which: str = "final") -> dict[str, float]:
    """Norms of the projection of w onto the rows of X, and of what is left: ``|Pw|`` and ``|w - Pw|``."""
    from regexp.diagnostics import examples, norms_by_span

    found = regexp.load(run.folder)
    return dict(zip(QUANTITIES, norms_by_span(found, examples(found, "train")[0], which), strict=True))
