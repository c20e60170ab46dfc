"""W2: source 2's weight decay, as a sweep of strengths and seeds, from 1 run to 4096."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from benchmarks import ours
from benchmarks.peers import bandwidth, d2l
from benchmarks.sizes import Sizes
from benchmarks.timing import Contestant, Once, installed, interleave
from benchmarks.work import Limit, Row, Work, at_least, at_most
from regexp.experiment import Experiment
from regexp.machine import using
from regexp.program import load_data

TITLE = "W2: source 2's weight decay (20 examples, 200 features, 100 epochs, evaluated every 5), sweeps in one process"
HOW = "one thread for torch, JAX as it comes; data and initial weights are given to the peers and made by regexp; no files"
TOLERANCE = 0.005
"""Of the mean test loss: the same data and initial weights, another order."""
BOUNDS: dict[tuple[str, int], tuple[tuple[Limit, ...], str]] = {
    ("d2l's loop / regexp, per run", 512): ((at_least(300),), "A stack's steps are bound by torch's kernels and dispatch."),
    ("JAX's first call / regexp", 512): (
        (at_least(5),),
        "Most of our time are steps, and most of these torch's own kernels and its dispatch of gradients; evaluations and "
        "preparation take about a tenth each. JAX's time is that of its compiler, and a program that compiles nothing has "
        "little left to leave out.",
    ),
    ("regexp / JAX warm", 512): (
        (at_most(5),),
        "XLA makes one loop of a step's passes over memory, and has no interpreter between them.",
    ),
    ("regexp / JAX warm", 4096): (
        (at_most(5), at_most(2)),
        "A step of torch is one pass over memory for each operation, products included; XLA makes one loop of those beside the "
        "products. What torch.compile does with them, at 512 runs, is under the options",
    ),
    ("regexp / bare loop", 1): (
        (at_most(1.2),),
        "At this size a step is interpreter and small operations, and nothing else. What is above the bare loop are, about "
        "half of it, the 21 evaluations (some seventy small operations each: losses of both splits, penalty, norms by layer, "
        "where the bare loop has three), then the steps (the parts have both beside each other), and making data, program and "
        "state. In the profile the interpreter's share holds most of the three.",
    ),
}
"""The limits of a row at so many runs, and why one of them is not met, where it is not."""


def measure(sizes: Sizes) -> Work:
    """Each grid in turn against its peers."""
    work = Work("W2", TITLE, HOW)
    if not installed("jax"):
        work.lacks("JAX", "jax[cpu]")
    with using(1):
        for (strengths, seeds), turns in zip(sizes.grids, sizes.grid_turns, strict=True):
            compete(work, strengths, seeds, turns)
    return work


def compete(work: Work, strengths: int, seeds: int, turns: int) -> None:
    """One grid of strengths and seeds."""
    stack, runs = ours.regressions(strengths, seeds), strengths * seeds
    values = ours.regression_strengths(strengths)
    regexp = Contestant("regexp", lambda: Once(ours.run(stack)["test/loss"].mean().item()))
    splits, starts = given(stack, strengths)
    one = (*splits[0], starts[0], values[-1])
    textbook, bare = Contestant("d2l's loop", d2l.textbook(*one)), Contestant("bare loop", d2l.bare(*one))
    compiled = jax_sweeps(splits, starts, values)
    everybody = [regexp, bare, textbook, *compiled]
    interleave(everybody, turns)
    taken = work.record(everybody, label=f"{runs} runs: ")
    label = f"{runs} runs ({strengths} x {seeds}): " if runs > 1 else "1 run: "
    pairs = [("regexp / bare loop", "regexp", "bare loop", 1), ("d2l's loop / regexp", "d2l's loop", "regexp", 1)]
    if runs > 1:
        pairs = [(f"{name} / regexp, per run", name, "regexp", runs) for name in ("d2l's loop", "bare loop")]
    if compiled:
        pairs += [
            ("JAX's first call / regexp", "JAX, first call", "regexp", 1),
            ("regexp / JAX warm", "regexp", "JAX, warm", 1),
        ]
    for what, a, b, scale in pairs:
        limits, why = BOUNDS.get((what, runs), ((), ""))
        work.compare(label + what, taken[a], taken[b], *limits, scale=scale, why=why)
    limit = bandwidth.bytes_of_regression(seeds, strengths) / bandwidth.of_memory(runs * 804)
    work.rows.append(Row(f"{label}regexp / bytes over bandwidth", [one / limit for one in taken["regexp"]]))
    work.rows.append(Row(f"{label}regexp, per run", [1000 * one / runs for one in taken["regexp"]], "ms"))
    alone = Contestant("regexp, this run", lambda: Once(ours.run(stack[strengths - 1 : strengths])["test/loss"].item()))
    alone.turn()
    work.check((textbook, bare), alone, TOLERANCE, label)
    work.check(compiled[-1:], regexp, TOLERANCE, label)


def given(stack: Sequence[Experiment], strengths: int) -> tuple[list[tuple[d2l.Split, d2l.Split]], list[torch.Tensor]]:
    """Every seed's splits, and its initial weights."""
    leaders = stack[::strengths]
    data = load_data(leaders)
    splits = [tuple((one.inputs[one.rows[part]], one.targets[one.rows[part]]) for part in ("train", "test")) for one in data]
    program, _ = ours.prepare(leaders)
    return splits, [w.detach().clone() for w in program.parameters[0]]


def jax_sweeps(splits: list[tuple[d2l.Split, d2l.Split]], starts: list[torch.Tensor], values: list[float]) -> list[Contestant]:
    """JAX's first call and its second, of one compiled sweep."""
    if not installed("jax"):
        return []
    from benchmarks.peers.jax_regression import Sweep

    train, test = ([tuple(t.numpy() for t in pair[i]) for pair in splits] for i in (0, 1))
    sweep = Sweep(train, test, [w.numpy() for w in starts], values)
    return [Contestant("JAX, first call", sweep.first), Contestant("JAX, warm", sweep.warm)]
