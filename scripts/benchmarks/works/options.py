"""Options: what was tried for speed and is not in the product, or is left to the user, each against the product as it is."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import torch

from benchmarks import ours
from benchmarks.commands import called
from benchmarks.memory import GIVES_BACK, KEEPS
from benchmarks.sizes import Sizes
from benchmarks.timing import Contestant, Once, interleave
from benchmarks.ways import Training, inside, race
from benchmarks.work import Row, Work
from regexp.experiment import Experiment
from regexp.machine import using
from regexp.regularizers import L1

TITLE = "Options: torch.compile, dtype=mixed_bfloat16, a second thread, denormals kept, memory given back"
HOW = (
    "above 1 the option is slower; one thread unless said otherwise; compiled are model and loss, forward and backward, at the "
    "first call without what earlier processes have compiled; denormal numbers arise where a strong L1 penalty makes weights "
    "zero and Adam's means of the gradients that were there fade away; what is given back to the system must be had anew"
)
COMPILED, FIRST = "compiled, warm / as it is", "compiled, first call"
THREADS = "two threads / one"
DENORMALS_KEPT, DENORMAL = "denormals kept / as zeros", "Adam's means that are denormal numbers where they are kept"
GIVEN_BACK, PEAK = "freed memory given back / kept", "memory at the peak, kept / given back"
MIXED, ACCURACY = "mixed_bfloat16 / float32", "test accuracy, mixed_bfloat16 - float32"
STRENGTH, FADING = 0.1, 1200
"""Of L1, which makes every weight zero, and steps: Adam's means leave the normal numbers some 830 after the last gradient."""


def measure(sizes: Sizes) -> Work:
    """Each option in turn with the program as it is."""
    work, turns = Work("options", TITLE, HOW), sizes.epoch_turns
    sweep, image = ours.regressions(*sizes.grids[-2]), ours.image_network(sizes.growth_images)
    networks = ours.networks(sizes.growth_images, *sizes.networks)
    of_run, of_sweep = "W2, 1 run", f"W2, {len(sweep)} runs"
    of_one, of_many = (f"an epoch of {sizes.growth_images} images, {n} network{'s' * (n > 1)}" for n in (1, len(networks)))
    with using(1):
        for what, runs, epochs in ((of_sweep, sweep, None), (of_many, networks, 1)):
            compiled(work, what, Training(runs, epochs), Training(runs, epochs), turns)
        for what, runs, epochs in ((of_run, sweep[:1], None), (of_sweep, sweep, None), (of_one, networks[:1], 1)):
            changed = inside(lambda: using(2), Training(runs, epochs))
            compare(work, f"{what}: {THREADS}", changed, Training(runs, epochs), turns)
        denormals(work, of_one, replace(image, regularizers=(L1(STRENGTH),)), turns)
        for what, runs in ((of_one, networks[:1]), (of_many, networks)):
            compare(work, f"{what}: {MIXED}", Training(mixed(runs), 1), Training(runs, 1), turns)
    strengths, seeds = sizes.grids[-1]
    memory(work, f"W2, {strengths * seeds} runs", ["regressions", strengths, seeds], turns)
    memory(work, of_many, ["networks", sizes.growth_images, *sizes.networks], turns)
    accuracy(work, sizes, [replace(image, seed=seed) for seed in range(sizes.networks[1])])
    return work


def compare(work: Work, what: str, changed: Callable[[], object], plain: Training, turns: int) -> None:
    """A row: seconds with the option over seconds without."""
    work.compare(what, *race(work, what, changed, plain, turns))


def compiled(work: Work, what: str, changed: Training, plain: Training, turns: int) -> None:
    """Rows: the ratio once all is compiled, and the seconds of the first call."""
    program = changed.program
    program.model.module, program.loss = torch.compile(program.model.module), torch.compile(program.loss)
    first = Contestant("compiled, first call", lambda: Once(changed().mean().item()))
    try:
        with torch.compiler.config.patch(force_disable_caches=True):
            first.turn()
    except Exception as error:  # no compiler, or none that this torch finds
        work.notes.append(f"{what}: torch.compile failed here ({type(error).__name__})")
        return
    compare(work, f"{what}: {COMPILED}", changed, plain, turns)
    work.rows.append(Row(f"{what}: {FIRST}", first.seconds, "s"))


def denormals(work: Work, what: str, dying: Experiment, turns: int) -> None:
    """Rows: the share of Adam's means that are denormal after many steps, and the time of an epoch with them."""
    kept, flushed = Training([dying], 1), Training([dying], 1)
    steps = -(-kept.program.data.sizes["train"] // dying.batch_size)
    with denormals_kept():
        faded(kept, steps)
        means = torch.cat([mean.flatten() for mean in kept.state.optimizer["mean"]]).abs()
        share = ((means > 0) & (means < torch.finfo(means.dtype).tiny)).double().mean().item()
    faded(flushed, steps)
    label = f"{what} under L1, after {FADING:,} steps"
    compare(work, f"{label}: {DENORMALS_KEPT}", inside(denormals_kept, kept), flushed, turns)
    work.rows.append(Row(f"{label}: {DENORMAL}", [100 * share], "%"))


def faded(training: Training, steps: int) -> None:
    """Train until gradients that were there have faded from Adam's means."""
    for _ in range(-(-FADING // steps)):
        ours.steps(training.program, training.state)


def memory(work: Work, what: str, words: Sequence[object], turns: int) -> None:
    """Rows: the time of processes that leave to the C library what becomes of freed memory, over that of those that keep it as
    a command does; and the memory that those add, over what the others do.
    """
    peaks: dict[str, list[float]] = {GIVES_BACK: [], KEEPS: []}

    def once(way: str) -> Once:
        with tempfile.TemporaryDirectory() as folder:
            _, said = called([sys.executable, "-m", "benchmarks.memory", way, *map(str, words)], Path(folder))
        seconds, megabytes = map(float, said.splitlines()[-1].split())
        peaks[way].append(megabytes)
        return Once(seconds=seconds)

    both = [Contestant(name, partial(once, way)) for name, way in (("option", GIVES_BACK), ("as it is", KEEPS))]
    interleave(both, turns, warm=False)
    taken = work.record(both, label=f"{what}: {GIVEN_BACK}: ")
    work.compare(f"{what}: {GIVEN_BACK}", taken["option"], taken["as it is"])
    work.compare(f"{what}: {PEAK}", peaks[KEEPS], peaks[GIVES_BACK])


def accuracy(work: Work, sizes: Sizes, runs: Sequence[Experiment]) -> None:
    """A row: test accuracy with products in bfloat16 minus that without, of every seed, at the end of training."""
    points = 100 * (Training(mixed(runs))() - Training(runs)())
    what = f"{sizes.growth_images} images, {runs[0].epochs} epochs, {len(runs)} seeds"
    work.rows.append(Row(f"{what}: {ACCURACY}", points.tolist(), "points"))


def mixed(runs: Sequence[Experiment]) -> list[Experiment]:
    """The same runs with products in bfloat16."""
    return [replace(run, dtype="mixed_bfloat16") for run in runs]


@contextmanager
def denormals_kept() -> Iterator[None]:
    """Denormal numbers as they are, which :func:`regexp.machine.using` turns into zeros."""
    torch.set_flush_denormal(False)
    try:
        yield
    finally:
        torch.set_flush_denormal(True)
