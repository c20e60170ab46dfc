"""W4: start-up, from the start of a process to its exit."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.commands import TRAIN, program, timed
from benchmarks.sizes import Sizes
from benchmarks.timing import Contestant, Once, installed, interleave
from benchmarks.work import Row, Work, at_most

TITLE = "W4: start-up, from process start to exit"
HOW = "smallest run: one epoch of linear regression on 20 examples; the bare script trains the same and writes nothing"


def measure(sizes: Sizes) -> Work:
    """All commands in turn."""
    work = Work("W4", TITLE, HOW)
    commands: dict[str, Sequence[str]] = {
        "regexp-train --help": [*TRAIN, "--help"],
        "regexp-train epochs=1": [*TRAIN, "epochs=1"],
        "regexp-train epochs=1 curves=false": [*TRAIN, "epochs=1", "curves=false"],
        "bare torch script": program("bare_torch"),
        "import torch": [sys.executable, "-c", "import torch"],
    }
    if installed("lightning"):
        template = program("lightning_template")
        commands |= {"Hydra and Lightning --help": [*template, "--help"], "Hydra and Lightning, one epoch": template}
    else:
        work.lacks("Hydra and Lightning", "lightning")
    with tempfile.TemporaryDirectory() as folder:
        everybody = [starting(name, words, Path(folder)) for name, words in commands.items()]
        interleave(everybody, sizes.start_turns)
    taken = work.record(everybody)
    work.rows.append(Row("regexp-train --help", taken["regexp-train --help"], "s", (at_most(0.7),)))
    for name, bound in (("regexp-train epochs=1", 1.8), ("regexp-train epochs=1 curves=false", 1.5)):
        work.compare(f"{name} / bare torch script", taken[name], taken["bare torch script"], at_most(bound))
        work.compare(f"{name} / import torch", taken[name], taken["import torch"])
    if installed("lightning"):
        work.compare(
            "Hydra and Lightning / regexp-train, --help", taken["Hydra and Lightning --help"], taken["regexp-train --help"]
        )
        one, ours = taken["Hydra and Lightning, one epoch"], taken["regexp-train epochs=1"]
        work.compare("Hydra and Lightning / regexp-train, one epoch", one, ours)
    return work


def starting(name: str, words: Sequence[str], folder: Path) -> Contestant:
    """A command, from start to exit, with the threads that it chooses."""
    return Contestant(name, lambda: Once(seconds=timed(words, folder, threads=None)))
