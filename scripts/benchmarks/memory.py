"""Training in a process of its own, its freed memory kept or given back: ``python -m benchmarks.memory WAY STACK NUMBERS``.

It prints the seconds of the first pass, as a command's is, after one small run that does not count, and the megabytes that it
adds at its peak.
"""

from __future__ import annotations

import contextlib
import sys

from benchmarks import ours
from benchmarks.point import peak, ready
from benchmarks.timing import seconds
from benchmarks.ways import Training
from regexp import machine, memory

GIVES_BACK, KEEPS = "gives-back", "keeps"
STACKS = {"regressions": (ours.regressions, (1, 1), None), "networks": (ours.networks, (256, 1, 1), 1)}
"""Who builds each, the numbers of a small one, and the epochs of a pass (None: all)."""


def main() -> None:
    way, stack, *numbers = sys.argv[1:]
    if way == GIVES_BACK:
        memory.keeping = contextlib.nullcontext
    build, small, epochs = STACKS[stack]
    with machine.using(1):
        Training(build(*small), epochs)()
    before = ready()
    with machine.using(1):
        print(seconds(Training(build(*map(int, numbers)), epochs)), peak() - before)


if __name__ == "__main__":
    main()
