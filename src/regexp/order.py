"""One run that was asked for, as plain data: it can be carried out in another process, on another machine, without Hydra."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import yaml

from regexp.experiment import Experiment
from regexp.settings import Settings


@dataclasses.dataclass(frozen=True)
class Asked:
    """What Hydra leaves in the folder ``.hydra`` of a run that it executes itself, rendered when it is written.

    ``hydra`` is Hydra's own configuration, which runs of the same choices share; ``job`` is what it says of this run alone.
    """

    subfolder: str
    config: Any
    lines: list[str]
    hydra: dict[str, Any]
    job: dict[str, Any]

    def write(self, folder: Path) -> None:
        """Write ``config.yaml``, ``hydra.yaml`` and ``overrides.yaml`` into the run's folder."""
        path = folder / self.subfolder
        path.mkdir(parents=True, exist_ok=True)
        for name, tree in (("config", self.config), ("hydra", self.node(folder)), ("overrides", self.lines)):
            (path / f"{name}.yaml").write_text(_to_yaml(tree), encoding="utf-8")

    def node(self, folder: Path) -> dict[str, Any]:
        """Hydra's configuration of this run."""
        hydra = self.hydra
        own = {
            "overrides": {**hydra["overrides"], "task": self.lines},
            "job": {**hydra["job"], **self.job},
            "runtime": {**hydra["runtime"], "output_dir": str(folder.absolute())},
        }
        return {"hydra": {**hydra, **own}}


@dataclasses.dataclass(frozen=True)
class Order:
    """One run: what, how, where, and in which words it was asked for."""

    experiment: Experiment
    settings: Settings
    folder: Path
    overrides: list[str]
    command: str
    """The line that repeats this run alone."""
    asked: Asked | None = None
    """What Hydra would leave in the run's folder; None where it does that itself, or was told not to."""


def _to_yaml(tree: Any) -> str:
    dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    return yaml.dump(tree, Dumper=dumper, sort_keys=False, allow_unicode=True)
