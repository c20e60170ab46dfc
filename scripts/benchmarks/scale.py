"""What larger machines would train of W3, on paper: formulas, published peak rates, and the slopes measured here."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path

from torch.utils._python_dispatch import TorchDispatchMode

from benchmarks import ours
from benchmarks.growth import Curve
from benchmarks.peers import images
from benchmarks.report import Report, table
from regexp.sweep.stacks import BUDGET, bytes_per_run
from regexp.training import train_step

EPOCHS, TRAIN, TEST = 10, 60_000, 10_000
FLOAT32, BANDWIDTH = 67e12, 4.8e12  # NVIDIA H200 SXM, data sheet: float32 without tensor cores, HBM3e
EFFICIENCY, LAUNCH = 0.5, 5e-6
WRITING, SWEEP = 0.011, "reports/benchmark_sweep.txt"
PASSES = 10
"""How often a step reads or writes every parameter: forward, backward, gradient, and Adam's w, g, m, v in and w, m, v out."""
CORES_PER_NODE = 64
FILES = "files of each process"


@dataclasses.dataclass(frozen=True)
class Plan:
    """One machine on paper: runs per hour by each limit; the smallest is what it would train."""

    machine: str
    engine: str
    limits: dict[str, float]

    @property
    def runs(self) -> float:
        return min(self.limits.values())

    @property
    def limit(self) -> str:
        return min(self.limits, key=lambda name: self.limits[name])


def write(report: Report, path: Path) -> None:
    """``scale.md``, from the growth that this invocation measured."""
    curve = next((one for one in report.curves if one.axis == "networks of W3"), None)
    if curve is None:
        return
    path.write_text(page(report, curve), encoding="utf-8")


def weights() -> int:
    """Entries of the weight matrices of one network."""
    return sum(a * b for a, b in zip(images.WIDTHS, images.WIDTHS[1:], strict=False))


def multiplications(train: int, evaluated: int) -> float:
    """Floating-point operations of the products of an epoch and an evaluation: 2 forward, 2 + 2 backward, no first gradient."""
    first = images.WIDTHS[0] * images.WIDTHS[1]
    return train * (2 + 2 + 2) * weights() - train * 2 * first + evaluated * 2 * weights()


def operations() -> int:
    """How many tensor operations a training step is, whatever the size of its stack: so many kernels at most."""
    program, state = ours.prepare([ours.compose("experiment=dropout", "regularizer=[weight_decay]", "dataset.train_size=256")])
    x, y = next(program.data.batches(1, images.BATCH))

    class Count(TorchDispatchMode):
        calls = 0

        def __torch_dispatch__(self, function, types, arguments=(), named=None):  # noqa: ANN001 (torch's own signature)
            self.calls += "view" not in str(function) and "detach" not in str(function)
            return function(*arguments, **(named or {}))

    with Count() as count:
        train_step(program, state, x, y)
    return count.calls


def plans(curve: Curve, measured: int) -> tuple[list[Plan], dict[str, float]]:
    """A GPU, a node of eight, clusters, and what they are computed from."""
    of = epoch_of_a_stack()
    device, launches = of["products"] + of["memory"], of["launches"]
    per_hour = 3600 * of["stack"] / EPOCHS
    gpu = {"the device's products and memory": per_hour / device, "kernel launches": per_hour / launches, FILES: 3600 / WRITING}
    of["here"] = multiplications(measured, measured + TEST) / curve.marginal()
    core = {"the processor": 3600 * of["here"] / (EPOCHS * of["flops"]), FILES: 3600 / WRITING}
    cores = 100 * CORES_PER_NODE
    found = [
        Plan("one GPU", "`local`, `device=cuda`", gpu),
        Plan("a node of 8 GPUs", "`ray`, `hydra.launcher.gpus=1`", times(gpu, 8)),
        Plan("100 nodes of 8 GPUs", "`submitit` (SLURM), a GPU per job", times(gpu, 800)),
        Plan("one core of this machine", "`local`", core),
        Plan(f"100 nodes of {CORES_PER_NODE} such cores", "`submitit`, a core per job", times(core, cores)),
    ]
    return found, of


