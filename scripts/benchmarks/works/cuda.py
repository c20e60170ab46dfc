"""W6: W1, W2 and W3 on a CUDA device, where one is at hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch

from benchmarks import ours
from benchmarks.peers import bandwidth, cuda_graph, images, products
from benchmarks.sizes import Sizes
from benchmarks.timing import Contestant, installed, interleave
from benchmarks.work import Row, Work, at_most
from regexp.experiment import Experiment
from regexp.program import Program, load_data
from regexp.training import State

TITLE = "W6: W1, W2 and W3 on a CUDA device, {runs} runs"
HOW = "an epoch of training (W1, W3: without evaluation), whole sweeps (W2); the device is waited for at the end of a turn only"
STRENGTHS = 4
NO_DEVICE = "no CUDA device here: not measured"


def measure(sizes: Sizes) -> Work:
    """Stacks of every size in turn, and what the device itself can."""
    work = Work("W6", TITLE.format(runs=", ".join(map(str, sizes.device_runs))), HOW)
    if not torch.cuda.is_available():
        work.notes.append(NO_DEVICE)
        return work
    work.notes.append(f"device: {torch.cuda.get_device_name()}")
    images_of = ours.compose("experiment=dropout", "regularizer=[weight_decay]", f"dataset.train_size={sizes.images}")
    networks(work, sizes, images_of)
    regressions(work, sizes)
    if installed("jax"):
        work.notes.append(
            "JAX on the device: install jax[cuda] and run W2 and W3, whose programs use the device that they find"
        )
    rates(work)
    return work


def networks(work: Work, sizes: Sizes, experiment: Experiment) -> None:
    """An epoch of one network and of stacks, a hand-captured graph, and the products alone."""
    stacks = {runs: stack(experiment, runs) for runs in sizes.device_runs}
    everybody = [Contestant(f"{runs} networks", finished(lambda p=p: ours.steps(*p))) for runs, p in stacks.items()]
    (data,) = load_data([experiment])
    graph = Contestant("hand-captured CUDA graph", finished(cuda_graph.epoch(data)))
    alone = products.of_training(1, images.WIDTHS, sizes.images, images.BATCH, device="cuda")
    limit = Contestant("matrix products", finished(alone))
    interleave([*everybody, graph, limit], sizes.epoch_turns)
    taken = work.record([*everybody, graph, limit], label="W3 ")
    one = taken["1 networks"]
    work.compare("1 network, an epoch: regexp / hand-captured CUDA graph", one, taken[graph.name], at_most(1.2))
    for runs in sizes.device_runs[1:]:
        bounds = (at_most(2),) if runs == 64 else ()
        work.compare(f"{runs} networks / 1 network, an epoch", taken[f"{runs} networks"], one, *bounds)
    work.compare("1 network, an epoch: regexp / matrix products alone", one, taken[limit.name])
    waited = not runs_without_waiting(*stacks[1])
    work.rows.append(Row("host synchronisations in an epoch (1: there are some)", [float(waited)], "", (at_most(0),)))


def regressions(work: Work, sizes: Sizes) -> None:
    """Whole sweeps of W2."""
    experiment = ours.compose("experiment=weight_decay")
    everybody = []
    for runs in sizes.device_runs:
        many = grid(experiment, runs)
        everybody.append(Contestant(f"{runs} regressions", finished(lambda many=many: ours.run(many, "cuda"))))
    interleave(everybody, sizes.epoch_turns)
    taken = work.record(everybody, label="W2 ")
    for runs in sizes.device_runs[1:]:
        work.compare(f"{runs} regressions / 1 regression", taken[f"{runs} regressions"], taken["1 regressions"])


def rates(work: Work) -> None:
    """Teraflops of large products, and the bandwidth of the memory."""
    for name, dtype, tf32 in (
        ("float32", torch.float32, False),
        ("tf32", torch.float32, True),
        ("bf16", torch.bfloat16, False),
    ):
        with tensor_cores(tf32):
            work.rows.append(Row(f"{name} matrix products", [rate(dtype)], "TFLOP/s"))
    work.rows.append(Row("memory", [bandwidth.of_memory(1 << 30, "cuda") / 1e9], "GB/s"))


def rate(dtype: torch.dtype, side: int = 8192) -> float:
    """Teraflops per second of a square product."""
    a = torch.rand(side, side, dtype=dtype, device="cuda")
    one = Contestant("", finished(lambda: [a @ a for _ in range(10)]))
    interleave([one], 3)
    return 10 * 2 * side**3 / min(one.seconds) / 1e12


@contextmanager
def tensor_cores(allowed: bool) -> Iterator[None]:
    """Float32 products by tf32 or not inside the block."""
    before = torch.backends.cuda.matmul.allow_tf32
    torch.backends.cuda.matmul.allow_tf32 = allowed
    try:
        yield
    finally:
        torch.backends.cuda.matmul.allow_tf32 = before


def finished(function: Callable[[], object]) -> Callable[[], None]:
    """The call, and waiting until the device has done it."""

    def once() -> None:
        function()
        torch.cuda.synchronize()

    return once


def grid(experiment: Experiment, runs: int) -> list[Experiment]:
    """So many runs: four strengths at as many seeds as that needs, or one run."""
    strengths = min(runs, STRENGTHS)
    return ours.grid(experiment, [10.0**-k for k in range(1, 1 + strengths)], runs // strengths)


def stack(experiment: Experiment, runs: int) -> tuple[Program, State]:
    return ours.prepare(grid(experiment, runs), "cuda")


def runs_without_waiting(program: Program, state: State) -> bool:
    """Whether a whole epoch passes under torch's watch for synchronisations."""
    torch.cuda.set_sync_debug_mode("error")
    try:
        ours.steps(program, state)
    except RuntimeError:
        return False
    finally:
        torch.cuda.set_sync_debug_mode("default")
    return True
