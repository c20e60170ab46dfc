"""The folder ``.hydra`` of a run that Hydra does not execute itself: what was asked, in Hydra's own words."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import yaml
from hydra._internal.config_loader_impl import get_overrides_dirname
from omegaconf import OmegaConf, read_write

from regexp.config.composing import Job
from regexp.config.planning import Plan


class Asked:
    """Writes the files ``config.yaml``, ``hydra.yaml`` and ``overrides.yaml`` of the runs of a multirun."""

    def __init__(self, plan: Plan):
        self.plan = plan
        self._own = [f"hydra.sweep.dir='{plan.folder}'", "hydra.mode=MULTIRUN"]
        self._hydra = functools.cache(self._of_choices)

    def write(self, job: Job, number: int, folder: Path) -> None:
        """Write what Hydra writes for its job of this number."""
        subdir = self.plan.head.hydra.output_subdir
        if subdir is None:
            return
        path = folder / subdir
        path.mkdir(parents=True, exist_ok=True)
        for name, tree in (("config", job.config), ("hydra", self._node(job, number, folder)), ("overrides", job.lines)):
            (path / f"{name}.yaml").write_text(_to_yaml(tree), encoding="utf-8")

    def subfolder(self, job: Job, number: int) -> str:
        """The run's place below the sweep's folder, where ``hydra.sweep.subdir`` is not ours."""
        config, _ = self.plan.composer.compose(job.overrides)
        node = self._node(job, number, self.plan.folder)["hydra"]
        with read_write(config.hydra):
            for part in ("overrides", "job"):
                OmegaConf.update(config, f"hydra.{part}", node[part], merge=True, force_add=True)
        return str(config.hydra.sweep.subdir)

    def _node(self, job: Job, number: int, folder: Path) -> dict[str, Any]:
        """Hydra's configuration of one run."""
        is_choice, names = self.plan.composer.is_choice, self.plan.head.hydra.job.config.override_dirname
        hydra = self._hydra(tuple(o.input_line or "" for o in job.overrides if is_choice(o) or o.is_hydra_override()))
        task = [override for override in job.overrides if not override.is_hydra_override()]
        dirname = get_overrides_dirname(task, self.plan.fixed, names.item_sep, names.kv_sep)
        return {
            "hydra": {
                **hydra,
                "overrides": {**hydra["overrides"], "task": job.lines},
                "job": {**hydra["job"], "override_dirname": dirname, "id": str(number), "num": number},
                "runtime": {**hydra["runtime"], "output_dir": str(folder.absolute())},
            }
        }

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


def _to_yaml(tree: Any) -> str:
    dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    return yaml.dump(tree, Dumper=dumper, sort_keys=False, allow_unicode=True)
