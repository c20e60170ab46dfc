"""A folder of runs that grows: which runs it holds, and which of them other processes are training."""

from __future__ import annotations

import json
import uuid
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from regexp.history import discard, read_summary

FINISHED = ("completed", "diverged")
"""The status of runs that are never trained again."""


def held(folder: Path) -> dict[str, tuple[Path, str]]:
    """The folder and the status of every run in ``folder``, by the hash of its experiment."""
    found: dict[str, tuple[Path, str]] = {}
    for file in sorted(folder.glob("*/summary.json")):
        summary = _summary(file.parent)
        if summary and found.get(summary["config_hash"], ("", ""))[1] not in FINISHED:
            found[summary["config_hash"]] = file.parent, summary["status"]
    return found


def finished(folder: Path) -> set[str]:
    """The hashes of the runs in ``folder`` that are never trained again."""
    return {known_as for known_as, (_, status) in held(folder).items() if status in FINISHED}


def clear(folder: Path) -> None:
    """Remove what a run that has not ended left in its folder; a finished run is left alone."""
    if status_of(folder) not in FINISHED:
        discard(folder)


def status_of(folder: Path) -> str | None:
    """The status of the run in the folder, None if there is none."""
    return _summary(folder).get("status")


def _summary(folder: Path) -> dict[str, Any]:
    """A run's summary; nothing where there is none, or it was torn when its process was killed."""
    try:
        return read_summary(folder)
    except (FileNotFoundError, ValueError):
        return {}


@contextmanager
def claim(folder: Path, hashes: Collection[str]) -> Iterator[set[str]]:
    """Those of the runs that no other process is training; until the end of the block no other process will.

    Each process lists its runs in a file of its own beside a lock that it holds, which the system releases when the process
    ends in whatever way; a list whose lock is free is void.
    """
    claims = folder / ".claims"
    claims.mkdir(exist_ok=True)
    own = claims / f"{uuid.uuid4().hex}.json"
    with FileLock(own.with_suffix(".lock")):
        try:
            with FileLock(claims / "all.lock"):
                mine = set(hashes) - _claimed(claims)
                own.write_text(json.dumps(sorted(mine)), encoding="utf-8")
            yield mine
        finally:
            own.unlink(missing_ok=True)
    own.with_suffix(".lock").unlink(missing_ok=True)


def _claimed(claims: Path) -> set[str]:
    """The runs of all living processes. What dead ones have left is removed."""
    found: set[str] = set()
    for file in claims.glob("*.json"):
        try:
            with FileLock(file.with_suffix(".lock"), timeout=0):
                file.unlink(missing_ok=True)
            file.with_suffix(".lock").unlink(missing_ok=True)
        except Timeout:
            found.update(json.loads(file.read_text(encoding="utf-8")))
    return found
