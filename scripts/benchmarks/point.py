"""One point of growth, in a process of its own: ``python -m benchmarks.point AXIS VALUE IMAGES``.

It prints what it counts as a line of JSON; then every line that it reads asks for a turn, and is answered by what that took.
Memory is the peak of this process since it was ready; what it held by then (interpreter, torch, images) is said beside it.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import math
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from benchmarks import ours
from benchmarks.counting import counts, cut
from benchmarks.peers.images import WIDTHS
from benchmarks.timing import seconds
from regexp.experiment import Experiment
from regexp.machine import using

Work = tuple[list[Callable[[], object]], dict[str, float]]
"""What is timed, stack by stack, and what it asks for."""

TEST, FEATURES, SGD, ADAM = 10_000, 200, 2, 4
SMALLEST = {"images": 256, "width": 64}
"""What is done first, uncounted, for what the first work of its kind in a process imports and prepares (else: one run)."""


def main() -> None:
    axis, (value, images) = sys.argv[1], map(int, sys.argv[2:])
    answers = sys.stdout
    with contextlib.redirect_stdout(sys.stderr):
        one_after_the_other(AXES[axis](SMALLEST.get(axis, 1), images)[0])
        stacks, counted = AXES[axis](value, images)
        print(json.dumps(counted), file=answers, flush=True)
        before = ready()
        for _ in sys.stdin:
            taken = {"seconds": seconds(lambda: one_after_the_other(stacks)), "megabytes": peak(), "before": before}
            print(json.dumps(taken), file=answers, flush=True)


def one_after_the_other(stacks: list[Callable[[], object]]) -> None:
    """As a sweep trains them: after each, memory goes back to the system."""
    for stack in stacks:
        with using(1):
            stack()


def shape(runs: int) -> tuple[int, int]:
    """Strengths and seeds of so many runs: as many of one as of the other, or, where that cannot be, more strengths."""
    seeds = next(count for count in range(math.isqrt(runs), 0, -1) if runs % count == 0)
    return runs // seeds, seeds


def seeds_of(stacks: list[list[Experiment]]) -> list[list[int]]:
    """Of every run."""
    return [[experiment.seed for experiment in stack] for stack in stacks]


def regressions(runs: int, images: int) -> Work:
    """Source 2's weight decay, whole runs."""
    strengths, seeds = shape(runs)
    stacks = cut(ours.regressions(strengths, seeds))
    counted = counts(seeds_of(stacks), (FEATURES, 1), SGD, trained=100 * 20, evaluated=21 * 120, rows=20)
    return [partial(ours.run, stack) for stack in stacks], counted


def networks(runs: int, images: int) -> Work:
    """Initial weights, an epoch and an evaluation, stack after stack."""
    strengths, seeds = shape(runs)
    stacks = cut(ours.networks(images, strengths, seeds))
    counted = counts(seeds_of(stacks), WIDTHS, ADAM, trained=images, evaluated=images + TEST)
    return [lambda stack=stack: ours.epoch(*ours.prepare(stack)) for stack in stacks], counted


def one_network(images: int, width: int = WIDTHS[1]) -> Work:
    """Initial weights and an epoch of one network with dropout, without evaluation."""
    stack = [ours.compose("experiment=dropout", f"dataset.train_size={images}", f"model.hidden=[{width},{width // 2}]")]
    widths = (WIDTHS[0], width, width // 2, WIDTHS[-1])
    return [lambda: ours.steps(*ours.prepare(stack))], counts([[0]], widths, ADAM, trained=images, evaluated=0)


def ready() -> float:
    """Let the peak memory begin anew; returns what the process holds now."""
    ctypes.CDLL(None).malloc_trim(0)  # what earlier work has left behind would hide what the next takes
    Path("/proc/self/clear_refs").write_text("5", encoding="utf-8")
    return peak()


def peak() -> float:
    """The peak memory of this process in megabytes: not, as ``getrusage`` has it, of the one that it was forked from."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))


AXES: dict[str, Callable[[int, int], Work]] = {
    "runs of W2": regressions,
    "networks of W3": networks,
    "images": lambda value, images: one_network(value),
    "width": lambda value, images: one_network(images, value),
}


if __name__ == "__main__":
    main()
