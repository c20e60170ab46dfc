"""The machine's limit for small models: bytes over the bandwidth of the memory that holds them."""

from __future__ import annotations

import torch

from benchmarks.timing import seconds


def of_memory(size: int, device: str = "cpu") -> float:
    """Bytes per second that a copy within ``size`` bytes reads and writes: of the cache where they fit into it."""
    one, two = torch.zeros(2, max(1, size // 8), device=device).unbind()
    times = max(20, (1 << 26) // size)

    def copies() -> None:
        for _ in range(times):
            two.copy_(one)
        if device != "cpu":
            torch.cuda.synchronize()

    copies()
    return 2 * one.nbytes * times / min(seconds(copies) for _ in range(5))


def bytes_of_regression(seeds: int, strengths: int, features: int = 200, train: int = 20, test: int = 100) -> int:
    """What 100 epochs of 4 steps with 20 evaluations must move at least, in float32.

    A step reads the weights of every run, writes them, and reads its batch once per seed; an evaluation reads weights and data.
    """
    weights, row = 4 * (features + 1), 4 * (features + 1)
    runs = seeds * strengths
    steps = 100 * (4 * 2 * runs * weights + seeds * train * row)
    return steps + 20 * (runs * weights + seeds * (train + test) * row)