def epoch_of_a_stack() -> dict[str, float]:
    """What a full stack's epoch asks of a GPU."""
    stack = BUDGET // bytes_per_run([ours.compose("experiment=dropout", "regularizer=[weight_decay]")])
    steps, chunks = math.ceil(TRAIN / images.BATCH), math.ceil((TRAIN + TEST) / images.EVALUATED)
    flops, moved, kernels = multiplications(TRAIN, TRAIN + TEST), PASSES * 4 * weights(), operations()
    return {
        "stack": stack,
        "flops": flops,
        "bytes": moved,
        "kernels": kernels,
        "products": stack * flops / (EFFICIENCY * FLOAT32),
        "memory": stack * moved * steps / BANDWIDTH,
        "launches": LAUNCH * kernels * (steps + chunks / 4),
    }


def times(limits: dict[str, float], machines: int) -> dict[str, float]:
    """The limits of so many machines."""
    return {name: machines * runs for name, runs in limits.items()}


def page(report: Report, curve: Curve) -> str:
    """The page."""
    found, of = plans(curve, report.growth_images)
    rows = [("machine", "engine", "runs per hour", "limited by", "the next limit")]
    for plan in found:
        second = sorted(plan.limits.values())[1] / plan.runs
        rows.append((plan.machine, plan.engine, f"{plan.runs:,.0f}", plan.limit, f"at {second:.2g} times as many"))
    head = [
        "# W3 on larger machines, on paper",
        "",
        "**Computed, not measured:** only what is called measured below was, by the invocation of `benchmark.json`, commit",
        f"{report.about['commit']}. A run is source 2's network (784-256-128-10, batch {images.BATCH}) for {EPOCHS} epochs of",
        f"{TRAIN:,} images, evaluated on {TRAIN + TEST:,} after each.",
    ]
    parts = [*head, "", *table(rows), "", "## Assumptions and formulas", "", *assumptions(report, curve, of)]
    return "\n".join([*parts, ""])


def assumptions(report: Report, curve: Curve, of: dict[str, float]) -> list[str]:
    """What the figures are computed from."""
    count, slope = report.growth_images, curve.exponent("seconds")
    passes = f"{PASSES} passes of a step over {of['bytes'] / PASSES / 1e6:.2g} MB per run"
    sheet = "NVIDIA, data sheet of the H200 SXM, 2024"
    return [
        f"- Measured: one more network costs {curve.marginal():.3g} s per epoch of {count:,} images, evaluated on",
        f"  {count + TEST:,}, on one core: {of['here'] / 1e9:.1f} GFLOP/s of products. Time grows as runs to the",
        f"  power {slope:.2f}.",
        f"- A stack holds {of['stack']} runs: 1 GiB over the estimated bytes per run (`max_stack` changes it).",
        "- Products of a run's epoch: train x (6 W - 2 x 784 x 256) + evaluated x 2 W operations,",
        f"  with W = {weights():,} weights: {of['flops']:.3g}.",
        f"- GPU: {FLOAT32 / 1e12:g} TFLOP/s in float32 without tensor cores, {BANDWIDTH / 1e12:g} TB/s ({sheet}). Assumed:",
        f"  batched products reach {100 * EFFICIENCY:g} % of it. A stack's epoch then needs",
        f"  {of['products']:.3g} s of products and {of['memory']:.3g} s for {passes}.",
        f"- Launches: {of['kernels']} tensor operations in a step, whatever the stack's size (counted), a quarter of them",
        f"  for a chunk of an evaluation, {1e6 * LAUNCH:g} microseconds each (assumed, for eager torch):",
        f"  {of['launches']:.3g} s per epoch.",
        f"- Files: {1000 * WRITING:g} ms per run for composing and writing (measured, `{SWEEP}`) in each process. How many",
        "  small files a shared disk takes is not modelled.",
        "- The runs per hour of a machine are the smallest of its limits: device and launches are taken to overlap.",
        "- Machines train stacks apart and exchange nothing, so that rates add up. Left out: a queue's waiting, start-up,",
        "  loading images (some seconds per job: give each several stacks).",
    ]
