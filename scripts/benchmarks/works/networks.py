"""W3: a Fashion-MNIST sweep of 16 networks, from the typed command to finished folders."""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.commands import BASIC, CORES, JOBLIB, TRAIN, called, extrapolated, program, timed
from benchmarks.peers import images, products
from benchmarks.sizes import Sizes
from benchmarks.timing import Contestant, Once, installed, interleave, seconds
from benchmarks.work import Work, at_least, at_most
from regexp.comparison.reading import read
from regexp.machine import using

TITLE = "W3: a Fashion-MNIST sweep of {runs} networks ({strengths} strengths x {seeds} seeds), whole command, {epochs} epochs"
HOW = (
    "784-256-128-10, weight decay, no dropout, {images} images, both splits evaluated after every epoch (by regexp before the "
    "first too). regexp is one process on one core; on as many cores as the joblib launcher and JAX take, its joblib engine "
    "trains a stack on each. Hydra's launchers are extrapolated linearly, source 2's loop from one epoch of one run per "
    "process, regexp's own from few runs. One thread per run where runs are trained side by side or in a stack, else all"
)
ON_ALL = "regexp, engine=joblib"
TOLERANCE = 0.10
"""Of the test loss: other initial weights and another order, after an epoch."""


def measure(sizes: Sizes) -> Work:
    """Whole commands in turn."""
    strengths, seeds = sizes.networks
    runs, epochs = strengths * seeds, sizes.network_epochs
    title = TITLE.format(runs=runs, strengths=strengths, seeds=seeds, epochs=epochs)
    work = Work("W3", title, HOW.format(images=sizes.images))
    with tempfile.TemporaryDirectory() as folder:
        sweep = Sweep(Path(folder), [10.0**-k for k in range(1, 1 + strengths)], seeds, sizes.images, epochs)
        regexp, limit = Contestant("regexp", sweep.ours), Contestant("matrix products", sweep.products)
        wide = [Contestant(ON_ALL, sweep.on_all_cores)] if installed("joblib") else []
        if not wide:
            work.lacks(ON_ALL, "joblib")
        loops = [Contestant("source 2's loop, Hydra's basic launcher", lambda: sweep.loop(BASIC, 1, None))]
        launched = [Contestant("regexp, Hydra's basic launcher", lambda: sweep.launched(BASIC, (1, 2), None))]
        if installed("hydra_plugins.hydra_joblib_launcher"):
            loops.append(Contestant("source 2's loop, Hydra's joblib launcher", lambda: sweep.loop(JOBLIB, CORES, 1)))
            few = (CORES, 2 * CORES)
            launched.append(Contestant("regexp, Hydra's joblib launcher", lambda: sweep.launched(JOBLIB, few, 1)))
        else:
            work.lacks("Hydra's joblib launcher", "hydra-joblib-launcher")
        others = [Contestant("JAX vmap", sweep.jax)] if installed("jax") else []
        if not others:
            work.lacks("JAX", "jax[cpu]")
        everybody = [regexp, *wide, *loops, *launched, *others, limit]
        interleave(everybody, sizes.network_turns, warm=False)
        taken = work.record(everybody)
        for other in (*loops, *launched, *others, *wide):
            limits = (at_least(7),) if other is loops[0] else ()
            work.compare(f"{other.name} / regexp", taken[other.name], taken["regexp"], *limits)
        for other in (*loops[1:], *launched[1:], *others) if wide else ():
            limits = (at_least(7),) if other in loops else ()
            work.compare(f"{other.name} / {ON_ALL}", taken[other.name], taken[ON_ALL], *limits)
        work.compare("regexp / matrix products alone", taken["regexp"], taken["matrix products"], at_most(2), at_most(1.6))
        one, all_of_them = sweep.losses(epoch=1, only=True), sweep.losses(epoch=epochs)
        work.check(loops, Contestant("", lambda: None, losses=[one]), TOLERANCE)
        work.check(others, Contestant("", lambda: None, losses=[all_of_them]), TOLERANCE)
    return work


