"""The commands of everybody who trains W3's sweep: how long each takes, and the losses that it reaches."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path

from benchmarks.commands import CORES, TRAIN, called, extrapolated, program, timed
from benchmarks.peers import images, products
from benchmarks.timing import Once, seconds
from regexp.comparison.reading import read
from regexp.machine import using

DECAY = "regularizer.weight_decay.strength"
Losses = dict[tuple[float, int], float]
"""Test losses by strength and seed."""


class ImageSweep:
    """A sweep of strengths and seeds of a network; everything is written below ``folder``."""

    def __init__(self, folder: Path, strengths: Sequence[float], seeds: int, count: int, epochs: int):
        self.folder, self.strengths, self.seeds, self.count, self.epochs = folder, strengths, seeds, count, epochs
        self.runs = len(strengths) * seeds
        self.written: dict[str, Path] = {}
        """Where our runs lie that a contestant trained last, by its name."""
        self._places, self._keys, self._peers_seeds = itertools.count(), itertools.count(), itertools.count()

    def ours(self, name: str, *engine: str) -> Once:
        """This project's command."""
        return Once(seconds=self._timed(name, self._command(self.strengths, self.seeds, *engine), threads=1))

    def on_all_cores(self, name: str) -> Once:
        """This project's command, with a stack on every core."""
        each = -(-self.runs // CORES)
        engine = ("engine=joblib", f"workers={CORES}", f"max_stack={each}")
        return self.ours(name, *(f"hydra.launcher.{word}" for word in engine))

    def launched(self, name: str, launcher: Sequence[str], few: tuple[int, int], threads: int | None) -> Once:
        """This project, run by run, by a launcher of Hydra's."""

        def some(runs: int) -> float:
            return self._timed(name, self._command(self.strengths[:1], runs, *launcher), threads)

        return Once(seconds=extrapolated(some, few, self.runs))

    def loop(self, launcher: Sequence[str], at_once: int, threads: int | None) -> Once:
        """Source 2's loop: a command that trains ``at_once`` runs for an epoch, and that epoch for all further rounds."""
        seeds = ",".join(str(next(self._peers_seeds)) for _ in range(at_once))
        words = [f"root={images.folder()}", f"images={self.count}", f"weight_decay={self.strengths[0]}", f"seed={seeds}"]
        place = self._new()
        taken = timed([*program("hydra_images"), "-m", *launcher, *words], place, threads=threads)
        epochs = [tuple(map(float, file.read_text(encoding="utf-8").split())) for file in place.rglob("epochs.txt")]
        rounds = -(-self.runs // at_once) * self.epochs
        return Once([loss for loss, _ in epochs], taken + (rounds - 1) * max(epoch for _, epoch in epochs))

    def jax(self) -> Once:
        """JAX's program, with all its threads, and other random numbers every time."""
        numbers = [self.count, self.epochs, self.seeds, next(self._keys), *self.strengths]
        words = [*program("jax_networks"), images.folder(), *map(str, numbers)]
        taken, said = called(words, self._new(), threads=None)
        return Once([*map(float, said.splitlines()[-1].split())], taken)

    def products(self) -> Once:
        """The matrix products of all steps and of the evaluations, that before training too."""
        training = products.of_training(self.runs, images.WIDTHS, self.count, images.BATCH)
        evaluation = products.of_evaluation(self.runs, images.WIDTHS, [self.count, 10_000], images.EVALUATED)
        with using(1):
            return Once(seconds=self.epochs * seconds(training) + (self.epochs + 1) * seconds(evaluation))

    def reached(self, name: str, epoch: int) -> Losses:
        """The test losses of a contestant's runs after an epoch, from their ``metrics.csv``."""
        runs, _ = read([self.written[name]])
        return {(run.fields[DECAY], run.fields["seed"]): float(run.history["test/loss"][epoch]) for run in runs}

    def _timed(self, name: str, words: Sequence[str], threads: int | None) -> float:
        place = self._new()
        self.written[name] = place / "outputs"
        return timed(words, place, threads=threads)

    def _command(self, strengths: Sequence[float], seeds: int, *more: str) -> list[str]:
        decay = f"{DECAY}={','.join(f'{s:g}' for s in strengths)}"
        size = [] if self.count == 60_000 else [f"dataset.train_size={self.count}"]
        grid = ["experiment=dropout", "regularizer=[weight_decay]", decay, f"seed=range({seeds})", f"epochs={self.epochs}"]
        return [*TRAIN, "-m", *grid, *size, "compare=false", *more]

    def _new(self) -> Path:
        return self.folder / str(next(self._places))
