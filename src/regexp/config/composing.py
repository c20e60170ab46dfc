"""Hydra's composing, in parts: so that every mistake is found, and told apart from what follows from it."""

from __future__ import annotations

import copy
import functools
from collections.abc import Sequence
from typing import Any

from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
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
from regexp.settings import Settings, absent_device

Failure = (HydraException, OmegaConfBaseException, YAMLError, ValueError, TypeError)
"""What composing raises for a wrong override or a wrong file."""


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
        lines = [line for override in overrides if (line := override.input_line)]
        try:
            built = build(without_leftovers(plain_values(config), lines, self.loader))
        except ConfigError as error:
            typed = {key_of(line) for line in lines}
            problems += [text for text in error.problems if not problems or is_typed(text.split()[0], typed)]
        if text := absent_device(config.get("device")):
            problems.append(f"device {text}")
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
                if override.is_delete() and "." not in key:
                    problems[key] = diagnosis.deleted(override)
                    continue
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