class Sweep:
    """The commands of everybody, and what is left of them in ``folder``."""

    def __init__(self, folder: Path, strengths: Sequence[float], seeds: int, count: int, epochs: int):
        self.folder, self.strengths, self.seeds, self.count, self.epochs = folder, strengths, seeds, count, epochs
        self.turn = 0

    def ours(self) -> Once:
        """This project's command."""
        return Once(seconds=timed(self._command(self.strengths, self.seeds, f"study={self._new()}"), self.folder))

    def on_all_cores(self) -> Once:
        """This project's command, with a stack on every core."""
        each = -(-len(self.strengths) * self.seeds // CORES)
        engine = ("hydra.launcher.engine=joblib", f"hydra.launcher.workers={CORES}", f"hydra.launcher.max_stack={each}")
        return Once(seconds=timed(self._command(self.strengths, self.seeds, f"study={self._new()}", *engine), self.folder))

    def launched(self, launcher: Sequence[str], few: tuple[int, int], threads: int | None) -> Once:
        """This project, run by run, by a launcher of Hydra's."""

        def some(runs: int) -> float:
            place = self.folder / f"launched{self._new()}"
            return timed(self._command(self.strengths[:1], runs, *launcher), place, threads=threads)

        return Once(seconds=extrapolated(some, few, len(self.strengths) * self.seeds))

    def loop(self, launcher: Sequence[str], at_once: int, threads: int | None) -> Once:
        """Source 2's loop: starting, and as many rounds of ``at_once`` run-epochs as the sweep has."""

        def rounds(count: int) -> float:
            seeds = ",".join(map(str, range(at_once)))
            words = [f"root={images.folder()}", f"images={self.count}", f"epochs={count}", f"seed={seeds}"]
            decay = f"weight_decay={self.strengths[0]}"
            self.place = self.folder / f"loop{self._new()}"
            return timed([*program("hydra_images"), "-m", *launcher, *words, decay], self.place, threads=threads)

        total = -(-len(self.strengths) * self.seeds // at_once) * self.epochs
        taken = extrapolated(rounds, (0, 1), total)
        losses = [float(file.read_text(encoding="utf-8").split()[0]) for file in self.place.rglob("losses.txt")]
        return Once(statistics.mean(losses), taken)

    def jax(self) -> Once:
        """JAX's program, with all its threads."""
        numbers = [self.count, self.epochs, self.seeds, *self.strengths]
        taken, said = called([*program("jax_networks"), images.folder(), *map(str, numbers)], self.folder, threads=None)
        return Once(float(said.split()[-1]), taken)

    def products(self) -> Once:
        """The matrix products of all steps and of the evaluations, that before training too."""
        runs = len(self.strengths) * self.seeds
        training = products.of_training(runs, images.WIDTHS, self.count, images.BATCH)
        evaluation = products.of_evaluation(runs, images.WIDTHS, [self.count, 10_000], images.EVALUATED)
        with using(1):
            return Once(seconds=self.epochs * seconds(training) + (self.epochs + 1) * seconds(evaluation))

    def losses(self, epoch: int, only: bool = False) -> float:
        """Our mean test loss after an epoch, from ``metrics.csv``; ``only``: of the first strength."""
        runs, _ = read([self.folder / "outputs" / "sweep1"])
        strength = "regularizer.weight_decay.strength"
        chosen = [run for run in runs if not only or run.fields[strength] == self.strengths[0]]
        return statistics.mean(float(run.history["test/loss"][epoch]) for run in chosen)

    def _command(self, strengths: Sequence[float], seeds: int, *more: str) -> list[str]:
        decay = f"regularizer.weight_decay.strength={','.join(f'{s:g}' for s in strengths)}"
        size = [] if self.count == 60_000 else [f"dataset.train_size={self.count}"]
        grid = ["experiment=dropout", "regularizer=[weight_decay]", decay, f"seed=range({seeds})", f"epochs={self.epochs}"]
        return [*TRAIN, "-m", *grid, *size, "compare=false", *more]

    def _new(self) -> str:
        self.turn += 1
        return f"sweep{self.turn}"
