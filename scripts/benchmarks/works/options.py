"""Options: what was tried for speed and is not in the product, or is left to the user, each against the product as it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace

import torch

from benchmarks import ours
from benchmarks.sizes import Sizes
from benchmarks.timing import Contestant, Once, interleave
from benchmarks.work import Row, Work
from regexp.experiment import Experiment
from regexp.machine import using

TITLE = "Options: torch.compile, dtype=mixed_bfloat16, denormals kept, a second thread"
HOW = "above 1 the option is slower; compiled are model and loss, forward and backward; one thread unless said otherwise"


def measure(sizes: Sizes) -> Work:
    """Each option in turn with the program as it is, on the work that it could help most."""
    work, turns = Work("options", TITLE, HOW), sizes.network_turns
    strengths, seeds = sizes.grids[-2]
    sweep = ours.grid(ours.compose("experiment=weight_decay"), [3 * (k + 1) / strengths for k in range(strengths)], seeds)
    image = ours.compose("experiment=dropout", f"dataset.train_size={sizes.growth_images}")
    networks = ours.grid(image, [10.0**-k for k in range(1, 1 + sizes.networks[0])], sizes.networks[1])
    of_sweep = f"W2, {len(sweep)} runs"
    (one, *_) = networks
    of_one, of_many = (f"an epoch of {sizes.growth_images} images, {n} network{'s' * (n > 1)}" for n in (1, len(networks)))
    with using(1):
        for what, runs, epochs in ((of_sweep, sweep, None), (of_one, [one], 1), (of_many, networks, 1)):
            compiled(work, what, Training(runs, epochs), Training(runs, epochs), turns)
        compare(work, f"{of_sweep}: denormals kept / as zeros", sweep, None, denormals_kept, turns)
        compare(work, f"{of_sweep}: two threads / one", sweep, None, two_threads, turns)
        for what, runs in ((of_one, [one]), (of_many, networks)):
            taken = race(work, what, Training(mixed(runs), 1), Training(runs, 1), turns)
            work.compare(f"{what}: mixed_bfloat16 / float32", *taken)
    accuracy(work, [replace(image, seed=seed) for seed in range(sizes.networks[1])])
    return work


Option = Callable[[], AbstractContextManager[None]]


class Training:
    """A stack that trains on with every call: all its epochs, or some, and an evaluation."""

    def __init__(self, experiments: Sequence[Experiment], epochs: int | None = None):
        self.program, self.state = ours.prepare(experiments)
        self.epochs = epochs or self.program.spec.epochs

    def __call__(self) -> torch.Tensor:
        for _ in range(self.epochs - 1):
            ours.steps(self.program, self.state)
        metrics = ours.epoch(self.program, self.state)
        return metrics.get("test/accuracy", metrics["test/loss"])


def compiled(work: Work, what: str, changed: Training, plain: Training, turns: int) -> None:
    """Rows: the ratio once all is compiled, and the seconds of the first call."""
    program = changed.program
    program.model.module, program.loss = torch.compile(program.model.module), torch.compile(program.loss)
    first = Contestant("compiled, first call", lambda: Once(changed().mean().item()))
    try:
        first.turn()
    except Exception as error:  # no compiler, or none that this torch finds
        work.notes.append(f"{what}: torch.compile failed here ({type(error).__name__})")
        return
    taken = race(work, what, changed, plain, turns)
    work.compare(f"{what}: compiled, warm / as it is", *taken)
    work.rows.append(Row(f"{what}: compiled, first call", first.seconds, "s"))


def compare(
    work: Work,
    what: str,
    runs: Sequence[Experiment],
    epochs: int | None,
    option: Callable[[], AbstractContextManager],
    turns: int,
) -> None:
    """A row: seconds with the option over seconds without."""
    changed = Training(runs, epochs)

    def inside() -> None:
        with option():
            changed()

    work.compare(what, *race(work, what, inside, Training(runs, epochs), turns))


def race(work: Work, what: str, changed: Callable, plain: Callable, turns: int) -> tuple[list[float], list[float]]:
    """The seconds of both, in turn."""
    both = [Contestant(name, lambda call=call: (call(), None)[-1]) for name, call in (("option", changed), ("as it is", plain))]
    interleave(both, turns)
    taken = work.record(both, label=f"{what}: ")
    return taken["option"], taken["as it is"]


def accuracy(work: Work, runs: Sequence[Experiment]) -> None:
    """A row: test accuracy with products in bfloat16 minus that without, of every seed, at the end of training."""
    points = 100 * (Training(mixed(runs))() - Training(runs)())
    what = f"test accuracy after {runs[0].epochs} epochs, {len(runs)} seeds: mixed_bfloat16 - float32"
    work.rows.append(Row(what, points.tolist(), "points"))


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


@contextmanager
def two_threads() -> Iterator[None]:
    """One more than a sweep takes."""
    with using(2):
        yield
