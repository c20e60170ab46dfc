"""An experiment's sweep, trained as by ``regexp-train -m ... study=...``: what is there is not trained again."""

from __future__ import annotations

import contextlib
import dataclasses
import io
import json
import shlex
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from regexp.files import atomic
from regexp.files.history import read_summary
from regexp.files.naming import SEARCH_CHOSEN, SEARCH_NOTE, SEARCH_TUNING
from regexp.textbook.protocol import Protocol

NOTE = "reproduce.json"
"""In a study's folder: which lines were trained, and which of the folder's runs are theirs."""

Train = Callable[[list[str]], None]
"""Does what ``regexp-train`` does with these arguments; raises ``SystemExit``."""


@dataclasses.dataclass(frozen=True)
class Swept:
    """The finished sweep of one experiment at one tier."""

    folders: list[Path]
    commands: list[str]
    failed: list[str]
    """What commands that did not end well have said."""


def study_name(protocol: Protocol, tier: str) -> str:
    """The folder below ``outputs``."""
    return f"reproduce.{protocol.name}.{tier}"


def commands(protocol: Protocol, tier: str) -> list[str]:
    """What one would type to train the sweep by hand."""
    return [f"regexp-train -m {line} compare=false study={study_name(protocol, tier)}" for line in protocol.lines(tier)]


def sweep(protocol: Protocol, tier: str, train: Train) -> Swept:
    """Train what is missing. Interrupted, it can be called again, and goes on."""
    folder = Path("outputs") / study_name(protocol, tier)
    lines, runs, failed = commands(protocol, tier), dict[str, None](), list[str]()
    for line in lines:
        if problem := _train(train, shlex.split(line)[1:]):
            failed.append(problem)
        runs |= dict.fromkeys(_swept(folder))
    found = Swept([folder / run for run in runs], lines, failed)
    if lines and not failed:
        note = {"commands": lines, "runs": list(runs)}
        atomic.write(folder / NOTE, json.dumps(note, indent=1).encode() + b"\n")
    return found


def stored(protocol: Protocol, tier: str) -> Swept | None:
    """The sweep as an earlier command left it; None if it is not complete, or the protocol sweeps other runs now."""
    folder, lines = Path("outputs") / study_name(protocol, tier), commands(protocol, tier)
    if not lines:
        return Swept([], [], [])
    try:
        note = json.loads((folder / NOTE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return Swept([folder / run for run in note["runs"]], lines, []) if note["commands"] == lines else None


def seconds(folders: Sequence[Path]) -> float:
    """What training took in all, whenever it was: the sum over the runs."""
    return sum(float(summary.get("seconds") or 0.0) for summary in _summaries(folders))


def origin(folders: Sequence[Path]) -> dict[str, Any]:
    """On what the runs were trained: every value of versions, commit, device and threads that they name, the oldest first."""
    found: dict[str, list[Any]] = {"versions": [], "commit": [], "device": [], "threads": []}
    for summary in _summaries(sorted(folders, key=_written)):
        for name, seen in found.items():
            if summary.get(name) is not None and summary[name] not in seen:
                seen.append(summary[name])
    return {name: seen[0] if len(seen) == 1 else seen for name, seen in found.items()}


def _train(train: Train, arguments: list[str]) -> str | None:
    """What the command says if it does not end well."""
    said = io.StringIO()
    try:
        with contextlib.redirect_stdout(said):
            train(arguments)
    except SystemExit as end:
        if end.code in (130, 143):  # Ctrl-C, SIGTERM
            raise KeyboardInterrupt from None
        if end.code:
            return f"regexp-train {' '.join(arguments)}: {said.getvalue().strip() or end.code}"
    return None


def _swept(folder: Path) -> list[str]:
    """The runs of the last command in a study; of a search those that chose, and those that they chose."""
    if (folder / SEARCH_NOTE).is_file():
        parts = (SEARCH_TUNING, SEARCH_CHOSEN)
        return [f"{part}/{run}" for part in parts for run in _tallied(folder / part)]
    return _tallied(folder)


def _tallied(folder: Path) -> list[str]:
    try:
        return list(json.loads((folder / "sweep.json").read_text(encoding="utf-8"))["folders"])
    except (OSError, ValueError):
        return []


def _written(folder: Path) -> float:
    """When the run ended."""
    try:
        return (folder / "summary.json").stat().st_mtime
    except OSError:
        return 0.0


def _summaries(folders: Sequence[Path]) -> list[dict[str, Any]]:
    found = []
    for folder in folders:
        with contextlib.suppress(OSError, ValueError):
            found.append(read_summary(folder))
    return found
