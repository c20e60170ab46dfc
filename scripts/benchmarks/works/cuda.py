"""W6: W1, W2 and W3 on a CUDA device, where one is at hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch

from benchmarks import ours
from benchmarks.agreement import over_seeds
from benchmarks.device import finished
from benchmarks.device_rows import GRAPH, compare, rates, unmeasured, watch
from benchmarks.peers import cuda_graph, d2l, images, products
from benchmarks.sizes import Sizes
from benchmarks.timing import Contestant, Once, installed, interleave
from benchmarks.work import Work
from benchmarks.works.regression import TOLERANCE, given
from regexp.evaluation import evaluate
from regexp.experiment import Experiment
from regexp.program import Program, load_data
from regexp.training import State

TITLE = "W6: W1, W2 and W3 on a CUDA device, {runs} runs"
HOW = (
    "W1: an epoch with dropout and its evaluations; W3: an epoch of training with weight decay, without evaluation; W2: whole "
    "sweeps; the device is waited for at the end of a turn only. Synchronisations are watched for by torch, in the training of "
    "W1 (with weight decay too), W2 and W3"
)
STRENGTHS = 4
STRONGEST = 0.1


def measure(sizes: Sizes) -> Work:
    """Stacks of every size in turn with their peers, and what the device itself can."""
    work = Work("W6", TITLE.format(runs=", ".join(map(str, sizes.device_runs))), HOW)
    if not torch.cuda.is_available():
        work.notes.append("no CUDA device here: not measured")
        work.rows += unmeasured()
        return work
    torch.manual_seed(0)
    work.notes.append(f"device: {torch.cuda.get_device_name()}")
    if installed("jax"):
        work.notes.append(
            "JAX on the device: install jax[cuda] and run W2 and W3, whose programs use the device that they find"
        )
    size = f"dataset.train_size={sizes.images}"
    recipes(work, sizes, ours.compose("experiment=dropout", size))
    networks(work, sizes, ours.compose("experiment=dropout", "regularizer=[weight_decay]", size))
    regressions(work, sizes, ours.compose("experiment=weight_decay"))
    return work


def recipes(work: Work, sizes: Sizes, experiment: Experiment) -> None:
    """W1: an epoch of source 2's recipe and its evaluations, of one network and of stacks, and by source 2's loop."""
    stacks = {runs: on_device([replace(experiment, seed=seed) for seed in range(runs)]) for runs in sizes.device_runs}
    everybody = [Contestant(f"{n} networks", lambda p=p: Once(ours.epoch(*p)["test/loss"].tolist())) for n, p in stacks.items()]
    (data,) = load_data([experiment])
    splits = images.datasets(data.rows["train"].tolist())
    loops = [
        Contestant(f"source 2's loop, {workers} workers", images.textbook(*images.loaders(*splits, workers, "cuda"), "cuda"))
        for workers in (0, 2)
    ]
    interleave([*everybody, *loops], sizes.epoch_turns)
    taken = work.record([*everybody, *loops], label="W1 ")
    for loop in loops:
        work.compare(f"W1, 1 network: {loop.name} / regexp", taken[loop.name], taken["1 networks"])
    for runs in sizes.device_runs[1:]:
        work.compare(f"W1, {runs} networks / 1 network", taken[f"{runs} networks"], taken["1 networks"])
    seeds = everybody[-1].losses[-sizes.device_runs[-1] :]
    work.checks += [over_seeds(f"W1, {loop.name}", loop.losses[-1:], seeds) for loop in loops]
    decaying = grid(experiment, sizes.device_runs[-1])
    both = [replace(run, regularizers=(*experiment.regularizers, *run.regularizers)) for run in decaying]
    watch(work, "W1", {runs: on_device(both[:runs]) for runs in sizes.device_runs})


def networks(work: Work, sizes: Sizes, experiment: Experiment) -> None:
    """W3: an epoch of one network and of stacks, a hand-captured graph, and the products alone beside the device's rates."""
    stacks = {runs: on_device(grid(experiment, runs)) for runs in sizes.device_runs}
    everybody = [Contestant(f"{runs} networks", finished(lambda p=p: ours.steps(*p))) for runs, p in stacks.items()]
    (data,) = load_data([experiment])
    epoch, loss = cuda_graph.network(data, STRONGEST)
    graph = Contestant("hand-captured CUDA graph", finished(epoch))
    alone = products.of_training(1, images.WIDTHS, sizes.images, images.BATCH, device="cuda")
    limit = Contestant("matrix products", finished(alone))
    interleave([*everybody, graph, limit], sizes.epoch_turns)
    taken = work.record([*everybody, graph, limit], label="W3 ")
    compare(work, GRAPH, taken["1 networks"], taken[graph.name])
    for runs in sizes.device_runs[1:]:
        compare(work, f"W3, {runs} networks / 1 network, an epoch", taken[f"{runs} networks"], taken["1 networks"])
    work.compare("W3, 1 network, an epoch: regexp / matrix products alone", taken["1 networks"], taken[limit.name])
    largest, (program, _) = list(stacks.items())[-1]
    rates(work, f"W3, {largest} networks", taken[f"{largest} networks"], largest * sizes.images)
    strongest = evaluate(program)["test/loss"][:: min(largest, STRENGTHS)].tolist()
    work.checks.append(over_seeds(f"W3, {graph.name}", [loss()], strongest))
    watch(work, "W3", stacks)


def regressions(work: Work, sizes: Sizes, experiment: Experiment) -> None:
    """W2: whole sweeps; for one run the book's loop, the bare loop, and that loop with its steps replayed as a graph."""
    sweeps = {runs: grid(experiment, runs) for runs in sizes.device_runs}
    everybody = [
        Contestant(f"{runs} regressions", lambda many=many: Once(ours.run(many, "cuda")["test/loss"].tolist()))
        for runs, many in sweeps.items()
    ]
    splits, starts = given(sweeps[1], strengths=1)
    one = (*splits[0], starts[0], STRONGEST, "cuda")
    peers = [
        Contestant("d2l's loop", d2l.textbook(*one)),
        Contestant("bare loop", d2l.bare(*one)),
        Contestant("hand-captured CUDA graph", d2l.bare(*one, over=cuda_graph.replayed)),
    ]
    interleave([*everybody, *peers], sizes.epoch_turns)
    taken = work.record([*everybody, *peers], label="W2 ")
    for peer in peers:
        work.compare(f"W2, 1 run: regexp / {peer.name}", taken["1 regressions"], taken[peer.name])
    for runs in sizes.device_runs[1:]:
        work.compare(f"W2, {runs} runs / 1 run", taken[f"{runs} regressions"], taken["1 regressions"])
    work.check(peers, everybody[0], TOLERANCE, label="W2, ")
    watch(work, "W2", {runs: on_device(many) for runs, many in sweeps.items()}, epochs=experiment.epochs)


def grid(experiment: Experiment, runs: int) -> list[Experiment]:
    """So many runs: four strengths at as many seeds as that needs, or one run."""
    strengths = min(runs, STRENGTHS)
    return ours.grid(experiment, [STRONGEST / 10**k for k in range(strengths)], runs // strengths)


def on_device(experiments: Sequence[Experiment]) -> tuple[Program, State]:
    return ours.prepare(experiments, "cuda")
