"""What larger machines would train of W3, on paper: slopes measured here, data sheets, and what is assumed, each named so."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from pathlib import Path

from benchmarks import costs
from benchmarks.costs import (
    BANDWIDTH,
    CONTEXT,
    CREATIONS,
    EFFICIENCY,
    EPOCHS,
    FILES,
    FLOAT32,
    LAUNCH,
    PASSES,
    RUNS,
    SWEEP,
    SWEPT,
    TEST,
    TRAIN,
    Costs,
)
from benchmarks.curve import Curve
from benchmarks.peers import images
from benchmarks.plans import Plan, commands, sweep
from benchmarks.report import Report, table

CORES_PER_NODE = 64


def write(report: Report, path: Path) -> None:
    """``scale.md``, from the growth that the report holds."""
    curves = {curve.axis: curve for curve in report.curves}
    if {"networks of W3", "networks of a command"} <= curves.keys():
        path.write_text(page(report, curves["networks of W3"], curves["networks of a command"]), encoding="utf-8")


def page(report: Report, networks: Curve, command: Curve) -> str:
    """The page."""
    known, about = costs.costs(networks, command), report.again.get("growth", report.about)
    torch, python = (about["versions"][name] for name in ("torch", "python"))
    lines = [
        "# W3 on larger machines, on paper",
        "",
        "**Computed, not measured:** only what is called measured below was, by the growth of `benchmark.json`",
        f"(`{about['command']}`, commit {about['commit']}, {about['date']}, {about['machine']['processor']}, torch {torch},",
        f"Python {python}). A run is source 2's network (784-256-128-10, batch {images.BATCH}) for {EPOCHS} epochs of",
        f"{TRAIN:,} images, with {EPOCHS + 1} evaluations of {TRAIN + TEST:,}. Two digits are given; no more are known.",
        "",
        f"## W3 as it is typed: commands of {RUNS} runs, one after another on every GPU or core",
        "",
        "Start-up and writing of files are counted, in every command.",
        "",
        *listed("commands per hour", commands(known, RUNS, CORES_PER_NODE), RUNS),
        "",
        f"## One long sweep of such runs, in stacks of {costs.stack()}",
        "",
        "The engine local keeps its process, so that start-up is paid once, and left out. Ray ends a worker after a task that",
        "has a GPU (`max_calls` is 1 for those), and a SLURM job is a process of its own: both pay for it in every stack. A",
        "larger `hydra.launcher.max_stack` divides it among more runs; commands of the engine local, one for each GPU of a",
        "node with its own seeds of one study, do not pay it.",
        "",
        *listed("runs per hour", sweep(known, costs.stack(), CORES_PER_NODE), 1),
        "",
        "## Where the figures come from",
        "",
        *(f"- {text}" for text in (*measured(report, networks, known), *assumed(known))),
    ]
    return "\n".join([*lines, ""])


COLUMNS = ("limited by", "without it", "the next limit", "run folders per second")


def listed(unit: str, plans: Sequence[Plan], runs: int) -> list[str]:
    """A table of machines; ``unit`` is of so many runs."""
    return table([("machine", "to type", unit, *COLUMNS), *(row(plan, runs) for plan in plans)])


def row(plan: Plan, runs: int) -> tuple[str, ...]:
    """A machine: how many such groups of runs per hour, and why not more."""
    first = plan.limit
    better = plan.without(first)
    factor = f"{digits(better.per_hour / plan.per_hour)} times as many"
    folders = digits(plan.per_hour / 3600)
    return plan.machine, plan.engine, digits(plan.per_hour / runs), first, factor, better.limit, folders


def digits(number: float) -> str:
    """Two significant ones, without an exponent."""
    rounded = float(f"{number:.2g}")
    return f"{rounded:,.0f}" if rounded >= 10 else f"{rounded:g}"


def measured(report: Report, networks: Curve, known: Costs) -> list[str]:
    """What was measured, and the check of the sum against W3's own command."""
    last, name = networks.points[-1], SWEEP.relative_to(SWEEP.parents[1])
    found = [
        f"Measured: one more network costs {networks.marginal():.2g} s for {last.counts['trained']:,} images trained and "
        f"{last.counts['evaluated']:,} evaluated on one core, {costs.rate(networks) / 1e9:.2g} GFLOP/s of products; the "
        f"exponent over the upper half is {networks.exponent('seconds'):.2f}. A run of W3 so takes {known.core:.2g} s.",
        f"Measured: start-up of `regexp-train -m` on the images, from typing to training, {known.start:.2g} s: what the time "
        "of `networks of a command` is at no network.",
        f"Measured by `scripts/benchmark_sweep.py` (`{name}`, commit {costs.sweep_commit()}, {SWEPT} runs of W2): "
        f"{1000 * known.folder:.2g} ms to compose a run and write its folder, so that one process writes at most "
        f"{digits(1 / known.folder)} folders a second; of that composing is at most {1000 * known.composing:.2g} ms (a "
        f"finished sweep repeated), so that one command composes {digits(1 / known.composing)} runs a second. Several "
        "commands may fill one study, each of which composes its own part.",
    ]
    work = next((one for one in report.works if one.name == "W3" and f"sweep of {RUNS} networks" in one.title), None)
    if work and "regexp" in work.seconds:
        took, foretold = statistics.median(work.seconds["regexp"]), known.start + RUNS * (known.core + known.folder)
        found.append(
            f"Check: these sum to {foretold:.2g} s for W3's command on one core here, which took {took:.2g} s (median)."
        )
    return found


def assumed(known: Costs) -> list[str]:
    """Data sheets, counts, and assumptions."""
    return [
        f"Data sheet (NVIDIA H200 SXM, 2024): {FLOAT32 / 1e12:g} TFLOP/s in float32 without tensor cores, "
        f"{BANDWIDTH / 1e12:g} TB/s. Assumed: products reach {100 * EFFICIENCY:g} % of it. With {PASSES} passes of a step over "
        f"{4 * costs.weights() / 1e6:.2g} MB of weights, a run of W3 ({costs.operations_of_products() / 1e9:,.0f} GFLOP of "
        f"products) takes {1000 * known.run:.2g} ms of a GPU.",
        f"Counted: {costs.operations()} tensor operations in a step of a stack of any size, a quarter of them in a chunk of an "
        f"evaluation; assumed: {1e6 * LAUNCH:g} microseconds a launch (eager torch), {known.launches:.2g} s a stack. Launches "
        "overlap with the device's work, writing of folders with neither: the same process does it.",
        f"Assumed: CUDA's context and first kernels take {CONTEXT:g} s on top of the start-up; a node has a core for every "
        "GPU's process, as fast as the core here.",
        f"Assumed: a run's folder is {FILES} files, and a shared disk creates {CREATIONS:,} files a second: "
        f"{digits(known.creations)} folders. A node alone writes to its own disk, at the cost measured here.",
        f"A stack holds {costs.stack()} runs: 1 GiB over the estimated bytes per run. Stacks exchange nothing, so that rates "
        "add up. Left out: a queue's waiting, losses of machines, and reading Python's packages from a shared disk.",
    ]
