"""Finished runs, from their folders: ``summary.json``, ``config.yaml`` and ``metrics.csv``; never from an event file.

What cannot be read is told, and the rest is read.
"""

from __future__ import annotations

import dataclasses
import functools
import json
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from regexp.experiment import Experiment
from regexp.files.history import read_columns, read_summary
from regexp.files.naming import SEARCH_NOTE, flatten
from regexp.words import counted, listed

OUTPUT = "comparison"
"""The folder in which a comparison is written, below the runs that it compares."""

COMMANDS = "commands.txt"
"""The file of a sweep's folder that has the commands that trained its runs, the last one last."""

STUDY_MARKS = (COMMANDS, "multirun.yaml")
_KEYS = {"regularizer", *(field.name for field in dataclasses.fields(Experiment))}


@dataclasses.dataclass(frozen=True, eq=False)
class Run:
    """One run as the disk has it."""

    folder: Path
    fields: dict[str, Any]
    """The experiment's fields by full key, and ``regularizer``: the names in their order."""
    summary: dict[str, Any]
    history: dict[str, np.ndarray]
    """The columns of ``metrics.csv``, ``epoch`` among them."""

    @property
    def status(self) -> str:
        return self.summary["status"]

    @property
    def seed(self) -> tuple[int, int]:
        """The seed of the run and that of its data."""
        own = self.fields.get("dataset.seed")
        return self.fields["seed"], self.fields["seed"] if own is None else own

    def value(self, metric: str, at: str) -> float:
        """The metric of the ``final`` weights, or of those at the ``best`` epoch; nan if there is none."""
        found = (self.summary.get(at) or {}).get(metric)
        return float("nan") if found is None else float(found)


def read(folders: Iterable[Path]) -> tuple[list[Run], list[str]]:
    """All runs in and below the folders, each once, and what is wrong with what was found."""
    runs: list[Run] = []
    seen: set[tuple[int, int]] = set()
    problems: list[str] = []
    for folder in folders:
        for place in places(folder):
            try:
                if isinstance(place, str):
                    problems.append(place)
                elif (known_as := _identity(place)) not in seen:
                    seen.add(known_as)
                    runs.append(read_run(place))
                    if lost := lost_rows(runs[-1]):
                        problems.append(f"{lost}: its learning curve lacks the rest")
            except (OSError, ValueError) as error:
                problems.append(f"{place} is left out: {' '.join(str(error).split())}")
    return runs, list(dict.fromkeys(problems))


def read_run(folder: Path) -> Run:
    """The run in ``folder``. Raises ``OSError`` or ``ValueError`` that says which file is missing or damaged."""
    summary = read_summary(folder)
    if not isinstance(summary, dict) or not isinstance(summary.get("status"), str):
        raise ValueError(f"{folder / 'summary.json'} is damaged (no status)")
    config = _read_config(folder / "config.yaml")
    if not isinstance(config, dict) or not {"dataset", "model", "optimizer", "seed"} <= set(config):
        raise ValueError(f"{folder / 'config.yaml'} is damaged (it describes no run)")
    if summary["status"] == "completed" and not isinstance(summary.get("final"), dict):
        raise ValueError(f"{folder / 'summary.json'} is damaged (completed, but without final metrics)")
    history = {name: np.array(column) for name, column in read_columns(folder).items()}
    return Run(folder, fields_of(config), summary, history)


def _identity(place: Path) -> tuple[int, int]:
    """What tells folders apart, however they are called: much cheaper than their resolved paths."""
    found = place.stat()
    return found.st_dev, found.st_ino


def _read_config(file: Path) -> Any:
    try:
        return _config(file.read_text(encoding="utf-8"))
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        raise ValueError(f"{file} is damaged ({' '.join(str(error).split())})") from error


def _config(text: str) -> Any:
    """The content of ``config.yaml``. Runs of a study have most blocks of it in common: each is parsed once."""
    try:
        blocks = [_parsed(block) for block in re.split(r"\n(?=\w)", text)]
    except yaml.YAMLError:  # one that needs another, or a damaged file, which is to be told as such
        return _parse(text)
    return {name: value for block in blocks for name, value in block.items()} if all(map(_is_mapping, blocks)) else _parse(text)


