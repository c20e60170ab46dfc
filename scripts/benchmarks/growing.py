"""How cost grows is measured: every point a process of its own, all of an axis in turn (A B C, A B C ...)."""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks.commands import called, environment
from benchmarks.counting import counts
from benchmarks.curve import Curve, Point
from benchmarks.peers.images import BATCH, WIDTHS
from benchmarks.point import ADAM, TEST
from benchmarks.sizes import Sizes
from benchmarks.timing import Contestant, Once, interleave


def curves(sizes: Sizes) -> list[Curve]:
    """Every axis measured."""
    with tempfile.TemporaryDirectory() as folder:
        return [measured(axis, values, sizes, Path(folder)) for axis, values in sizes.growth.items()]


def measured(axis: str, values: Sequence[int], sizes: Sizes, folder: Path) -> Curve:
    """One axis: its processes start together, and work one at a time."""
    with contextlib.ExitStack() as stack:
        if axis == "networks of a command":
            works = [Command(value, folder) for value in values]
        else:
            works = [stack.enter_context(process(axis, value, sizes.growth_images, folder)) for value in values]
        asked = [work.counts() for work in works]
        contestants = [Contestant(f"{axis}: {value}", work.turn) for value, work in zip(values, works, strict=True)]
        interleave(contestants, sizes.growth_turns.get(axis, 1), warm=False)
        points = zip(values, contestants, works, asked, strict=True)
        return Curve(axis, [Point(value, one.seconds, work.megabytes, work.before, has) for value, one, work, has in points])


class Waiting:
    """A point's process, which waits for its turns."""

    def __init__(self, process: subprocess.Popen[str]):
        self.process, self.megabytes, self.before = process, 0.0, 0.0

    def counts(self) -> dict[str, float]:
        """What it counted, once it is ready."""
        return self._answer()

    def turn(self) -> Once:
        """Let it work once."""
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        taken = self._answer()
        self.megabytes, self.before = taken["megabytes"], taken["before"]
        return Once(seconds=taken["seconds"])

    def _answer(self) -> dict[str, Any]:
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{' '.join(self.process.args[1:])} ended with status {self.process.wait()}")
        return json.loads(line)


@contextlib.contextmanager
def process(axis: str, value: int, images: int, folder: Path) -> Iterator[Waiting]:
    """A point's process, ended with the block."""
    words = [sys.executable, "-m", "benchmarks.point", axis, str(value), str(images)]
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(words, cwd=folder, env=environment(1), encoding="utf-8", **pipes) as started:
        try:
            yield Waiting(started)
        finally:
            started.stdin.close()  # its loop ends


COMMAND = """
import atexit
atexit.register(lambda: print(next(line for line in open("/proc/self/status", encoding="utf-8") if line.startswith("VmHWM"))))
from regexp.train import main
main()
"""
"""``python -m regexp.train``, which says at its end how much memory it took at most."""


@dataclasses.dataclass
class Command:
    """A sweep of so many small networks, as it is typed: start-up, loading, composing and writing are most of it."""

    networks: int
    folder: Path
    megabytes: float = 0.0
    before: float = 0.0
    number: Iterator[int] = dataclasses.field(default_factory=itertools.count)

    def counts(self) -> dict[str, float]:
        """It evaluates both splits before and after its epoch of one batch."""
        return counts([range(self.networks)], WIDTHS, ADAM, trained=BATCH, evaluated=2 * (BATCH + TEST))

    def turn(self) -> Once:
        """Type it once, for a study of its own."""
        study = f"study=networks{self.networks}turn{next(self.number)}"
        grid = [f"dataset.train_size={BATCH}", f"seed=range({self.networks})", "epochs=1", "compare=false"]
        words = [sys.executable, "-c", COMMAND, "-m", "experiment=dropout", "regularizer=[weight_decay]", *grid, study]
        taken, said = called(words, self.folder)
        self.megabytes = max(self.megabytes, int(said.rpartition("VmHWM:")[2].split()[0]) / 1024)
        return Once(seconds=taken)
