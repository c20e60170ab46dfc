"""From the arguments of the command line to every run that they ask for, before Hydra runs."""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hydra.core.override_parser.types import Override, ValueType
from hydra.types import RunMode
from omegaconf import OmegaConf

from regexp.config.composing import Composer, Job, build_all
from regexp.config.construction import construct
from regexp.config.folders import named_study
from regexp.config.grid import is_stacked, jobs
from regexp.config.leftovers import key_of
from regexp.config.loading import loading
from regexp.config.misfits import equal_runs, misfits
from regexp.config.searching import SearchPlan, is_search, mixed, plan_search
from regexp.config.wording import ConfigError, Problem, Problems
from regexp.launcher import Launcher, Submitit


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
    refused: list[list[Problem]]
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

    @property
    def divergence_fails(self) -> bool:
        """Whether a run that diverges has failed."""
        return any(job.settings.on_divergence == "raise" for job in self.runs)


def plan(arguments: argparse.Namespace, config_folder: Path, config_name: str) -> Plan:
    """Compose and build every run. Raises :class:`ConfigError` with all that is wrong with any of them."""
    with loading(arguments.config_path or config_folder, arguments.config_dir) as loader:
        composer = Composer(loader, arguments.config_name or config_name)
        overrides, unreadable = composer.parse(arguments.overrides)
        fixed = [override for override in overrides if not override.is_sweep_override()]
        head, wrong = composer.compose(fixed)
        problems: list[Problem | str] = [*unreadable, *(one for one in wrong if one.key.startswith("hydra"))]
        may_sweep = arguments.multirun or head.hydra.mode == RunMode.MULTIRUN
        multirun = bool(may_sweep or named_study(head) is not None)
        stacked = multirun and is_stacked(head.hydra)
        problems += misfits(head, overrides, may_sweep=may_sweep, multirun=multirun, stacked=stacked)
        launcher, misfit = _launcher(head) if stacked else (Launcher(), [])
        composer = composer if launcher.here else Composer(loader, composer.config_name, here=False)
        search, runs, refused, unfit = _runs(composer, head, overrides, multirun=multirun, stacked=stacked)
        problems += [*misfit, *unfit]
        if not (stacked and runs and _is_glob(overrides)):
            problems += _by_themselves(refused, arguments.overrides, overrides)
        problems += [] if stacked else equal_runs(runs)
        if multirun and not (runs or refused or problems):
            problems.append("the sweep holds no run: give every swept key at least one value")
        if problems:
            raise ConfigError(problems)
        return Plan(
            multirun=multirun,
            stacked=stacked,
            study=named_study(head) is not None,
            compare=OmegaConf.select(head, "compare", default=True),
            resumes=OmegaConf.select(head, "resume") == "auto",
            folder=_folder(head.hydra, multirun=multirun, stacked=stacked, searches=search is not None),
            runs=runs,
            refused=refused,
            fixed=[override.key_or_group for override in fixed],
            head=head,
            composer=composer,
            launcher=launcher,
            search=search,
        )


def _launcher(head: Any) -> tuple[Launcher, list[str]]:
    """Who trains the stacks, and what is wrong with it."""
    values: Any = OmegaConf.to_container(head.hydra.launcher, resolve=True)
    given = {name: value for name, value in values.items() if name != "_target_"}
    wrong: Problems = {}
    asked = construct(Submitit, given.pop("submitit", None) or {}, "hydra.launcher.submitit.", wrong)
    found: Launcher = construct(Launcher, given, "hydra.launcher.", wrong, forgive=bool(wrong), submitit=asked)
    problems = [f"{key} {text}" for key, text in wrong.items()]
    if not wrong and not found.wait and named_study(head) is None:
        problems.append("hydra.launcher.wait=false needs a study: add study=NAME, by which the same command collects the runs")
    return found, problems


def _runs(
    composer: Composer, head: Any, overrides: Sequence[Override], *, multirun: bool, stacked: bool
) -> tuple[SearchPlan | None, list[Job], list[list[Problem]], list[str]]:
    """The search, if there is one; the runs; what is wrong with each of those that cannot be trained; what with the search."""
    search, problems = None, list[str]()
    if stacked and is_search(head.hydra):
        search, runs, refused, problems = plan_search(composer, head, overrides)
    elif multirun:
        runs, refused = build_all(composer, jobs(composer, head.hydra, overrides))
    else:
        runs, refused = build_all(composer, [[override for override in overrides if not override.is_sweep_override()]])
    return search, runs, refused, problems


def _by_themselves(refused: Sequence[Sequence[Problem]], lines: Sequence[str], overrides: Sequence[Override]) -> list[Problem]:
    """What is wrong with the runs, but for what follows from a line that could not be read: that its key has no value."""
    unread = {key_of(line) for line in lines} - {"", *(override.key_or_group for override in overrides)}
    return [one for several in refused for one in several if one.key not in unread]


def _is_glob(overrides: Sequence[Override]) -> bool:
    return any(override.value_type == ValueType.GLOB_CHOICE_SWEEP for override in overrides)


def _folder(hydra: Any, *, multirun: bool, stacked: bool, searches: bool) -> Path:
    """Of the run, or of the runs; refused where a search and other runs would lie in one."""
    folder = Path(str(hydra.sweep.dir if multirun else hydra.run.dir))
    if stacked and (text := mixed(folder, searches=searches)):
        raise ConfigError([text])
    return folder
