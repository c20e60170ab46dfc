"""W3: a Fashion-MNIST sweep of 16 networks, from the typed command to finished folders."""

from __future__ import annotations

import statistics
import tempfile
from pathlib import Path

from benchmarks import ours
from benchmarks.agreement import over_seeds
from benchmarks.commands import BASIC, CORES, JOBLIB
from benchmarks.image_sweep import ImageSweep
from benchmarks.sizes import Sizes
from benchmarks.timing import Contestant, installed, interleave
from benchmarks.work import Check, Work, at_least, at_most

TITLE = "W3: a Fashion-MNIST sweep of {runs} networks ({strengths} strengths x {seeds} seeds), whole command, {epochs} epochs"
HOW = (
    "784-256-128-10, weight decay, no dropout, {images} images, both splits evaluated after every epoch (by regexp before the "
    "first too). regexp is one process on one core; on as many cores as the joblib launcher and JAX take, its joblib engine "
    "trains a stack on each. Hydra's launchers are extrapolated linearly, source 2's loop from a command of one epoch, "
    "which counts as often as the sweep has further ones, regexp's own from few runs. One thread per run where runs are "
    "trained side by side or in a stack, else all. Losses: source 2's loop after its epoch, by other seeds every turn, beside "
    "ours of the same strength; JAX at the end, every seed's mean over the strengths; our own runs by other ways seed by seed"
)
OURS, ON_ALL, LIMIT = "regexp", "regexp, engine=joblib", "matrix products"
SAME_RUNS = 0.01
"""Of the mean test loss of runs with the same seeds: products of another number of threads may round otherwise."""
WHY_JOBLIB = "Each worker of ours imports torch and reads the images anew: 8 to 9 of its some 40 seconds."
WHY_PRODUCTS = "Besides the products a command imports torch, reads the images, steps by Adam and writes 16 folders."


def measure(sizes: Sizes) -> Work:
    """Whole commands in turn."""
    strengths, seeds = sizes.networks
    epochs = sizes.network_epochs
    title = TITLE.format(runs=strengths * seeds, strengths=strengths, seeds=seeds, epochs=epochs)
    work = Work("W3", title, HOW.format(images=sizes.images))
    with tempfile.TemporaryDirectory() as folder:
        sweep = ImageSweep(Path(folder), ours.network_strengths(strengths), seeds, sizes.images, epochs)
        loops, launched, wide, others = peers(work, sweep)
        everybody = [
            Contestant(OURS, lambda: sweep.ours(OURS)),
            *wide,
            *loops,
            *launched,
            *others,
            Contestant(LIMIT, sweep.products),
        ]
        interleave(everybody, sizes.network_turns, warm=False)
        compare(work, work.record(everybody), loops, launched, wide, others)
        check(work, sweep, loops, [*wide, *launched], others)
    return work


def peers(work: Work, sweep: ImageSweep) -> tuple[list[Contestant], ...]:
    """Source 2's loop and this project by Hydra's launchers, this project's engine for all cores, and JAX."""
    loops = [Contestant("source 2's loop, Hydra's basic launcher", lambda: sweep.loop(BASIC, 1, None))]
    basic, joblib = (f"regexp, Hydra's {name} launcher" for name in ("basic", "joblib"))
    launched = [Contestant(basic, lambda: sweep.launched(basic, BASIC, (1, 2), None))]
    if installed("hydra_plugins.hydra_joblib_launcher"):
        loops.append(Contestant("source 2's loop, Hydra's joblib launcher", lambda: sweep.loop(JOBLIB, CORES, 1)))
        launched.append(Contestant(joblib, lambda: sweep.launched(joblib, JOBLIB, (CORES, 2 * CORES), 1)))
    else:
        work.lacks("Hydra's joblib launcher", "hydra-joblib-launcher")
    wide = [Contestant(ON_ALL, lambda: sweep.on_all_cores(ON_ALL))] if installed("joblib") else []
    others = [Contestant("JAX vmap", sweep.jax)] if installed("jax") else []
    for found, who, package in ((wide, ON_ALL, "joblib"), (others, "JAX", "jax[cpu]")):
        if not found:
            work.lacks(who, package)
    return loops, launched, wide, others


def compare(work: Work, taken: dict[str, list[float]], *groups: list[Contestant]) -> None:
    """The rows: everybody beside one process of ours, and those that take all cores beside ours on all cores."""
    loops, launched, wide, others = groups
    for other in (*loops, *launched, *others, *wide):
        limits = (at_least(7),) if other is loops[0] else ()
        why = "One process of ours trains on one core, and a loop run after run on all of them." if limits else ""
        work.compare(f"{other.name} / {OURS}", taken[other.name], taken[OURS], *limits, why=why)
    for other in (*loops[1:], *launched[1:], *others) if wide else ():
        limits = (at_least(7),) if other in loops else ()
        work.compare(f"{other.name} / {ON_ALL}", taken[other.name], taken[ON_ALL], *limits, why=WHY_JOBLIB if limits else "")
    work.compare(f"{OURS} / matrix products alone", taken[OURS], taken[LIMIT], at_most(2), at_most(1.6), why=WHY_PRODUCTS)


def check(work: Work, sweep: ImageSweep, loops: list[Contestant], same: list[Contestant], others: list[Contestant]) -> None:
    """Those that draw numbers of their own by seeds, and our own runs by other ways run by run."""
    first, last = sweep.reached(OURS, epoch=1), sweep.reached(OURS, epoch=sweep.epochs)
    strongest = [loss for (strength, _), loss in first.items() if strength == sweep.strengths[0]]
    of_seeds = [statistics.fmean(last[strength, seed] for strength in sweep.strengths) for seed in range(sweep.seeds)]
    work.checks += [over_seeds(loop.name, loop.losses, strongest) for loop in loops]
    work.checks += [over_seeds(other.name, other.losses, of_seeds) for other in others]
    for other in same:
        theirs = sweep.reached(other.name, epoch=sweep.epochs)
        shared = theirs.keys() & last.keys()
        means = (statistics.fmean(losses[run] for run in shared) for losses in (theirs, last))
        work.checks.append(Check(f"{other.name} (the same {len(shared)} runs)", *means, SAME_RUNS))
