"""``resume=FOLDER``: the run that a folder holds, with what else the command line asks for."""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from omegaconf import OmegaConf

from regexp.config.building import BASES, KEYS, build, plain_values
from regexp.config.composing import Composer, Failure
from regexp.config.leftovers import key_of
from regexp.config.loading import loading
from regexp.config.wording import ConfigError, unknown_key
from regexp.experiment import Experiment
from regexp.files.history import read_summary
from regexp.files.naming import flatten
from regexp.recording.sameness import other_run, refusal
from regexp.settings import Settings, absent_device


@dataclasses.dataclass(frozen=True)
class Held:
    """A run as its folder has it."""

    folder: Path
    experiment: Experiment
    settings: Settings
    summary: dict[str, Any]
    """Empty if the run was cut before it could begin."""


def folder_of(lines: Sequence[str]) -> Path | None:
    """The folder of ``resume=FOLDER`` on the command line; None without it, and for ``auto`` and ``null``.

    Raises :class:`ConfigError` for an empty one, as an unset variable of the shell gives.
    """
    values = [line.partition("=")[2] for line in lines if key_of(line) == "resume" and "=" in line]
    if not values:
        return None
    try:
        value = OverridesParser.create().parse_override(f"resume={values[-1]}").value()
    except Failure:
        value = values[-1]  # a path need not follow Hydra's grammar
    if value is not None and not str(value).strip():
        raise ConfigError(
            ["resume must be auto, null or the folder of a run, and is empty: write resume=FOLDER, or leave it out"]
        )
    return None if value in ("auto", None) else Path(str(value))


def held(folder: Path) -> Held:
    """The run in the folder. Raises :class:`ConfigError` if there is none, or what is left of it does not fit together."""
    if not folder.is_dir():
        raise ConfigError([f"resume must be auto, null or the folder of a run, and {folder} is no folder"])
    try:
        summary = read_summary(folder)
    except FileNotFoundError:
        summary = {}
    except ValueError as error:
        raise ConfigError([f"resume: {error}"]) from error
    files = [file for file in (folder / "config.yaml", folder / ".hydra" / "config.yaml") if file.exists()]
    for file in files:
        found = _read(file)
        if found and summary.get("config_hash", found[0].hash()) == found[0].hash():
            return Held(folder, found[0], found[1].decided(sweep=False), summary)
    raise ConfigError([_nothing_in(folder, files, summary)])


def _nothing_in(folder: Path, files: Sequence[Path], summary: Mapping[str, Any]) -> str:
    """Why there is no run to go on with."""
    if not (files or summary):
        places = [*folder.glob("*/summary.json"), *folder.glob("*/*/summary.json")]
        below = min((file.parent for file in places), default=None)
        near = f", such as {below}" if below else ""
        return f"resume must be the folder of a run, and {folder} holds none: give the folder of one run{near}"
    damaged = f"{files[0]} is damaged, or of another run" if files else f"{folder / 'config.yaml'} is missing"
    begin = summary.get("command") or "its command"
    return f"resume: {damaged}, so that what was trained is not known: train again in another folder, by {begin}"


def changed(run: Held, arguments: argparse.Namespace, config_folder: Path, config_name: str) -> tuple[Experiment, Settings]:
    """The run's experiment and settings, with what the overrides change: settings, and more epochs.

    Raises :class:`ConfigError` that names every override which would make it another run, with both values.
    """
    own: dict[str, Any] = {**run.experiment.to_dict(), **dataclasses.asdict(run.settings)}
    tree, problems = dict(own), list[str]()
    with loading(config_folder, arguments.config_dir) as loader:
        composer = Composer(loader, arguments.config_name or config_name)
        overrides, unreadable = composer.parse([line for line in arguments.overrides if key_of(line) != "resume"])
        for override in overrides:
            if composer.is_choice(override) and not override.is_hydra_override():
                problems += _other_choice(run.experiment, override, composer)
            elif text := _put(tree, override):
                problems.append(text)
            else:
                problems += _refused(run.experiment, own, override)
    problems += unreadable
    if problems:
        raise ConfigError(problems)
    experiment, settings = build(tree)
    if text := absent_device(settings.device):
        raise ConfigError([f"device {text}"])
    return experiment, settings


def _refused(experiment: Experiment, own: Mapping[str, Any], override: Override) -> list[str]:
    """What is wrong with one override by itself, so that a wrong value does not hide another run's."""
    tree = dict(own)
    _put(tree, override)
    try:
        return told(experiment, build(tree)[0])
    except ConfigError as error:
        return [str(one) for one in error.problems]


def told(saved: Experiment, asked: Experiment) -> list[str]:
    """What keeps an experiment from being the saved one, in lines."""
    return [f"{key} {text}" for key, text in other_run(saved.identity(), asked.identity())]


def _read(file: Path) -> tuple[Experiment, Settings] | None:
    try:
        config = yaml.safe_load(file.read_text(encoding="utf-8"))
        return build(config) if isinstance(config, dict) else None
    except (FileNotFoundError, yaml.YAMLError, ConfigError):
        return None


def _put(tree: dict[str, Any], override: Override) -> str | None:
    """Change a value of the run's own configuration; what is wrong with that."""
    key = override.key_or_group
    if override.is_hydra_override() or key == "study":
        return f"{key} does not go with resume=FOLDER: the run stays where it is"
    if override.is_delete() or override.is_sweep_override():
        return f"{override.input_line} does not go with resume=FOLDER: write key=value"
    if key not in flatten(tree) and key not in tree:
        return f"{key} {unknown_key(key, {**flatten(tree), **dict.fromkeys(KEYS)})}"
    *path, last = key.split(".")
    node = tree
    for name in path:
        node[name] = dict(node[name])
        node = node[name]
    value = override.value()
    node[last] = plain_values(OmegaConf.create({"value": value}))["value"]
    return None


def _other_choice(experiment: Experiment, override: Override, composer: Composer) -> list[str]:
    """What differs in the run from a choice of a group, such as ``model=mlp`` or a whole recipe."""
    group = override.key_or_group
    saved, asked = experiment.identity(), composer.build([override]).experiment.identity()
    if group == "regularizer":
        names = list(saved[group]), list(asked[group])
        return [] if names[0] == names[1] else [f"{group} {refusal(*names)}"]
    if group in BASES:
        classes = saved[group]["_target_"], asked[group]["_target_"]
        return [] if classes[0] == classes[1] else [f"{group} {refusal(*classes)}"]
    return [f"{key} {text}" for key, text in other_run(saved | {"epochs": 0}, asked)]
