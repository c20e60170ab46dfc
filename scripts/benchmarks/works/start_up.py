"""W4: start-up, from the start of a process to its exit."""

from __future__ import annotations

import itertools
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from benchmarks import ours
from benchmarks.agreement import over_seeds
from benchmarks.commands import TRAIN, called, program
from benchmarks.sizes import Sizes
from benchmarks.timing import Contestant, Once, installed, interleave
from benchmarks.work import Row, Work, at_most

TITLE = "W4: start-up, from process start to exit"
HOW = (
    "smallest run: one epoch of linear regression on 20 examples, all three splits evaluated before and after; the bare script "
    "and Hydra and Lightning train the same recipe, on random numbers of their own, another seed every turn; the bare script "
    "writes nothing"
)
BARE, TEMPLATE = "bare torch script", "Hydra and Lightning, one epoch"
WHY_HELP = "Help imports Hydra and OmegaConf, reads the configuration and composes it; torch it does not import."
WHY_RUN = "Besides torch a run imports Hydra, TensorBoard's writer and, for its picture, Matplotlib."
SEEDS = 200
"""Of our runs, trained beside, whose mean test loss the others must have."""


def measure(sizes: Sizes) -> Work:
    """All commands in turn."""
    work = Work("W4", TITLE, HOW)
    with tempfile.TemporaryDirectory() as place:
        everybody = commands(Path(place), work)
        interleave(everybody, sizes.start_turns)
    taken = work.record(everybody)
    work.rows.append(Row("regexp-train --help", taken["regexp-train --help"], "s", (at_most(0.7),), WHY_HELP))
    for name, bound in (("regexp-train epochs=1", 1.8), ("regexp-train epochs=1 curves=false", 1.5)):
        work.compare(f"{name} / {BARE}", taken[name], taken[BARE], at_most(bound), why=WHY_RUN)
        work.compare(f"{name} / import torch", taken[name], taken["import torch"])
    if TEMPLATE in taken:
        asked, one = taken["Hydra and Lightning --help"], taken[TEMPLATE]
        work.compare("Hydra and Lightning / regexp-train, --help", asked, taken["regexp-train --help"])
        work.compare("Hydra and Lightning / regexp-train, one epoch", one, taken["regexp-train epochs=1"])
    losses = smallest_runs()
    work.checks += [over_seeds(one.name, one.losses, losses) for one in everybody if one.losses]
    return work


def commands(folder: Path, work: Work) -> list[Contestant]:
    """Ours, what they are compared with, and the template's where it is installed."""
    everybody = [
        starting("regexp-train --help", [*TRAIN, "--help"], folder),
        starting("regexp-train epochs=1", [*TRAIN, "epochs=1"], folder),
        starting("regexp-train epochs=1 curves=false", [*TRAIN, "epochs=1", "curves=false"], folder),
        training(BARE, program("bare_torch"), folder),
        starting("import torch", [sys.executable, "-c", "import torch"], folder),
    ]
    if installed("lightning"):
        template = program("lightning_template")
        everybody.append(starting("Hydra and Lightning --help", [*template, "--help"], folder))
        everybody.append(training(TEMPLATE, template, folder))
    else:
        work.lacks("Hydra and Lightning", "lightning")
    return everybody


def starting(name: str, words: Sequence[str], folder: Path) -> Contestant:
    """A command, from start to exit, with the threads that it chooses."""
    return Contestant(name, lambda: Once(seconds=called(words, folder, threads=None)[0]))


def training(name: str, words: Sequence[str], folder: Path) -> Contestant:
    """A peer's command, which takes another seed every turn and prints its test loss last."""
    seeds = itertools.count()

    def once() -> Once:
        seconds, said = called([*words, f"seed={next(seeds)}"], folder, threads=None)
        return Once(float(said.split()[-1]), seconds)

    return Contestant(name, once)


def smallest_runs() -> list[float]:
    """The test losses of our smallest run, over many seeds."""
    one = ours.compose("epochs=1")
    return ours.run([replace(one, seed=seed) for seed in range(SEEDS)])["test/loss"].tolist()
