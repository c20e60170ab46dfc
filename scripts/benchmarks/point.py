"""One point of growth, in a process of its own: ``python -m benchmarks.point AXIS VALUE IMAGES`` prints what it took, as JSON.

Memory is the peak of this process while it works; what it holds before (interpreter, torch, data) is said beside it.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import torch

from benchmarks import ours
from benchmarks.timing import seconds

STRENGTHS = 4


def main() -> None:
    axis, (value, images) = sys.argv[1], map(int, sys.argv[2:])
    torch.set_num_threads(1)
    ours.run(
        ours.grid(ours.compose("experiment=weight_decay", "epochs=1"), [0.1], 1)
    )  # what the first run of a process imports
    work = AXES[axis](value, images)
    Path("/proc/self/clear_refs").write_text("5", encoding="utf-8")  # the peak begins anew
    before = peak()
    taken = min(seconds(work) for _ in range(2))
    print(json.dumps({"seconds": taken, "megabytes": peak(), "megabytes before": before}))


def regressions(runs: int, images: int) -> Callable[[], object]:
    """Source 2's weight decay, whole runs."""
    strengths = min(runs, 64 if runs >= 1024 else STRENGTHS)
    stack = ours.grid(
        ours.compose("experiment=weight_decay"), [3 * (k + 1) / strengths for k in range(strengths)], runs // strengths
    )
    return lambda: ours.run(stack)


def networks(runs: int, images: int) -> Callable[[], object]:
    """An epoch of networks as one stack, with its evaluation."""
    strengths = min(runs, STRENGTHS)
    base = ours.compose("experiment=dropout", "regularizer=[weight_decay]", f"dataset.train_size={images}")
    prepared = ours.prepare(ours.grid(base, [10.0**-k for k in range(1, 1 + strengths)], runs // strengths))
    return lambda: ours.epoch(*prepared)


def one_network(*overrides: str) -> Callable[[], object]:
    """An epoch of one network with dropout, without evaluation."""
    prepared = ours.prepare([ours.compose("experiment=dropout", *overrides)])
    return lambda: ours.steps(*prepared)


def peak() -> float:
    """The peak memory of this process in megabytes: not, as ``getrusage`` has it, of the one that it was forked from."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))


AXES: dict[str, Callable[[int, int], Callable[[], object]]] = {
    "runs of W2": regressions,
    "networks of W3": networks,
    "images": lambda value, images: one_network(f"dataset.train_size={value}"),
    "width": lambda value, images: one_network(f"model.hidden=[{value},{value // 2}]", f"dataset.train_size={images}"),
}


if __name__ == "__main__":
    main()
