"""How much hidden units rely on each other."""

from __future__ import annotations

import torch
from jaxtyping import Float, Int

from regexp import rng
from regexp.diagnostics.examples import Inputs, accuracy_of
from regexp.diagnostics.hidden import activations, changing
from regexp.results import Result


def unit_correlations(result: Result, inputs: Inputs) -> dict[str, float]:
    """The mean absolute correlation between two units of a hidden layer over examples, by layer.

    ``mean_{i<j} |corr(h_i, h_j)|`` over the units that vary; nan where fewer than two do.

    Reference: Srivastava et al., "Dropout: a simple way to prevent neural networks from overfitting", 2014, section 7.1;
    Cogswell et al., "Reducing overfitting in deep networks by decorrelating representations", 2016.
    """
    return {name: _mean_correlation(h.double()) for name, h in activations(result.model(), inputs).items()}


def deletion_drop(
    result: Result,
    inputs: Inputs,
    targets: Int[torch.Tensor, " batch"],
    count: int,
    *,
    repeats: int = 20,
    seed: int = 0,
) -> float:
    """The accuracy lost when ``count`` random hidden units are deleted (their outputs set to 0), the mean of ``repeats`` draws.

    The units are drawn from all hidden layers together, without replacement; those that a smaller ``count`` deletes are among
    them. Raises ``ValueError`` for more units than there are.

    Reference: Morcos et al., "On the importance of single directions for generalization", 2018.
    """
    model = result.model()
    widths = {name: h.shape[1] for name, h in activations(model, inputs[:1]).items()}
    if not 0 <= count <= sum(widths.values()):
        raise ValueError(f"count must be in 0 to {sum(widths.values())}, the number of hidden units, got {count}")
    generator = rng.generator(seed, "deletion")
    left = []
    for _ in range(repeats):
        kept = torch.ones(sum(widths.values()), dtype=inputs.dtype)
        kept[torch.randperm(len(kept), generator=generator)[:count]] = 0
        masks = zip(widths, kept.split(list(widths.values())), strict=True)
        with changing(model, {name: mask.mul for name, mask in masks}):
            left.append(accuracy_of(model, inputs, targets))
    return accuracy_of(model, inputs, targets) - sum(left) / repeats


def _mean_correlation(h: Float[torch.Tensor, "batch units"]) -> float:
    centered = h - h.mean(0)
    norms = centered.norm(dim=0)
    varying = centered[:, norms > 1e-12 * h.norm(dim=0)]
    units = varying / varying.norm(dim=0)
    pairs = (units.T @ units).abs().triu(1)
    count = len(pairs) * (len(pairs) - 1) / 2
    return pairs.sum().item() / count if count else float("nan")
