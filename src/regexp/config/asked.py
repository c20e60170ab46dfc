"""What a run that Hydra does not execute itself was asked for, in Hydra's own words."""

from __future__ import annotations

import functools
from typing import Any

from hydra._internal.config_loader_impl import get_overrides_dirname
from omegaconf import OmegaConf, read_write

from regexp.config.composing import Job
from regexp.config.planning import Plan
from regexp.order import Asked


class Words:
    """Hydra's account of the runs of a multirun: of each what Hydra would say of its job of this number."""

    def __init__(self, plan: Plan):
        self.plan = plan
        self._own = [f"hydra.sweep.dir='{plan.folder}'", "hydra.mode=MULTIRUN"]
        self._hydra = functools.cache(self._of_choices)

    def of(self, job: Job, number: int) -> Asked:
        """The account of one run."""
        is_choice, names = self.plan.composer.is_choice, self.plan.head.hydra.job.config.override_dirname
        hydra = self._hydra(tuple(o.input_line or "" for o in job.overrides if is_choice(o) or o.is_hydra_override()))
        task = [override for override in job.overrides if not override.is_hydra_override()]
        dirname = get_overrides_dirname(task, self.plan.fixed, names.item_sep, names.kv_sep)
        own = {"override_dirname": dirname, "id": str(number), "num": number}
        return Asked(str(self.plan.head.hydra.output_subdir), job.config, job.lines, hydra, own)

    def folder_name(self, job: Job, number: int) -> str:
        """The run's place below the sweep's folder, where ``hydra.sweep.subdir`` is not ours."""
        config, _ = self.plan.composer.compose(job.overrides)
        node = self.of(job, number).node(self.plan.folder)["hydra"]
        with read_write(config.hydra):
            for part in ("overrides", "job"):
                OmegaConf.update(config, f"hydra.{part}", node[part], merge=True, force_add=True)
        return str(config.hydra.sweep.subdir)

    def _of_choices(self, lines: tuple[str, ...]) -> dict[str, Any]:
        """What the runs of these choices have in common."""
        overrides, _ = self.plan.composer.parse(lines)
        config, _ = self.plan.composer.compose(overrides)
        node: Any = OmegaConf.to_container(config.hydra, resolve=False, enum_to_str=True)
        asked = [override.input_line for override in overrides if override.is_hydra_override()]
        node["overrides"] = {"hydra": [*asked, *self._own], "task": []}
        node["sweep"]["dir"], node["mode"] = str(self.plan.folder), "MULTIRUN"
        node["job"]["config"]["override_dirname"]["exclude_keys"] = self.plan.fixed
        return node
