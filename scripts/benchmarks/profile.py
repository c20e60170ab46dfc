"""Where the time is: torch's profiler over an epoch of W1, and over stacks of W2 and W3.

Every operation counts for the nearest labelled part of the program above it; matrix products are counted apart. What no
operation took is the interpreter's (and the profiler's, which makes small operations dearer than they are).
"""

from __future__ import annotations

import collections
import contextlib
import functools
import time
from collections.abc import Callable, Iterator
from typing import Any
from unittest import mock

import torch
from torch.profiler import ProfilerActivity, record_function

from benchmarks import ours
from benchmarks.sizes import Sizes
from regexp import rng, training
from regexp.experiment import Experiment
from regexp.machine import using
from regexp.program import Program
from regexp.program.data import Rows
from regexp.stack.noise import Draws

PRODUCTS = {"aten::mm", "aten::addmm", "aten::bmm", "aten::baddbmm"}
GATHER, MASKS, OPTIMIZER = "batch order and gather", "dropout masks", "optimizer"
PARTS = [
    "matrix products of steps",
    GATHER,
    MASKS,
    "activations, loss and gradient",
    "penalties and decay",
    OPTIMIZER,
    "evaluation: matrix products",
    "evaluation: the rest",
    "interpreter and profiler",
]


def shares(sizes: Sizes) -> dict[str, dict[str, float]]:
    """For each work the share of every part, 0 to 1, with its seconds under ``seconds``."""
    strengths, seeds = sizes.grids[-2]
    networks = ours.networks(sizes.images, *sizes.networks)
    return {
        "W1, an epoch": profiled([ours.image_network(sizes.images)], ours.epoch),
        "W2, 1 run": profiled([ours.compose("experiment=weight_decay")], whole),
        f"W2, {strengths} x {seeds} runs": profiled(ours.regressions(strengths, seeds), whole),
        f"W3, {len(networks)} networks, an epoch": profiled(networks, ours.epoch),
    }


def whole(program: Program, state: training.State) -> None:
    """All epochs."""
    training.train(program, state, lambda *_: None)


def profiled(experiments: list[Experiment], work: Callable[[Program, training.State], Any]) -> dict[str, float]:
    """The shares of one stack: after one round that is not counted."""
    with using(1):
        work(*ours.prepare(experiments))
        program, state = ours.prepare(experiments)
        with labelled(program), torch.profiler.profile(activities=[ProfilerActivity.CPU]) as profiler:
            began = time.perf_counter()
            work(program, state)
            seconds = time.perf_counter() - began
    taken: dict[str, float] = collections.Counter()
    for event in profiler.events():
        if not event.name.startswith("label: "):
            taken[part_of(event)] += event.self_cpu_time_total / 1e6
    taken["interpreter and profiler"] = max(0.0, seconds - sum(taken.values()))
    return {part: taken[part] / seconds for part in PARTS} | {"seconds": seconds}


def part_of(event: Any) -> str:
    """The part of the program that an operation belongs to."""
    product, above = event.name in PRODUCTS, event.cpu_parent
    while above is not None and not above.name.startswith("label: "):
        above = above.cpu_parent
    label = above.name.removeprefix("label: ") if above else "activations, loss and gradient"
    if label == "evaluation":
        return "evaluation: matrix products" if product else "evaluation: the rest"
    return "matrix products of steps" if product else label


@contextlib.contextmanager
def labelled(program: Program) -> Iterator[None]:
    """Inside the block the parts of the program have labels that the profiler sees."""
    places = [
        (Rows, "_read", GATHER),
        (rng, "orders", GATHER),
        (Draws, "ahead", MASKS),
        (type(program.optimizer), "step", OPTIMIZER),
        (training, "evaluate", "evaluation"),
        (ours, "evaluate", "evaluation"),
        *((type(part.regularizer), "before_step", "penalties and decay") for part in program.having("before_step")),
        *((type(part.regularizer), "penalty", "penalties and decay") for part in program.having("penalty")),
    ]
    with contextlib.ExitStack() as patches:
        for owner, name, label in places:
            patches.enter_context(mock.patch.object(owner, name, _under(label, getattr(owner, name))))
        yield


def _under(label: str, function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def inside(*arguments: Any, **named: Any) -> Any:
        with record_function(f"label: {label}"):
            return function(*arguments, **named)

    return inside
