"""Data drawn from a known truth: every split from random streams of its own, so that the size of one changes no other."""

from __future__ import annotations

from collections.abc import Callable

from jaxtyping import Float

from regexp import rng
from regexp.datasets.dataset import Data
from regexp.lazy import torch


def sizes(train: int, val: int, test: int) -> dict[str, int]:
    """The sizes of the splits in the order of their rows; ``val`` only where it has any."""
    return {"train": train, "test": test, **({"val": val} if val else {})}


def data(draw: Callable[[str, int], tuple[torch.Tensor, torch.Tensor]], sizes: dict[str, int], dtype: torch.dtype) -> Data:
    """The splits one below the other; ``draw`` gives inputs and targets of a split by its name and size."""
    parts = [draw(split, size) for split, size in sizes.items()]
    ends = torch.tensor(list(sizes.values())).cumsum(0).tolist()
    return Data(
        inputs=torch.cat([x for x, _ in parts]).to(dtype),
        targets=torch.cat([y for _, y in parts]).to(dtype),
        rows={split: torch.arange(end - sizes[split], end) for split, end in zip(sizes, ends, strict=True)},
    )


def normal(size: int, count: int, seed: int, split: str, what: str) -> Float[torch.Tensor, "size count"]:
    """Standard normal numbers in float64, a function of the seed, the split and what they are for."""
    return torch.randn(size, count, generator=rng.generator(seed, "data", split, what), dtype=torch.float64)
