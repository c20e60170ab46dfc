"""W1: source 2's Fashion-MNIST recipe, one run, per epoch, evaluation of both splits included."""

from __future__ import annotations

from collections.abc import Sequence
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
from regexp.program import load_data

TITLE = "W1: source 2's Fashion-MNIST recipe, one run, an epoch with its evaluations"
SEEDS = 5
"""Of ours, whose mean test loss the peers, which draw numbers of their own, must reach."""


def measure(sizes: Sizes) -> Work:
    """Everybody trains one epoch in turn and evaluates the training and test images."""
    threads = torch.get_num_threads()
    how = (
        f"{sizes.images} images, batch 128, {threads} threads; 10,000 test images; one warm-up epoch each; losses are means "
        f"over all epochs, ours of {SEEDS} seeds, beside scikit-learn without dropout and with its initial weights (Glorot)"
    )
    work = Work("W1", TITLE, how)
    experiment = ours.compose("experiment=dropout", *ours_size(sizes.images))
    without = replace(experiment, regularizers=(), model=replace(experiment.model, init="xavier_uniform"))
    regexp, plain = contestant("regexp", experiment), contestant("regexp without dropout", without)
    peers = loader_peers(experiment, work)
    others = [plain, scikit_learn(experiment)] if installed("sklearn") else []
    if not others:
        work.lacks("scikit-learn", "scikit-learn")
    splits = [sizes.images, 10_000]
    step = products.of_training(1, images.WIDTHS, sizes.images, images.BATCH)
    evaluation = products.of_evaluation(1, images.WIDTHS, splits, images.EVALUATED)
    limit = Contestant("matrix products", lambda: (step(), evaluation(), None)[-1])
    everybody = [regexp, *peers, *others, limit]
    interleave(everybody, sizes.epoch_turns)
    taken = work.record(everybody)
    for peer in peers:
        bound = at_least(7 if peer.name.startswith("Lightning") else 6)
        work.compare(f"{peer.name} / regexp", taken[peer.name], taken["regexp"], bound)
    if others:
        work.compare("scikit-learn, no dropout / regexp", taken["scikit-learn"], taken["regexp"], at_least(1))
    work.compare("regexp / matrix products alone", taken["regexp"], taken["matrix products"], at_most(2.5))
    check(work, peers, regexp, experiment)
    check(work, others[1:], plain, without)
    return work


def check(work: Work, peers: Sequence[Contestant], regexp: Contestant, experiment: Experiment) -> None:
    """The peers' test losses beside ours of several seeds, trained as a stack: means over an epoch for every turn."""
    if not peers:
        return
    stack = ours.prepare([replace(experiment, seed=seed) for seed in range(1, SEEDS)])
    others = torch.stack([ours.epoch(*stack)["test/loss"] for _ in regexp.losses])
    losses = [fmean(regexp.losses), *others.mean(0).tolist()]
    work.checks += [over_seeds(peer.name, [fmean(peer.losses)], losses) for peer in peers]


def ours_size(count: int) -> list[str]:
    """The override for fewer images than there are."""
    return [] if count == 60_000 else [f"dataset.train_size={count}"]


def contestant(name: str, experiment: Experiment) -> Contestant:
    """This project: each turn is an epoch and its evaluation."""
    program, state = ours.prepare([experiment])
    return Contestant(name, lambda: Once(ours.epoch(program, state)["test/loss"].item()))


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
