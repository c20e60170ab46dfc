"""``regexp-train resume=...``: a run that was cut goes on in its folder; Hydra writes nothing there a second time."""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import json
import logging
import os
import shlex
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from regexp.config import ConfigError
from regexp.config.leftovers import key_of
from regexp.config.resuming import Held, changed, held, told
from regexp.experiment import Experiment
from regexp.files.history import has_ended
from regexp.recording.sameness import differences
from regexp.rules import Invalid
from regexp.settings import Settings
from regexp.words import quoted

log = logging.getLogger("regexp")

SWEEPS = (".claims", ".stacks", "multirun.yaml", "commands.txt")
"""What lies in a folder whose runs are known by their names."""


def resume(folder: Path, arguments: argparse.Namespace, config_folder: Path, config_name: str) -> bool:
    """Go on with the run that the folder holds; whether it came to a good end.

    Raises :class:`ConfigError` for overrides that would make it another run.
    """
    run = held(folder)
    return _go_on(run, *changed(run, arguments, config_folder, config_name))


def resume_same(folder: Path, experiment: Experiment, settings: Settings) -> bool:
    """Go on with the run that the folder holds, if it is this experiment, but for more epochs; else raise."""
    run = held(folder)
    if problems := told(run.experiment, experiment):
        raise ConfigError(problems)
    return _go_on(run, experiment, settings)


def _go_on(run: Held, experiment: Experiment, settings: Settings) -> bool:
    raised = experiment.epochs > run.experiment.epochs
    if has_ended(run.folder) and not raised:
        ended = f"{run.summary['status']}, {run.summary['epochs_run']} epochs"
        print(f"{run.folder} has ended ({ended}): there is nothing to go on with")
        return run.summary["status"] != "diverged" or settings.on_divergence != "raise"
    if raised and any((run.folder.parent / mark).exists() for mark in SWEEPS):
        line = _with(run.summary.get("command") or "its command", {"epochs": f"epochs={experiment.epochs}"})
        raise ConfigError(
            [f"epochs cannot be raised in the folder of a sweep, whose runs are known by their names: type {line}"]
        )
    with _logging(run.folder):
        return _train(run, experiment, settings)


def _train(run: Held, experiment: Experiment, settings: Settings) -> bool:
    from regexp.datasets.dataset import DataError
    from regexp.memory import OutOfMemory
    from regexp.report import report
    from regexp.runner import Diverged, fit

    changes = _changes(run, experiment, settings)
    command, overrides = run.summary.get("command"), run.summary.get("overrides", [])
    noted = {"command": command and _with(command, changes), "overrides": _replaced(overrides, changes)}
    options: dict[str, Any] = {**vars(settings), **noted}
    try:
        with _claimed(run):
            (result,) = fit([experiment], run.folder, resume=True, progress=True, **options)
    except (DataError, Diverged, Invalid, OSError, OutOfMemory, ValueError) as error:
        log.error("failed: %s", error)
        return False
    print(report(result, Path(os.path.relpath(run.folder)), tensorboard=settings.tensorboard))
    return True


@contextlib.contextmanager
def _claimed(run: Held) -> Iterator[None]:
    """In a study, no other process trains the run."""
    from regexp.sweep.study import claim

    if not (run.folder.parent / ".claims").is_dir():
        yield
        return
    known_as = run.experiment.hash()
    with claim(run.folder.parent, [known_as]) as mine:
        if known_as not in mine:
            raise FileExistsError(f"{run.folder} is in training by another process: wait, or end that process")
        yield


def _changes(run: Held, experiment: Experiment, settings: Settings) -> dict[str, str]:
    """What is changed in a run that goes on, as overrides by key."""
    now = {"epochs": experiment.epochs, **dataclasses.asdict(settings)}
    found = differences({"epochs": run.experiment.epochs, **dataclasses.asdict(run.settings)}, now)
    return {key: f"{key}={value if isinstance(value, str) else json.dumps(value)}" for key, (_, value) in found.items()}


def _with(command: str, changes: Mapping[str, str]) -> str:
    return " ".join(map(quoted, _replaced(shlex.split(command), changes))) if changes else command


def _replaced(words: Sequence[str], changes: Mapping[str, str]) -> list[str]:
    return [*(word for word in words if key_of(word) not in changes), *changes.values()]


@contextlib.contextmanager
def _logging(folder: Path) -> Iterator[None]:
    """Log as Hydra does: on the terminal, and at the end of the run's ``train.log``."""
    root, form = logging.getLogger(), logging.Formatter("[%(asctime)s] %(message)s", "%H:%M:%S")
    handlers: list[logging.Handler] = [logging.StreamHandler(), logging.FileHandler(folder / "train.log", encoding="utf-8")]
    level = root.level
    root.setLevel(logging.INFO)
    for handler in handlers:
        handler.setFormatter(form)
        root.addHandler(handler)
    try:
        yield
    finally:
        root.setLevel(level)
        for handler in handlers:
            root.removeHandler(handler)
            handler.close()
