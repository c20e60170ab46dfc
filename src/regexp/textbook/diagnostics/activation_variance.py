"""The variance of a network's hidden activations over test images, with the masks of dropout off and on, layer by layer."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import regexp
from regexp.comparison.reading import Run
from regexp.lazy import torch

QUANTITIES = ("layer1", "layer2", "layer1_masked", "layer2_masked")
NONNEGATIVE = QUANTITIES

IMAGES = 1000


def of_run(run: Run) -> dict[str, float]:
    """The mean over units of the variance over images, in the first and the second hidden layer of the trained network.

    ``layer1``, ``layer2``: as at evaluation, where no unit is dropped. ``masked``: as in training, what the next layer
    receives: a mask for each image and layer, and what is kept divided by ``1 - rate``. Without dropout both are one.
    """
    from regexp.diagnostics import examples

    found = regexp.load(run.folder)
    model, inputs = found.model(), examples(found, "test", IMAGES)[0]
    rates = [one.rate for one in found.experiment.regularizers if isinstance(one, regexp.regularizers.Dropout)]
    layers = [*_activations(model, inputs, 0.0), *_activations(model, inputs, rates[0] if rates else 0.0)]
    return {name: h.var(0).mean().item() for name, h in zip(QUANTITIES, layers, strict=True)}


def _activations(model: torch.nn.Module, inputs: torch.Tensor, rate: float | Sequence[float]) -> list[torch.Tensor]:
    """Of every hidden layer, thinned by dropout: inputs of the next one."""
    from regexp.diagnostics.hidden import changing, hidden_slots

    names, seen, random = list(hidden_slots(model)), list[torch.Tensor](), torch.Generator().manual_seed(0)
    rates = rate if isinstance(rate, Sequence) else [rate] * len(names)

    def thinned(own: float) -> Callable[[torch.Tensor], torch.Tensor]:
        def change(x: torch.Tensor) -> torch.Tensor:
            seen.append(x * (torch.rand(x.shape, generator=random) >= own) / (1 - own))
            return seen[-1]

        return change

    with torch.no_grad(), changing(model, {name: thinned(own) for name, own in zip(names, rates, strict=True)}):
        model(inputs)
    return seen
