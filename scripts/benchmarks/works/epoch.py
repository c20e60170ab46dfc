"""W1: source 2's Fashion-MNIST recipe, one run, per epoch, evaluation of both splits included."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from statistics import fmean

import numpy as np
import torch

from benchmarks import ours
from benchmarks.agreement import over_seeds
from benchmarks.peers import images, products
from benchmarks.sizes import Sizes
from benchmarks.timing import Contestant, Once, installed, interleave
from benchmarks.work import Work, at_least, at_most
from regexp.experiment import Experiment
from regexp.machine import using
from regexp.memory import keeping
from regexp.program import load_data

TITLE = "W1: source 2's Fashion-MNIST recipe, one run, an epoch with its evaluations"
LOOPS, LIMIT, ALONE, BARE = "beside the loops", "matrix products", ", one thread", "bare loop over tensors, fused Adam"
CLOSE_TURNS = 2
"""As many turns as the loops': for those that take about as long as regexp, whose ratios noise moves past their limits."""
WHY_SCIKIT = (
    "A step of theirs is products and a few NumPy operations of one network, without dropout; ours has its masks to draw."
)
WHY_PRODUCTS = (
    "Besides its products a step has masks, activations, loss, their gradients and Adam, some fifty operations that are "
    "small at this batch, each with torch's dispatch, and too small to be shared among threads: the faster a processor "
    "multiplies, and the more threads do, the more they weigh (the profile of W1 has their shares, and what dropout costs is "
    "said below it). The row of the bare loop has what the same takes by hand."
)
SEEDS = 5
"""Of ours, whose mean test loss the peers, which draw numbers of their own, must reach."""


def measure(sizes: Sizes) -> Work:
    """Everybody trains one epoch in turn and evaluates the training and test images."""
    threads = torch.get_num_threads()
    how = (
        f"{sizes.images} images, batch 128, {threads} threads; 10,000 test images; one warm-up epoch each; losses are means "
        f"over all epochs, ours of {SEEDS} seeds, beside scikit-learn without dropout and with its initial weights (Glorot); "
        "those that take about as long as regexp take turns of their own, and more of them, each of two epochs, of which the "
        "second counts, in a process that keeps the memory it has had: in a training too an epoch follows an epoch"
    )
    work = Work("W1", TITLE, how)
    experiment = ours.image_network(sizes.images)
    without = replace(experiment, regularizers=(), model=replace(experiment.model, init="xavier_uniform"))
    loops = [contestant("regexp", experiment), *loader_peers(experiment, work)]
    interleave(loops, sizes.epoch_turns)
    compare_loops(work, loops)
    check(work, loops, experiment)
    (data,) = load_data([experiment])
    bare = images.bare(*((data.inputs[data.rows[part]], data.targets[data.rows[part]]) for part in ("train", "test")))
    close = [contestant("regexp", experiment), limit(LIMIT, sizes)]
    close += [contestant(f"regexp{ALONE}", experiment, 1), limit(f"{LIMIT}{ALONE}", sizes, 1)]
    close += [Contestant(BARE, timed(lambda: bare().loss, None))]
    undropped = []
    if installed("sklearn"):
        undropped = [contestant("regexp without dropout", without), scikit_learn(experiment)]
    else:
        work.lacks("scikit-learn", "scikit-learn")
    with keeping():
        interleave([*close, *undropped], CLOSE_TURNS * sizes.epoch_turns, settled=True)
    compare_close(work, work.record([*close, *undropped]))
    check(work, [close[0], close[-1]], experiment)
    check(work, undropped, without)
    return work


def compare_loops(work: Work, loops: Sequence[Contestant]) -> None:
    """The rows of those that loop over a ``DataLoader``."""
    taken = work.record(loops, label=f"{LOOPS}: ")
    for peer in loops[1:]:
        bound = at_least(7 if peer.name.startswith("Lightning") else 6)
        work.compare(f"{peer.name} / regexp", taken[peer.name], taken["regexp"], bound)