def _is_mapping(block: Any) -> bool:
    return isinstance(block, dict)


def _parse(text: str) -> Any:
    return yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))


_parsed = functools.lru_cache(maxsize=4096)(_parse)


def lost_rows(run: Run) -> str | None:
    """What ``metrics.csv`` lacks of a run that has ended, by its summary and by how often it was to be evaluated."""
    file, trained = run.folder / "metrics.csv", run.summary.get("epochs_run")
    if trained is None:
        return None
    epochs = run.history.get("epoch", np.array([], dtype=int))
    if not len(epochs) or epochs[-1] < trained:
        ends = f"ends at epoch {epochs[-1]}" if len(epochs) else "has no rows"
        return f"{file} {ends} and summary.json tells of {trained}"
    if absent := [name for name in run.summary.get("last") or () if name not in run.history]:
        return f"{file} has no column {listed(absent)}, which summary.json tells of"
    evaluated = {*range(0, trained, run.fields.get("eval_every", 1)), trained}
    if absent := sorted(evaluated - set(epochs.tolist())):
        return f"{file} has no row of {counted(len(absent), 'epoch')} that {'was' if len(absent) == 1 else 'were'} evaluated"
    return None


def newest_study(outputs: Path) -> Path | None:
    """The sweep below ``outputs`` that was written to last; without a sweep, the newest folder of at least two runs."""
    groups: dict[Path, list[Path]] = {}
    for run in places(outputs):
        if isinstance(run, Path) and run != outputs:
            searched = (run.parent.parent / SEARCH_NOTE).is_file()
            groups.setdefault(run.parent.parent if searched else run.parent, []).append(run)
    marked = [folder for folder in groups if any((folder / mark).exists() for mark in STUDY_MARKS)]
    several = [folder for folder, runs in groups.items() if len(runs) > 1]
    newest = {folder: max((run / "summary.json").stat().st_mtime for run in groups[folder]) for folder in marked or several}
    return max(newest, key=lambda folder: newest[folder], default=None)


def fields_of(config: dict[str, Any]) -> dict[str, Any]:
    """The experiment's fields by full key, and the names of its regularizers, from its plain values."""
    regularizers = config.get("regularizer") or {}
    plain = flatten({name: node for name, node in config.items() if name in _KEYS - {"regularizer"}})
    fields = plain | {"regularizer": tuple(regularizers)} | flatten({"regularizer": regularizers})
    return {name: tuple(value) if isinstance(value, list) else value for name, value in fields.items()}


def places(folder: Path) -> Iterator[Path | str]:
    """The folders of runs, and what is to be said of folders that hold none."""
    if not folder.is_dir():
        yield f"{folder} is no folder"
    elif (folder / "summary.json").is_file():
        yield folder
    elif (folder / SEARCH_NOTE).is_file():
        yield from _compared(folder)
    elif (folder / ".hydra").is_dir():
        yield f"{folder} is left out: it was begun and has no summary.json, so it failed before training (see its train.log)"
    else:
        below = [place for name in sorted(_subfolders(folder)) for place in places(folder / name)]
        yield from below or [f"{folder} holds no run"]


def _compared(folder: Path) -> Iterator[Path | str]:
    """The runs of a search that no choice was made by."""
    try:
        names = json.loads((folder / SEARCH_NOTE).read_text(encoding="utf-8"))["compared"]
        chosen = [_below(folder, name) for name in names]
    except (OSError, ValueError, KeyError, TypeError) as error:
        yield f"{folder / SEARCH_NOTE} is damaged: {error}"
        return
    if not chosen:
        yield f"{folder} holds a search that is not finished: repeat its command (the last line of commands.txt)"
    for place in chosen:
        yield from places(place)


def _below(folder: Path, name: Any) -> Path:
    """The folder of that name in ``folder``. Raises ``ValueError`` where the name leads out of it."""
    place = folder / name
    if folder.resolve() not in place.resolve().parents:
        raise ValueError(f"compared must name folders below it, got {name!r}: correct it, or repeat the search")
    return place


def _subfolders(folder: Path) -> list[str]:
    with os.scandir(folder) as entries:
        found = [entry.name for entry in entries if entry.is_dir(follow_symlinks=False)]
    return [name for name in found if not name.startswith((".", "__")) and name != OUTPUT]
