"""Who trains the stacks of a multirun: this process, others on this machine, a cluster. No part of any experiment."""

from __future__ import annotations

import dataclasses
import importlib.util
import shutil
from typing import Any

from regexp.rules import Rule, above, at_least, boolean, one_of, optional, require, whole

PACKAGES = {"local": (None, None), "joblib": ("joblib", "parallel"), "submitit": ("submitit", "slurm"), "ray": ("ray", "ray")}
"""The package that an engine needs, and the extra of ours that installs it."""

OWN = {"workers": "joblib", "wait": "submitit", "submitit": "submitit", "address": "ray", "gpus": "ray"}
"""The engine that a field is for."""


@dataclasses.dataclass(frozen=True)
class Submitit:
    """What submitit asks the cluster for, for every stack, in submitit's own words; None: its default.

    ``cluster``: slurm, local (processes on this machine) or debug (this process); None: slurm where there is one, else local.
    """

    cluster: str | None = None
    name: str | None = None
    timeout_min: int | None = None
    mem_gb: float | None = None
    cpus_per_task: int | None = None
    gpus_per_node: int | None = None
    slurm_partition: str | None = None
    slurm_account: str | None = None
    slurm_qos: str | None = None
    slurm_constraint: str | None = None
    slurm_gres: str | None = None
    slurm_nodelist: str | None = None
    slurm_exclude: str | None = None
    slurm_array_parallelism: int | None = None
    slurm_max_num_timeout: int | None = None
    slurm_signal_delay_s: int | None = None
    slurm_setup: Any = None
    slurm_additional_parameters: Any = None

    def __post_init__(self) -> None:
        counts = ("timeout_min", "cpus_per_task", "slurm_array_parallelism")
        require(
            self,
            cluster=optional(_cluster),
            mem_gb=optional(above(0)),
            gpus_per_node=optional(whole(0)),
            slurm_setup=optional(_a(tuple, "a list of shell commands")),
            slurm_additional_parameters=optional(_a(dict, "options of sbatch, {name:value}")),
            **dict.fromkeys(counts, optional(whole(1))),
        )


@dataclasses.dataclass(frozen=True)
class Launcher:
    """The fields below ``hydra.launcher``.

    ``engine``: local, joblib, submitit or ray. ``max_stack``: runs in one stack at most (None: as many as fit into a fixed
    amount of memory). ``workers``: joblib's processes (None: one for every core). ``wait``: whether to wait for submitit's
    jobs. ``address``: of a Ray cluster (None: the one in RAY_ADDRESS, else one started on this machine). ``gpus``: that Ray
    reserves for a stack.
    """

    engine: str = "local"
    max_stack: int | None = None
    workers: int | None = None
    wait: bool = True
    submitit: Submitit = dataclasses.field(default_factory=Submitit)
    address: str | None = None
    gpus: float = 0

    def __post_init__(self) -> None:
        rules = {"workers": optional(whole(1)), "wait": boolean(), "gpus": at_least(0)}
        require(self, engine=_installed, max_stack=optional(whole(1)), **{**rules, **self._foreign()})

    @property
    def here(self) -> bool:
        """Whether the stacks are trained on this very machine, as far as can be known."""
        return self.engine in ("local", "joblib")

    def _foreign(self) -> dict[str, Rule]:
        """What to say of the fields of other engines that were given."""
        if self.engine not in PACKAGES:
            return {}
        defaults = {**{field.name: field.default for field in dataclasses.fields(self)}, "submitit": Submitit()}
        given = {name: owner for name, owner in OWN.items() if getattr(self, name) != defaults[name]}
        return {name: _misplaced(owner, self.engine) for name, owner in given.items() if owner != self.engine}


def missing(engine: str) -> str | None:
    """How to install the package that an engine needs, if it is not there."""
    package, extra = PACKAGES[engine]
    return None if package is None or importlib.util.find_spec(package) else f'pip install "regexp[{extra}]"'


def _misplaced(owner: str, engine: str) -> Rule:
    return lambda _: f"is a field of engine={owner}, got engine={engine}: add hydra.launcher.engine={owner} or leave it out"


def _installed(engine: Any) -> str | None:
    """Asked before any work, since the package is only imported when there is something to train."""
    if text := one_of(*PACKAGES)(engine):
        return text
    how = missing(engine)
    return f"needs the package {PACKAGES[engine][0]}, which is not installed: {how}" if how else None


def _cluster(name: Any) -> str | None:
    if name == "slurm" and not shutil.which("srun"):
        return "must be local or debug where there is no SLURM (no srun on the PATH), got 'slurm'"
    return one_of("slurm", "local", "debug")(name)


def _a(kind: type, text: str) -> Rule:
    return lambda value: None if isinstance(value, kind) else f"must be {text}, got {value!r}"
