"""From the arguments of the command line to every run that they ask for, before Hydra runs."""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from hydra import version
from hydra._internal.hydra import Hydra
from hydra._internal.utils import create_config_search_path
from hydra.core.config_search_path import SearchPathQuery
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from hydra.core.override_parser.types import Override, ValueType
from hydra.types import RunMode
from omegaconf import OmegaConf

from regexp.config import diagnosis
from regexp.config.composing import Composer, Job, build_all
from regexp.config.construction import construct
from regexp.config.folders import named_study
from regexp.config.grid import is_grid, is_stacked, jobs
from regexp.config.searching import SearchPlan, is_search, mixed, plan_search
from regexp.config.wording import STUDY_RULE, ConfigError, Problems
from regexp.launcher import Launcher, Submitit
from regexp.naming import slug

VERSION_BASE = "1.3"
"""The version of Hydra whose defaults hold."""

_OF_ALL = ("study", "compare", "resume")


@dataclasses.dataclass(frozen=True)
class Plan:
    """What a command line asks for, free of errors."""

    multirun: bool
    stacked: bool
    """Whether we train the runs of a multirun, and not Hydra one after another."""
    study: bool
    """Whether the folder may hold runs already."""
    compare: bool
    """Whether the runs of a multirun are compared at its end."""
    resumes: bool
    """Whether a single run goes on where its folder holds it."""
    folder: Path
    """The folder of the run, or of the runs."""
    runs: list[Job]
    refused: list[list[str]]
    """What is wrong with each run of a ``glob`` that cannot be trained."""
    fixed: list[str]
    """The keys that are not swept."""
    head: Any
    """The configuration of what is not swept."""
    composer: Composer
    launcher: Launcher
    """Who trains the stacks of a multirun."""
    search: SearchPlan | None = None
    """What the sweeper ``search`` shall choose; ``runs`` are then examples of what it may train."""


def plan(arguments: argparse.Namespace, config_folder: Path, config_name: str) -> Plan:
    """Compose and build every run. Raises :class:`ConfigError` with all that is wrong with any of them."""
    with loading(arguments.config_path or config_folder, arguments.config_dir) as loader:
        composer = Composer(loader, arguments.config_name or config_name)
        overrides, problems = composer.parse(arguments.overrides)
        fixed = [override for override in overrides if not override.is_sweep_override()]
        head, wrong = composer.compose(fixed)
        problems += [text for text in wrong if text.startswith("hydra")]
        study, compare = named_study(head), OmegaConf.select(head, "compare", default=True)
        problems += [] if isinstance(compare, bool) else [f"compare must be true or false, got {compare!r}"]
        multirun = bool(arguments.multirun or head.hydra.mode == RunMode.MULTIRUN or study is not None)
        stacked = multirun and is_stacked(head.hydra)
        if not (arguments.multirun or head.hydra.mode == RunMode.MULTIRUN):
            problems += [diagnosis.several_values(override) for override in overrides if override.is_sweep_override()]
        problems += _misfits(head.hydra, study, stacked, overrides) if multirun else []
        resume = OmegaConf.select(head, "resume")
        if resume not in (None, "auto") or (resume and multirun):
            problems.append(
                f"resume must be null, auto or the folder of a run, got {resume!r}: study=NAME goes on with a sweep"
            )
        problems += [] if multirun or not is_search(head.hydra) else ["hydra/sweeper=search trains many runs: add -m"]
        launcher = _launcher(head.hydra.launcher, study, problems) if stacked else Launcher()
        composer.here = launcher.here
        search = None
        if multirun and stacked and is_search(head.hydra):
            search, runs, refused, wrong = plan_search(composer, head, overrides)
            problems += wrong
        else:
            runs, refused = build_all(composer, jobs(composer, head.hydra, overrides) if multirun else [fixed])
        if not (stacked and runs and _is_glob(overrides)):
            problems += [text for texts in refused for text in texts]
        problems += [] if stacked else _twice(runs)
        if multirun and not runs and not refused and not problems:
            problems.append("the sweep holds no run: give every swept key at least one value")
        if problems:
            raise ConfigError(problems)
        folder = Path(str(head.hydra.sweep.dir if multirun else head.hydra.run.dir))
        if stacked and (text := mixed(folder, searches=search is not None)):
            raise ConfigError([text])
    keys = [override.key_or_group for override in fixed]
    return Plan(
        multirun=multirun,
        stacked=stacked,
        study=study is not None,
        compare=compare,
        resumes=resume == "auto",
        folder=folder,
        runs=runs,
        refused=refused,
        fixed=keys,
        head=head,
        composer=composer,
        launcher=launcher,
        search=search,
    )


def _is_glob(overrides: Sequence[Override]) -> bool:
    return any(override.value_type == ValueType.GLOB_CHOICE_SWEEP for override in overrides)


def _misfits(hydra: Any, study: Any, stacked: bool, overrides: Sequence[Override]) -> list[str]:
    """Ways to carry out a multirun that do not go together."""
    swept = [override for override in overrides if override.is_sweep_override()]
    problems = [diagnosis.no_swept_key(o) for o in swept if o.key_or_group in _OF_ALL or (stacked and o.is_hydra_override())]
    if study is not None and (not isinstance(study, str) or slug(study) != study):
        problems.append(f"study {STUDY_RULE}, got {study!r}")
    if study is not None and not stacked:
        problems.append("study needs hydra/launcher=stacked: Hydra's own launchers cannot add to a folder")
    if is_search(hydra) and not stacked:
        problems.append("hydra/sweeper=search trains its settings as stacks: leave hydra/launcher=basic away")
    if stacked and not (is_grid(hydra) or is_search(hydra)):
        problems.append(f"hydra/sweeper ({hydra.sweeper._target_}) needs a launcher of Hydra's: add hydra/launcher=basic")
    if stacked and hydra.callbacks:
        problems.append("hydra.callbacks are called by Hydra's own launchers only: add hydra/launcher=basic")
    return problems


def _launcher(node: Any, study: Any, problems: list[str]) -> Launcher:
    """Who trains the stacks; what is wrong with it joins ``problems``."""
    values: Any = OmegaConf.to_container(node, resolve=True)
    given = {name: value for name, value in values.items() if name != "_target_"}
    wrong: Problems = {}
    asked = construct(Submitit, given.pop("submitit", None) or {}, "hydra.launcher.submitit.", wrong)
    found: Launcher = construct(Launcher, given, "hydra.launcher.", wrong, forgive=bool(wrong), submitit=asked)
    problems += [f"{key} {text}" for key, text in wrong.items()]
    if not wrong and not found.wait and study is None:
        problems.append("hydra.launcher.wait=false needs a study: add study=NAME, by which the same command collects the runs")
    return found


def _twice(runs: Sequence[Job]) -> list[str]:
    seen = [(job.experiment.hash(), job.settings) for job in runs]
    again = [(i, seen.index(run)) for i, run in enumerate(seen) if seen.index(run) < i]
    return [
        f"run {i} of the sweep must differ from run {first}, and both are the same: give every value once" for i, first in again
    ]


@contextlib.contextmanager
def loading(config_folder: str | Path, more: str | None = None) -> Iterator[Any]:
    """Hydra's loader, set up as ``hydra.main`` sets it up; ``more`` is the argument of ``--config-dir``."""
    version.setbase(VERSION_BASE)
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