def compare_close(work: Work, taken: Mapping[str, list[float]]) -> None:
    """The rows of those that take about as long as regexp."""
    if "scikit-learn" in taken:
        bound, why = at_least(1), WHY_SCIKIT
        work.compare("scikit-learn, no dropout / regexp", taken["scikit-learn"], taken["regexp"], bound, why=why)
    for threads in ("", ALONE):
        epochs, bound = taken[f"regexp{threads}"], at_most(2.5)
        alone = taken[f"{LIMIT}{threads}"]
        work.compare(f"regexp / matrix products alone{threads}", epochs, alone, bound, why=WHY_PRODUCTS)
    work.compare(f"{BARE} / regexp", taken[BARE], taken["regexp"])
    work.compare(f"{BARE} / matrix products alone", taken[BARE], taken[LIMIT])


def limit(name: str, sizes: Sizes, threads: int | None = None) -> Contestant:
    """The matrix products of an epoch and its evaluations."""
    splits = [sizes.images, 10_000]
    step = products.of_training(1, images.WIDTHS, sizes.images, images.BATCH)
    evaluation = products.of_evaluation(1, images.WIDTHS, splits, images.EVALUATED)
    return Contestant(name, timed(lambda: (step(), evaluation(), None)[-1], threads))


def check(work: Work, contestants: Sequence[Contestant], experiment: Experiment) -> None:
    """The peers' test losses beside those of the first, ours, by several seeds: means over an epoch for every turn."""
    if not contestants[1:]:
        return
    regexp, *peers = contestants
    stack = ours.prepare([replace(experiment, seed=seed) for seed in range(1, SEEDS)])
    others = torch.stack([ours.epoch(*stack)["test/loss"] for _ in regexp.losses])
    losses = [fmean(regexp.losses), *others.mean(0).tolist()]
    work.checks += [over_seeds(peer.name, [fmean(peer.losses)], losses) for peer in peers]


def contestant(name: str, experiment: Experiment, threads: int | None = None) -> Contestant:
    """This project: each turn is an epoch and its evaluation."""
    program, state = ours.prepare([experiment])
    return Contestant(name, timed(lambda: ours.epoch(program, state)["test/loss"].item(), threads))


def timed(once: Callable[[], float | None], threads: int | None) -> Callable[[], Once]:
    """The call as a command does it: by so many threads (None: all), and without denormal numbers."""

    def turn() -> Once:
        with using(threads):
            began = time.perf_counter()
            loss = once()
            return Once(loss, time.perf_counter() - began)

    return turn


def loader_peers(experiment: Experiment, work: Work) -> list[Contestant]:
    """Those that loop over a ``DataLoader``, without and with two workers."""
    (data,) = load_data([experiment])
    train, test = images.datasets(data.rows["train"].tolist())
    torch.manual_seed(0)
    found = []
    for workers in (0, 2):
        loaders = images.loaders(train, test, workers)
        found.append(Contestant(f"source 2's loop, {workers} workers", images.textbook(*loaders)))
        if installed("lightning"):
            from benchmarks.peers.lightning_images import Epochs

            found.append(Contestant(f"Lightning, {workers} workers", Epochs(*images.loaders(train, test, workers))))
    if not installed("lightning"):
        work.lacks("Lightning", "lightning")
    return found


def scikit_learn(experiment: Experiment) -> Contestant:
    """Its classifier on the same numbers."""
    from benchmarks.peers.sklearn_images import Epochs

    (data,) = load_data([experiment])
    splits: list[tuple[np.ndarray, np.ndarray]] = []
    for rows in (data.rows["train"], data.rows["test"]):
        inputs = (data.inputs[rows] - data.center) / data.scale
        splits.append((inputs.numpy(), data.targets[rows].numpy()))
    return Contestant("scikit-learn", Epochs(*splits))
