"""Arithmetic along the runs axis.

A tensor may be *shared*: its leading axis is then a divisor of the number of runs, and each of its entries serves as many
consecutive runs. A single run is a stack of one and takes the same way.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jaxtyping import Float, Shaped

from regexp.lazy import torch


def across(number: Shaped[torch.Tensor, " runs"], like: Shaped[torch.Tensor, "runs ..."]) -> torch.Tensor:
    """One number per run, shaped and cast to meet a tensor with a leading runs axis."""
    return number.to(like.dtype).reshape(-1, *(1,) * (like.dim() - 1))


def total(values: Float[torch.Tensor, "runs ..."]) -> Float[torch.Tensor, " runs"]:
    """The sum over everything but the runs."""
    return values.flatten(1).sum(1)


def spread(shared: Shaped[torch.Tensor, "..."], runs: int, dim: int = 0) -> Shaped[torch.Tensor, "..."]:
    """A shared tensor with one entry per run, (..., groups, ...) -> (..., runs, ...); ``dim`` is the axis of the groups.

    It is a view where only one group, or no sharing, makes that possible.
    """
    groups = shared.size(dim)
    if groups == runs:
        return shared
    copies = [-1] * (dim + 1) + [runs // groups] + [-1] * (shared.dim() - dim - 1)
    return shared.unsqueeze(dim + 1).expand(copies).flatten(dim, dim + 1)


def affine(
    x: Float[torch.Tensor, "groups batch inputs"],
    weight: Float[torch.Tensor, "runs inputs outputs"],
    bias: Float[torch.Tensor, "runs outputs"],
) -> Float[torch.Tensor, "runs batch outputs"]:
    """``x @ weight + bias`` for every run, as one batched product.

    With one output a product is a matrix times a vector, and the processor waits for memory. The vectors of all runs that share
    an input then make one matrix. This is the one product whose rounding depends on how many runs there are, hence
    the tolerance for linear regression where the bits of an MLP are equal.
    """
    groups, runs = len(x), len(weight)
    if groups < runs and weight.shape[-1] == 1:
        vectors, offsets = weight.reshape(groups, -1, weight.shape[1]), bias.reshape(groups, -1, 1)
        return torch.baddbmm(offsets, vectors, x.mT).reshape(runs, -1, 1)
    return torch.baddbmm(bias.unsqueeze(1), spread(x, runs), weight)


def rows(tree: Any, index: torch.Tensor) -> Any:
    """The chosen runs of every tensor in nested dicts, lists and tuples."""
    return each(lambda tensor: tensor[index], tree)


def each(function: Callable[..., torch.Tensor], *trees: Any) -> Any:
    """Nested dicts, lists and tuples of one form as one: the function of the tensors that stand at the same place."""
    first = trees[0]
    if isinstance(first, torch.Tensor):
        return function(*trees)
    if isinstance(first, dict):
        return {name: each(function, *(tree[name] for tree in trees)) for name in first}
    return type(first)(each(function, *branches) for branches in zip(*trees, strict=True))
