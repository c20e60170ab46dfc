"""What a work asks for, counted and not measured: stacks, seeds, multiplications, bytes, and the caches these must fit into."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path

from regexp.experiment import Experiment
from regexp.sweep.stacks import BUDGET, bytes_per_run

CACHES = Path("/sys/devices/system/cpu/cpu0/cache")


def multiplications(widths: Sequence[int], trained: int, evaluated: int) -> int:
    """Of the matrix products of a run: forward, the gradients of the weights, and of all inputs but the first layer's."""
    weights = [a * b for a, b in itertools.pairwise(widths)]
    return trained * (3 * sum(weights) - weights[0]) + evaluated * sum(weights)


def together(experiments: Sequence[Experiment]) -> int:
    """How many of these runs a sweep trains as one stack."""
    return max(1, BUDGET // bytes_per_run(experiments))


def cut(experiments: Sequence[Experiment]) -> list[list[Experiment]]:
    """The stacks in which a sweep would train these runs: of nearly one size, none above its memory budget."""
    count = len(experiments)
    parts = -(-count // together(experiments))
    return [list(experiments[i * count // parts : (i + 1) * count // parts]) for i in range(parts)]


def counts(
    stacks: Sequence[Sequence[int]], widths: Sequence[int], copies: int, trained: int, evaluated: int, rows: int | None = None
) -> dict[str, float]:
    """What there is of everything, by name. A stack is the seeds of its runs; ``trained`` and ``evaluated`` are of one run.

    ``copies``: how many numbers a parameter has (itself, its gradient, an optimizer's averages), 4 bytes each. ``rows``: how
    many different examples a seed's steps read (None: those trained on, which all seeds share). What is said to be ``at once``
    is of the largest stack.
    """
    seeds = [len(set(stack)) for stack in stacks]
    runs = sum(map(len, stacks))
    parameters = sum((a + 1) * b for a, b in itertools.pairwise(widths))
    return {
        "stacks": len(stacks),
        "seeds": sum(seeds),
        "runs": runs,
        "seeds at once": max(seeds),
        "runs at once": max(map(len, stacks)),
        "width": widths[1],
        "trained": trained,
        "evaluated": evaluated,
        "multiplications": runs * multiplications(widths, trained, evaluated),
        "state bytes": 4 * copies * parameters * max(map(len, stacks)),
        "data bytes": 4 * widths[0] * (trained if rows is None else rows * max(seeds)),
        **caches(),
    }


def caches() -> dict[str, int]:
    """Bytes of this machine's second and third cache (Linux; nothing where they are not told)."""
    found = {}
    for place in sorted(CACHES.glob("index*")):
        level, size = (place.joinpath(name).read_text(encoding="utf-8").strip() for name in ("level", "size"))
        if level in ("2", "3") and size.endswith("K"):
            found[f"L{level} bytes"] = 1024 * int(size[:-1])
    return found
