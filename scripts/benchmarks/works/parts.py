"""Parts of a step, measured apart: what the profiler points at, without the profiler."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from unittest import mock

import torch

from benchmarks import ours
from benchmarks.peers import d2l
from benchmarks.sizes import Sizes
from benchmarks.timing import Contestant, interleave, ratios
from benchmarks.ways import Training, inside, race
from benchmarks.work import Row, Work
from benchmarks.works.regression import given
from regexp import optim
from regexp.experiment import Experiment
from regexp.machine import using
from regexp.program import Program, load_data
from regexp.training import State, start

TITLE = "Parts: batches, the optimizer's passes over memory, a step's overhead"
HOW = (
    "one thread; a pass reads or writes every parameter of the stack once, at the speed of products by 1 in place of all that "
    "Adam reads; a step of one run, its batch included, has so little arithmetic that its time is that of the interpreter and "
    "of torch's dispatch"
)
APART = "each run gathers its own batch / runs of a seed share it"
SINGLE, PASSES = "Adam in single operations / a fused call per run", "Adam's step, in passes over memory"
STEP, BARE = "a step, regexp", "a step, bare loop"


def measure(sizes: Sizes) -> Work:
    """Each part in turn with another way of doing it."""
    work, turns = Work("parts", TITLE, HOW), sizes.epoch_turns
    sweep = ours.regressions(*sizes.grids[-2])
    with using(1):
        batches(work, sweep, sizes.grids[-2][0], turns)
        optimizer(work, ours.networks(sizes.growth_images, *sizes.networks), turns)
        overhead(work, sweep[:1], turns)
    return work


def batches(work: Work, sweep: Sequence[Experiment], strengths: int, turns: int) -> None:
    """Rows: no run beside one of its seed, so that all gather and multiply alone; and a step of the whole stack."""
    what = f"W2, {len(sweep)} runs"
    apart = [run for k in range(strengths) for run in sweep[k::strengths]]
    taken, shared = race(work, f"{what}: {APART}", Training(apart, prepare=as_given), Training(sweep), turns)
    work.compare(f"{what}: {APART}", taken, shared)
    work.rows.append(Row(f"{what}: {STEP}", [1e6 * one / steps_of(sweep[0]) for one in shared], "microseconds"))


def optimizer(work: Work, networks: Sequence[Experiment], turns: int) -> None:
    """Rows: Adam as one call per run and in single operations over the stack, and its time beside passes over memory."""
    what, (program, state) = f"{len(networks)} networks", ours.prepare(networks)
    gradients = [torch.rand_like(p) for p in program.parameters]
    held = [program.parameters, gradients, *state.optimizer.values()]

    @torch.no_grad()
    def step() -> None:
        state.step += 1
        program.optimizer.step(program.parameters, gradients, state.optimizer, state.step, state.lr, program.numbers)

    @torch.no_grad()
    def passes() -> None:
        for tensors in held:
            torch._foreach_mul_(tensors, 1.0)

    single = inside(lambda: mock.patch.object(optim, "_ONE_PASS", sys.maxsize), step)
    work.compare(f"{what}: {SINGLE}", *race(work, f"{what}: {SINGLE}", single, step, 3 * turns))
    taken, once = race(work, f"{what}: {PASSES}", step, passes, 3 * turns)
    work.rows.append(Row(f"{what}: {PASSES}", ratios(taken, once, 2 * len(held)), "passes"))


def overhead(work: Work, alone: Sequence[Experiment], turns: int) -> None:
    """Rows: microseconds of a step with its batch, ours and the one that is written by hand."""
    (splits, *_), (weights, *_) = given(alone, 1)
    (x, y), w, b = splits[0], weights.clone().requires_grad_(), torch.zeros(1, requires_grad=True)

    def by_hand() -> None:
        for _ in range(d2l.EPOCHS):
            for rows in torch.randperm(len(x)).split(d2l.BATCH):
                d2l.step(x[rows], y[rows], w, b, strength=3.0)

    trained = Training(alone)
    both = [Contestant(STEP, lambda: (trained(), None)[-1]), Contestant(BARE, by_hand)]
    interleave(both, 3 * turns)
    work.record(both, label="W2, 1 run: ")
    for one in both:
        figures = [1e6 * seconds / steps_of(alone[0]) for seconds in one.seconds]
        work.rows.append(Row(f"W2, 1 run: {one.name}", figures, "microseconds"))


def steps_of(experiment: Experiment) -> int:
    """The steps of a whole run."""
    return experiment.epochs * -(-experiment.dataset.train_size // experiment.batch_size)


def as_given(experiments: Sequence[Experiment]) -> tuple[Program, State]:
    """A program that is ready to train, of runs that stay in their order."""
    program = Program(experiments, load_data(experiments), torch.device("cpu"))
    return program, start(program)
