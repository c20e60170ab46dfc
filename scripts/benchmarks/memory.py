"""Training in a process of its own, its freed memory kept or given back: ``python -m benchmarks.memory WAY STACK NUMBERS``.

It prints the seconds of the first pass, as a command's is, after one small run that does not count. What glibc's ``mallopt``
changes lasts as long as the process.
"""

from __future__ import annotations

import contextlib
import sys

from benchmarks import ours
from benchmarks.timing import seconds
from benchmarks.ways import Training
from regexp import machine, memory

GIVEN, KEPT = "given", "kept"
STACKS = {"regressions": (ours.regressions, None), "networks": (ours.networks, 1)}
"""Who builds each, and the epochs of a pass (None: all)."""


def main() -> None:
    way, stack, *numbers = sys.argv[1:]
    if way == GIVEN:
        memory.keeping = contextlib.nullcontext
    build, epochs = STACKS[stack]
    with machine.using(1):
        ours.run(ours.regressions(1, 1))
        print(seconds(Training(build(*map(int, numbers)), epochs)))


if __name__ == "__main__":
    main()
