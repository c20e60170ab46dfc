"""What larger machines would train of W3, on paper: formulas, published peak rates, and the slopes measured here."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path

import torch
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

        def __torch_dispatch__(self, function, types, arguments=(), named=None):  # noqa: ANN001, ANN204 (torch's own signature)
            self.calls += "view" not in str(function) and "detach" not in str(function)
            return function(*arguments, **(named or {}))

    with Count() as count:
        train_step(program, state, x, y)
    return count.calls


def plans(curve: Curve, images_measured: int) -> tuple[list[Plan], dict[str, float]]:
    """A GPU, a node of eight, clusters, and what they are computed from."""
    stack = BUDGET // bytes_per_run([ours.compose("experiment=dropout", "regularizer=[weight_decay]")])
    steps, flops = math.ceil(TRAIN / images.BATCH), multiplications(TRAIN, TRAIN + TEST)
    kernels = operations()
    step_bytes = PASSES * 4 * weights()
    evaluations = math.ceil((TRAIN + TEST) / images.EVALUATED)
    launching = LAUNCH * (kernels * steps + kernels / 4 * evaluations)
    times = {
        "matrix products": stack * flops / (EFFICIENCY * FLOAT32),
        "memory bandwidth (optimizer)": stack * step_bytes * steps / BANDWIDTH,
        "kernel launches": launching,
    }
    gpu = {name: 3600 * stack / (EPOCHS * seconds) for name, seconds in times.items()}
    files = 3600 / WRITING
    here = multiplications(images_measured, images_measured + TEST) / curve.marginal()
    core = 3600 * here / (EPOCHS * flops)
    found = [
        Plan("one GPU", "`local` with `device=cuda`", {**gpu, "files of one process": files}),
        Plan("a node of 8 GPUs", "`ray` with `hydra.launcher.gpus=1`", {**times_of(gpu, 8), "files of 8 processes": 8 * files}),
        Plan("100 nodes of 8 GPUs", "`submitit` (SLURM), a stack per job", {**times_of(gpu, 800), "files of 800 processes": 800 * files}),
        Plan("one core of this machine", "`local`", {"processor (measured)": core, "files of one process": files}),
        Plan(
            f"100 nodes of {CORES_PER_NODE} cores like this one's",
            "`submitit`, a stack per core",
            {"processor (measured)": 100 * CORES_PER_NODE * core, "files of 6,400 processes": 6400 * files},
        ),
    ]
    return found, {"stack": stack, "steps": steps, "flops": flops, "kernels": kernels, "bytes": step_bytes, "here": here, **times}


def times_of(limits: dict[str, float], machines: int) -> dict[str, float]:
    return {name: machines * runs for name, runs in limits.items()}


def page(report: Report, curve: Curve) -> str:
    """The page."""
    images_measured = report.growth_images
    found, of = plans(curve, images_measured)
    rows = [("machine", "engine", "runs per hour", "limited by", "next limit")]
    for plan in found:
        second = sorted(plan.limits.values())[1]
        rows.append((plan.machine, plan.engine, f"{plan.runs:,.0f}", plan.limit, f"{second / plan.runs:.1f}x further"))
    slope = curve.exponent("seconds")
    return "\n".join(
        [
            "# W3 on larger machines, on paper",
            "",
            "**Computed, not measured:** only the figures marked so were measured, by the invocation in `benchmark.json` on commit "
            f"{report.about['commit']}.",
            "",
            f"A run is source 2's network (784-256-128-10, batch {images.BATCH}) for {EPOCHS} epochs of {TRAIN:,} images, evaluated on "
            f"{TRAIN + TEST:,} after each.",
            "",
            *table(rows),
            "",
            "## Assumptions and formulas",
            "",
            f"- Measured: one more network costs {curve.marginal():.3g} s per epoch of {images_measured:,} images, evaluated on "
            f"{images_measured + TEST:,}, on one core ({of['here'] / 1e9:.1f} GFLOP/s of products); time grows as runs to the power "
            f"{slope:.2f}.",
            f"- A stack holds {of['stack']} runs: 1 GiB over the estimated bytes per run (`regexp.sweep.stacks`, `max_stack` raises it).",
            f"- Products of a run's epoch: {of['flops']:.3g} operations = train x (6 W - 2 x 784 x 256) + evaluated x 2 W, W = {weights():,}.",
            f"- GPU: {FLOAT32 / 1e12:g} TFLOP/s in float32 without tensor cores and {BANDWIDTH / 1e12:g} TB/s (NVIDIA's data sheet of the "
            f"H200 SXM, 2024); {100 * EFFICIENCY:g} % of the former is assumed to be reached by batched products of this size. "
            f"Products of a stack's epoch: {of['matrix products']:.3g} s.",
            f"- Optimizer: {PASSES} passes over the parameters in each of {of['steps']} steps, {of['bytes'] / 1e6:.3g} MB per run and step: "
            f"{of['memory bandwidth (optimizer)']:.3g} s for a stack's epoch.",
            f"- Launches: {of['kernels']} tensor operations in a step whatever the stack's size (counted here), a quarter of them for a "
            f"chunk of an evaluation, {1e6 * LAUNCH:g} microseconds each (assumed; an eager torch call): {of['kernel launches']:.3g} s for an epoch.",
            f"- Files: {1000 * WRITING:g} ms per run for composing and writing, measured (`{SWEEP}`), by each process for its own stacks, on a "
            "disk of its own. A shared disk must take so many small files; that is not modelled.",
            "- Nodes train stacks apart and exchange nothing, so their rates add up. A queue's waiting, start-up (some seconds per job) and the "
            "loading of images are left out: give each job several stacks.",
            "- The runs per hour of a machine are the smallest of its limits; products, memory and launches are taken as if they overlapped.",
            "",
        ]
    )
