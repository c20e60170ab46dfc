"""From the arguments of the command line to every run that they ask for, before Hydra runs."""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from hydra._internal.hydra import Hydra
from hydra._internal.utils import create_config_search_path
from hydra.core.config_search_path import SearchPathQuery
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode

from regexp.config import diagnosis
from regexp.config.composing import Composer, Job
from regexp.config.wording import ConfigError


@dataclasses.dataclass(frozen=True)
class Plan:
    """What a command line asks for, free of errors."""

    multirun: bool
    folder: Path
    """The folder of the run, or of the runs."""
    runs: list[Job]
    fixed: list[str]
    """The keys that are not swept."""


def plan(arguments: argparse.Namespace, config_folder: Path, config_name: str) -> Plan:
    """Compose and build every run. Raises :class:`ConfigError` with all that is wrong with any of them."""
    with loading(arguments.config_path or config_folder, arguments.config_dir) as loader:
        composer = Composer(loader, arguments.config_name or config_name)
        overrides, problems = composer.parse(arguments.overrides)
        fixed = [override for override in overrides if not override.is_sweep_override()]
        head, _ = composer.compose(fixed)
        multirun = arguments.multirun or head.hydra.mode == RunMode.MULTIRUN
        if not multirun:
            problems += [diagnosis.several_values(override) for override in overrides if override.is_sweep_override()]
        runs = []
        for job in composer.jobs(head, overrides) if multirun else [fixed]:
            try:
                runs.append(composer.build(job))
            except ConfigError as error:
                problems += error.problems
        problems += _twice(runs)
        if problems:
            raise ConfigError(problems)
        folder = Path(str(head.hydra.sweep.dir if multirun else head.hydra.run.dir))
    return Plan(multirun, folder, runs, [override.key_or_group for override in fixed])


def _twice(runs: Sequence[Job]) -> list[str]:
    seen = [(job.experiment.hash(), job.settings) for job in runs]
    return [f"run {i} of the sweep is run {seen.index(run)} again" for i, run in enumerate(seen) if seen.index(run) < i]


@contextlib.contextmanager
def loading(config_folder: str | Path, more: str | None = None) -> Iterator[Any]:
    """Hydra's loader, set up as ``hydra.main`` sets it up; ``more`` is the argument of ``--config-dir``."""
    search_path = create_config_search_path(str(config_folder))
    if more is not None:
        folder = Path(more).absolute()
        if not folder.is_dir():
            raise ConfigError([f"--config-dir must be a folder, got {more!r}"])
        search_path.prepend("command-line", f"file://{folder}", SearchPathQuery(provider="schema"))
    try:
        yield Hydra.create_main_hydra2("train", search_path).config_loader
    finally:
        GlobalHydra.instance().clear()
        HydraConfig.instance().cfg = None
