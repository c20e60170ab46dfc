"""Hydra's composing, in parts: so that every mistake is found, and told apart from what follows from it."""

from __future__ import annotations

import copy
import dataclasses
import functools
from collections.abc import Sequence
from typing import Any

from hydra._internal.config_loader_impl import ConfigLoaderImpl
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
from regexp.config.values import Tree, plain_tree, unresolved, with_value
from regexp.config.wording import ConfigError, Problem
from regexp.experiment import Experiment
from regexp.settings import Settings, absent_device

Failure = (HydraException, OmegaConfBaseException, YAMLError, ValueError, TypeError)
"""What composing raises for a wrong override or a wrong file."""


@dataclasses.dataclass(frozen=True)
class Job:
    """One run of a command line."""

    experiment: Experiment
    settings: Settings
    overrides: list[Override]
    config: Tree
    """As it was asked for: with interpolations."""

    @property
    def lines(self) -> list[str]:
        """Its overrides, Hydra's own left out."""
        return [override.input_line or "" for override in self.overrides if not override.is_hydra_override()]


class Composer:
    """Composes with errors told apart: choices of groups first, then every value by itself.

    ``here``: whether runs are to be trained on this machine, whose devices are known.
    """

    def __init__(self, loader: ConfigLoaderImpl, config_name: str, *, here: bool = True):
        self.loader, self.config_name, self._here = loader, config_name, here
        self._with_choices = functools.cache(self._compose_choices)
        self._tree = functools.cache(self._plain_tree)
        parser = OverridesParser.create(config_loader=loader)
        self._parsed = functools.cache(lambda line: _with_key(parser.parse_overrides([line])[0]))
        self._is_group = functools.cache(loader.repository.group_exists)

    def parse(self, lines: Sequence[str]) -> tuple[list[Override], list[str]]:
        """The overrides that follow Hydra's grammar, and what is wrong with the others."""
        overrides, problems = [], []
        for line in lines:
            try:
                overrides.append(self._parsed(line))
            except Failure:
                problems.append(diagnosis.no_override(line))
        return overrides, problems

    def chosen(self, overrides: Sequence[Override]) -> list[str]:
        """The regularizers that are switched on, in their order."""
        config, _ = self._with_choices(self._choices(overrides))
        return [str(name) for name, node in config.regularizer.items() if "_target_" in (node or {})]

    def build(self, overrides: Sequence[Override]) -> Job:
        """One run. Where overrides are wrong, what follows from them is not told: only what the command line names."""
        config, problems = self.values(overrides)
        lines = [line for override in overrides if (line := override.input_line)]
        try:
            built = build(without_leftovers(plain_values(config), lines, self.loader))
        except ConfigError as error:
            typed = {key_of(line) for line in lines}
            problems += [one for one in error.problems if not problems or is_typed(one.key, typed)]
        if self._here and (text := absent_device(config.get("device"))):
            problems.append(Problem("device", f"device {text}"))
        if problems:
            raise ConfigError(problems)
        return Job(*built, list(overrides), config)

    def compose(self, overrides: Sequence[Override]) -> tuple[Any, list[Problem]]:
        """The configuration that these overrides give, and what is wrong with those that it leaves out."""
        composed, problems = self._with_choices(self._choices(overrides))
        config, problems = copy.deepcopy(composed), dict(problems)
        unsure = {*BASES} if "experiment" in problems else {*problems}
        for override in overrides:
            key = override.key_or_group
            if not self.is_choice(override) and key.partition(".")[0] not in unsure:
                if override.is_delete() and "." not in key:
                    problems[key] = diagnosis.deleted(override)
                    continue
                try:
                    ConfigLoaderImpl._apply_overrides_to_config([override], config)
                except Failure as error:
                    problems[key] = diagnosis.wrong_value(override, error, config, self.loader)
        HydraConfig.instance().set_config(config)
        return config, [Problem(key, line) for key, line in problems.items()]

    def values(self, overrides: Sequence[Override]) -> tuple[Tree, list[Problem]]:
        """What ``compose`` gives as plain dicts, without Hydra's own node."""
        tree = self._tree(self._choices(overrides))
        for override in overrides:
            if tree is not None and not (self.is_choice(override) or override.is_hydra_override()):
                tree = with_value(tree, override)
        if tree is not None:
            return tree, []
        config, problems = self.compose(overrides)
        return unresolved(config), problems

    def _plain_tree(self, choices: tuple[str, ...]) -> Tree | None:
        config, problems = self._with_choices(choices)
        return None if problems else plain_tree(config)

    def _choices(self, overrides: Sequence[Override]) -> tuple[str, ...]:
        return tuple(override.input_line or "" for override in overrides if self.is_choice(override))

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

    def is_choice(self, override: Override) -> bool:
        """Whether Hydra must know this override when it loads files; it could take the others afterwards, and so do we."""
        if override.key_or_group == "hydra.searchpath" or diagnosis.is_no_choice(override):
            return True
        return self._is_group(override.key_or_group) and not (override.value_type and isinstance(override.value(), dict))


def _with_key(override: Override) -> Override:
    """What was parsed, unless it has no key, which Hydra takes for the name of the whole configuration."""
    if not override.key_or_group:
        raise ValueError("no key")
    return override


def build_all(composer: Composer, jobs: Sequence[Sequence[Override]]) -> tuple[list[Job], list[list[Problem]]]:
    """The runs that can be trained, and what is wrong with each of the others."""
    runs, problems = [], []
    for job in jobs:
        try:
            runs.append(composer.build(job))
        except ConfigError as error:
            problems.append(error.problems)
    return runs, problems
