"""W3 on larger machines: what a process spends its seconds on, and what all processes of a machine share."""

from __future__ import annotations

import dataclasses
import math

from benchmarks.costs import Costs

DISK = "the shared disk's file creations"
COMPOSING = "composing runs, in the one process of the command"


@dataclasses.dataclass(frozen=True)
class Plan:
    """A machine on paper: so many processes side by side, each of which trains ``runs`` in some seconds, again and again.

    ``parts`` are seconds one after another, ``together`` seconds that overlap, so that the longest counts; ``shared`` is what
    all processes share, in runs per second.
    """

    machine: str
    engine: str
    processes: int
    runs: int
    parts: dict[str, float]
    together: dict[str, float] = dataclasses.field(default_factory=dict)
    shared: dict[str, float] = dataclasses.field(default_factory=dict)

    @property
    def seconds(self) -> float:
        """Of one process for its runs."""
        return sum(self.parts.values()) + max(self.together.values(), default=0.0)

    @property
    def per_hour(self) -> float:
        """Runs that it trains in an hour."""
        rates = [*self.shared.values(), *([self.processes * self.runs / self.seconds] if self.seconds else [])]
        return 3600 * min(rates, default=math.inf)

    @property
    def limit(self) -> str:
        """What holds it back most."""
        scarce = min(self.shared, key=lambda name: self.shared[name], default="")
        if scarce and 3600 * self.shared[scarce] <= self.per_hour:
            return scarce
        longest = max(self.together, key=lambda name: self.together[name], default="")
        parts = {**self.parts, **({longest: self.together[longest]} if longest else {})}
        return max(parts, key=lambda name: parts[name])

    def without(self, name: str) -> Plan:
        """The same machine if that cost nothing."""
        groups = (
            {key: value for key, value in group.items() if key != name} for group in (self.parts, self.together, self.shared)
        )
        return Plan(self.machine, self.engine, self.processes, self.runs, *groups)


LAUNCHES, PRODUCTS = "launching kernels", "the GPU's products and memory"
START, WRITING = "start-up", "writing run folders"
ON_CORE = "the core's products"


def commands(costs: Costs, runs: int, cores: int) -> list[Plan]:
    """W3 as it is typed, again and again: a command on every GPU, or on every core, each with its start-up."""
    parts = {START: costs.start, WRITING: runs * costs.folder}
    gpu = {**parts, START: costs.start + costs.device}, on_gpu(costs, runs)
    core, disk = {**parts, ON_CORE: runs * costs.core}, {DISK: costs.creations}
    return [
        Plan("one GPU", "`device=cuda` (engine local, the default)", 1, runs, *gpu),
        Plan("a node of 8 GPUs", "engine local, a shell for each: `device=cuda:0` to `device=cuda:7`", 8, runs, *gpu),
        Plan("100 nodes of 8 GPUs", "engine local, a job for each: `sbatch --gpus=1`, `device=cuda`", 800, runs, *gpu, disk),
        Plan("one core of this machine", "`device=cpu`", 1, runs, core),
        Plan(
            f"100 nodes of {cores} such cores",
            "engine local, a job for each: `sbatch`, `device=cpu`",
            100 * cores,
            runs,
            core,
            {},
            disk,
        ),
    ]


def sweep(costs: Costs, stack: int, cores: int) -> list[Plan]:
    """One long sweep of such runs, in full stacks: the engine local alone keeps its process from stack to stack."""
    writing, starting = {WRITING: stack * costs.folder}, {START: costs.start + costs.device}
    core, training = {**writing, ON_CORE: stack * costs.core}, on_gpu(costs, stack)
    command, slurm = {COMPOSING: 1 / costs.composing}, "hydra.launcher.engine=submitit hydra.launcher.wait=false"
    cluster, fresh = {**command, DISK: costs.creations}, {**starting, **writing}
    ray = "`device=cuda hydra.launcher.engine=ray hydra.launcher.gpus=1`"
    jobs = f"`device=cuda {slurm} hydra.launcher.submitit.gpus_per_node=1`"
    started = {START: costs.start, **core}
    return [
        Plan("one GPU", "`device=cuda` (engine local)", 1, stack, writing, training),
        Plan("a node of 8 GPUs", ray, 8, stack, fresh, training, command),
        Plan(
            "a node of 8 GPUs, 8 commands",
            "engine local, `study=NAME`, `device=cuda:0` to `cuda:7`",
            8,
            stack,
            writing,
            training,
        ),
        Plan("100 nodes of 8 GPUs", jobs, 800, stack, fresh, training, cluster),
        Plan("one core of this machine", "`device=cpu` (engine local)", 1, stack, core),
        Plan(f"100 nodes of {cores} such cores", f"`device=cpu {slurm}`", 100 * cores, stack, started, {}, cluster),
    ]


def on_gpu(costs: Costs, runs: int) -> dict[str, float]:
    """A stack's training: the host launches while the device works."""
    return {LAUNCHES: costs.launches, PRODUCTS: runs * costs.run}
