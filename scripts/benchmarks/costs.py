"""What training W3 costs elsewhere: measured here, counted, of data sheets, and assumed."""

from __future__ import annotations

import dataclasses
import functools
import math
import re
from pathlib import Path
from unittest import mock

from torch.utils._python_dispatch import TorchDispatchMode

from benchmarks import ours
from benchmarks.counting import multiplications, together
from benchmarks.curve import Curve
from benchmarks.peers import images
from benchmarks.sizes import FULL
from regexp import optim
from regexp.training import train_step

RUNS, EPOCHS, TRAIN, TEST = math.prod(FULL.networks), FULL.network_epochs, FULL.images, 10_000
FLOAT32, BANDWIDTH = 67e12, 4.8e12
"""NVIDIA H200 SXM, data sheet: float32 without tensor cores, HBM3e."""
EFFICIENCY, LAUNCH, CONTEXT = 0.5, 5e-6, 3.0
PASSES = 10
"""How often a step reads or writes every parameter: forward, backward, gradient, and Adam's w, g, m, v in and w, m, v out."""
FILES, CREATIONS = 8, 5000
SWEEP = Path(__file__).parents[2] / "reports" / "benchmark_sweep.txt"
SWEPT = 512


@dataclasses.dataclass(frozen=True)
class Costs:
    """What everything costs, in seconds."""

    start: float
    """A process, from its start until it trains."""
    device: float
    """CUDA's context, on top of that."""
    folder: float
    """Composing a run and writing its folder."""
    composing: float
    """Of that, composing."""
    launches: float
    """The launches of a stack's training, whatever its size."""
    run: float
    """A run's products and passes over memory on a GPU."""
    core: float
    """A run's training on a core."""
    creations: float
    """Run folders that a shared disk takes in a second."""


def costs(networks: Curve, command: Curve) -> Costs:
    """What everything costs: from the measured curves, the sweep's report, data sheets and assumptions."""
    steps, chunks = EPOCHS * math.ceil(TRAIN / images.BATCH), (EPOCHS + 1) * math.ceil((TRAIN + TEST) / images.EVALUATED)
    passes = PASSES * 4 * weights() * steps / BANDWIDTH
    return Costs(
        start=command.fixed(),
        device=CONTEXT,
        folder=swept("composing and files per run, milliseconds") / 1000,
        composing=swept("repeating it, seconds") / SWEPT,
        launches=LAUNCH * operations() * (steps + chunks / 4),
        run=operations_of_products() / (EFFICIENCY * FLOAT32) + passes,
        core=operations_of_products() / rate(networks),
        creations=CREATIONS / FILES,
    )


def rate(networks: Curve) -> float:
    """Floating-point operations of products per second, by what one more network costs."""
    a, b = networks.points[-2:]
    return 2 * (b.multiplications - a.multiplications) / (b.value - a.value) / networks.marginal()


def weights() -> int:
    """Entries of the weight matrices of one network."""
    return sum(a * b for a, b in zip(images.WIDTHS, images.WIDTHS[1:], strict=False))


def operations_of_products() -> float:
    """Of a run of W3, evaluated before training and after every epoch: a multiplication and an addition each."""
    return 2 * multiplications(images.WIDTHS, EPOCHS * TRAIN, (EPOCHS + 1) * (TRAIN + TEST))


@functools.cache
def operations() -> int:
    """The tensor operations of a training step on a device, whatever the size of its stack; views are none."""
    program, state = ours.prepare([ours.compose("experiment=dropout", "regularizer=[weight_decay]", "dataset.train_size=256")])
    x, y = next(program.data.batches(1, images.BATCH))

    class Count(TorchDispatchMode):
        calls = 0

        def __torch_dispatch__(self, function, types, arguments=(), named=None):  # noqa: ANN001 (torch's own signature)
            aliases = [result.alias_info for result in function._schema.returns]
            self.calls += not any(alias and not alias.is_write for alias in aliases)
            return function(*arguments, **(named or {}))

    by_device = mock.patch.object(optim, "_ONE_PASS", math.inf)  # no fused call for every run, which the processor has
    with by_device, Count() as count:
        train_step(program, state, x, y)
    return count.calls


@functools.cache
def stack() -> int:
    """How many runs of W3 a sweep trains together."""
    return together([ours.compose("experiment=dropout", "regularizer=[weight_decay]")])


def swept(label: str) -> float:
    """The median of a line of the sweep's report."""
    line = next(line for line in SWEEP.read_text(encoding="utf-8").splitlines() if line.startswith(label))
    return float(re.search(r"\s{2,}([\d.]+)\s", line)[1])


def sweep_commit() -> str:
    return SWEEP.read_text(encoding="utf-8").split(",")[0].removeprefix("regexp ")
