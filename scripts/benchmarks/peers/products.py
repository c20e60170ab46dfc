"""The machine's limit: the matrix products of a network's steps and evaluations alone, in the same shapes, and nothing else."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence

import torch

Product = Callable[[], None]


def of_training(runs: int, widths: Sequence[int], examples: int, batch: int, epochs: int = 1, device: str = "cpu") -> Product:
    """The products of all steps of some epochs: forward, gradients of the weights, and of all inputs but the first."""
    whole, rest = divmod(examples, batch)
    steps = [(_step(runs, widths, batch, device), whole * epochs)]
    if rest:
        steps.append((_step(runs, widths, rest, device), epochs))
    return lambda: _repeat(steps)


def of_evaluation(runs: int, widths: Sequence[int], splits: Sequence[int], chunk: int, device: str = "cpu") -> Product:
    """The products of one evaluation of all splits."""
    counts: dict[int, int] = {}
    for size in splits:
        for length in itertools.chain([chunk] * (size // chunk), filter(None, [size % chunk])):
            counts[length] = counts.get(length, 0) + 1
    chunks = [(_forward(runs, widths, length, device), count) for length, count in counts.items()]
    return lambda: _repeat(chunks)


def operations(widths: Sequence[int]) -> int:
    """Additions and multiplications of an example in the products of a step."""
    first, *others = (inputs * outputs for inputs, outputs in itertools.pairwise(widths))
    return 2 * (2 * first + 3 * sum(others))


def _repeat(products: Sequence[tuple[Product, int]]) -> None:
    for product, times in products:
        for _ in range(times):
            product()


def _forward(runs: int, widths: Sequence[int], batch: int, device: str) -> Product:
    triples = [_triple(runs, batch, *pair, device) for pair in itertools.pairwise(widths)]

    def once() -> None:
        for x, weight, out in triples:
            torch.bmm(x, weight, out=out)

    return once


def _step(runs: int, widths: Sequence[int], batch: int, device: str) -> Product:
    triples = [_triple(runs, batch, *pair, device) for pair in itertools.pairwise(widths)]
    gradients = [(torch.empty_like(x), torch.empty_like(weight)) for x, weight, _ in triples]

    def once() -> None:
        for x, weight, out in triples:
            torch.bmm(x, weight, out=out)
        for layer, ((x, weight, out), (of_x, of_weight)) in enumerate(zip(triples, gradients, strict=True)):
            torch.bmm(x.mT, out, out=of_weight)
            if layer:
                torch.bmm(out, weight.mT, out=of_x)

    return once


def _triple(runs: int, batch: int, inputs: int, outputs: int, device: str) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    x, weight = torch.rand(runs, batch, inputs, device=device), torch.rand(runs, inputs, outputs, device=device) / inputs
    return x, weight, torch.empty(runs, batch, outputs, device=device)
