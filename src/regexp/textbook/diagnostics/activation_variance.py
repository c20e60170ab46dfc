"""The variance of a network's hidden activations over the test images, without dropout, layer by layer."""

from __future__ import annotations

import regexp
from regexp.comparison.reading import Run

QUANTITIES = ("layer1", "layer2")

IMAGES = 1000


def of_run(run: Run) -> dict[str, float]:
    """The mean over units of the variance over images, in the first and the second hidden layer."""
    from regexp.diagnostics import examples
    from regexp.diagnostics.hidden import activations

    found = regexp.load(run.folder)
    layers = activations(found.model(), examples(found, "test", IMAGES)[0]).values()
    return {name: h.var(0).mean().item() for name, h in zip(QUANTITIES, layers, strict=False)}
