"""The variance of a network's hidden activations over the test images, without dropout, layer by layer."""

from __future__ import annotations

import regexp
from regexp.comparison.reading import Run
from regexp.lazy import torch

QUANTITIES = ("layer1", "layer2")

IMAGES = 1000


def of_run(run: Run) -> dict[str, float]:
    """The mean over units of the variance over images, in the first and the second hidden layer."""
    found = regexp.load(run.folder)
    data = found.experiment.dataset.load(found.experiment.data_seed, torch.float32)
    x = (data.inputs[data.rows["test"][:IMAGES]] - data.center) / data.scale
    network = found.model()
    variances = []
    with torch.no_grad():
        for layer in network.hidden:
            x = network.activation(layer(x))
            variances.append(x.var(0).mean().item())
    return {f"layer{number}": variance for number, variance in enumerate(variances[:2], start=1)}
