"""Hydra's composing, before Hydra runs: from the arguments of the command line to every run that they ask for."""

from __future__ import annotations

import argparse
import contextlib
import copy
import dataclasses
import functools
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra._internal.hydra import Hydra
from hydra._internal.utils import create_config_search_path
from hydra.core.config_search_path import SearchPathQuery
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.errors import HydraException
from hydra.types import RunMode
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

from regexp.config import diagnosis
from regexp.config.building import BASES, build, plain_values
from regexp.config.leftovers import is_typed, key_of, without_leftovers
from regexp.config.wording import ConfigError
from regexp.experiment import Experiment
from regexp.settings import Settings

Failure = (HydraException, OmegaConfBaseException, YAMLError, ValueError)
"""What composing raises for a wrong override or a wrong file."""


@dataclasses.dataclass(frozen=True)
class Plan:
    """What a command line asks for, free of errors."""

    multirun: bool
    folder: Path
    """The folder of the run, or of the runs."""
    runs: list[tuple[Experiment, Settings]]
    fixed: list[str]
    """The keys that are not swept."""


def plan(arguments: argparse.Namespace, config_folder: Path, config_name: str) -> Plan:
    """Compose and build every run. Raises :class:`ConfigError` with all that is wrong with any of them."""
    with _loader(arguments, config_folder) as loader:
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


def _twice(runs: Sequence[tuple[Experiment, Settings]]) -> list[str]:
    seen = [(experiment.hash(), settings) for experiment, settings in runs]
    return [f"run {i} of the sweep is run {seen.index(run)} again" for i, run in enumerate(seen) if seen.index(run) < i]


class Composer:
    """Composes with errors told apart: choices of groups first, then every value by itself."""

    def __init__(self, loader: ConfigLoaderImpl, config_name: str):
        self.loader, self.config_name = loader, config_name
        self._with_choices = functools.cache(self._compose_choices)

    def parse(self, lines: Sequence[str]) -> tuple[list[Override], list[str]]:
        """The overrides that follow Hydra's grammar, and what is wrong with the others."""
        parser, overrides, problems = OverridesParser.create(config_loader=self.loader), [], []
        for line in lines:
            try:
                overrides += parser.parse_overrides([line])
            except Failure:
                problems.append(diagnosis.no_override(line))
        return overrides, problems

    def jobs(self, head: Any, overrides: Sequence[Override]) -> list[list[Override]]:
        """The overrides of every run of a sweep; for a sweeper that chooses while it runs, those of one run."""
        sweeper = head.hydra.sweeper
        if sweeper._target_ != f"{BasicSweeper.__module__}.{BasicSweeper.__qualname__}":
            return [self.parse([diagnosis.one_value(override) for override in overrides])[0]]
        params, _ = self.parse([f"{key}={value}" for key, value in (sweeper.params or {}).items()])
        (jobs,) = BasicSweeper.split_arguments([*params, *overrides], None)
        return [self.parse(job)[0] for job in jobs]

    def build(self, overrides: Sequence[Override]) -> tuple[Experiment, Settings]:
        """One run. Where overrides are wrong, what follows from them is not told: only what the command line names."""
        config, problems = self.compose(overrides)
        lines = [override.input_line for override in overrides]
        try:
            built = build(without_leftovers(plain_values(config), lines, self.loader))
        except ConfigError as error:
            typed = {key_of(line) for line in lines}
            found = [text for text in error.problems if not problems or is_typed(text.split()[0], typed)]
            raise ConfigError([*problems, *found]) from error
        if problems:
            raise ConfigError(problems)
        return built

    def compose(self, overrides: Sequence[Override]) -> tuple[Any, list[str]]:
        """The configuration that these overrides give, and what is wrong with those that it leaves out."""
        choices = tuple(override.input_line for override in overrides if self._is_choice(override))
        composed, problems = self._with_choices(choices)
        config, problems = copy.deepcopy(composed), dict(problems)
        unsure = {*BASES} if "experiment" in problems else {*problems}
        for override in overrides:
            key = override.key_or_group
            if not self._is_choice(override) and key.partition(".")[0] not in unsure:
                try:
                    ConfigLoaderImpl._apply_overrides_to_config([override], config)
                except Failure as error:
                    problems[key] = diagnosis.wrong_value(override, error, config, self.loader)
        HydraConfig.instance().set_config(config)
        return config, list(problems.values())

    def _compose_choices(self, lines: tuple[str, ...]) -> tuple[Any, dict[str, str]]:
        """The configuration of these choices (and of Hydra's own overrides), and by key what is wrong with some."""
        try:
            return self._load(lines), {}
        except Failure as error:
            problems = {key_of(line): text for line in lines if (text := self._problem(line))}
            if not problems:  # each is right by itself
                raise ConfigError([diagnosis.first_line(error)]) from error
            right = tuple(line for line in lines if key_of(line) not in problems)
            config, more = self._with_choices(right)
            return config, problems | more

    def _problem(self, line: str) -> str | None:
        try:
            self._load([line])
        except Failure as error:
            return diagnosis.wrong_choice(self.parse([line])[0][0], error, self.loader)
        return None

    def _load(self, lines: Sequence[str]) -> Any:
        if any(diagnosis.is_no_choice(override) for override in self.parse(lines)[0]):
            raise ValueError("no choice")
        return self.loader.load_configuration(self.config_name, list(lines), RunMode.RUN)

    def _is_choice(self, override: Override) -> bool:
        """Whether Hydra must know this override when it loads files; it could take the others afterwards, and so do we."""
        if override.key_or_group == "hydra.searchpath" or diagnosis.is_no_choice(override):
            return True
        is_group = self.loader.repository.group_exists(override.key_or_group)
        return is_group and not (override.value_type and isinstance(override.value(), dict))


@contextlib.contextmanager
def _loader(arguments: argparse.Namespace, config_folder: Path) -> Iterator[Any]:
    """Hydra's loader, set up as ``hydra.main`` sets it up."""
    search_path = create_config_search_path(str(arguments.config_path or config_folder))
    if arguments.config_dir is not None:
        folder = Path(arguments.config_dir).absolute()
        if not folder.is_dir():
            raise ConfigError([f"--config-dir must be a folder, got {arguments.config_dir!r}"])
        search_path.prepend("command-line", f"file://{folder}", SearchPathQuery(provider="schema"))
    try:
        yield Hydra.create_main_hydra2("train", search_path).config_loader
    finally:
        GlobalHydra.instance().clear()
        HydraConfig.instance().cfg = None
