"""A folder of runs that grows: which runs it holds, and which of them other processes are training."""

from __future__ import annotations

import contextlib
import json
import time
import uuid
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from regexp.files.history import discard, read_summary

FINISHED = ("completed", "diverged")
"""The status of runs that are never trained again."""


def held(folder: Path) -> dict[str, tuple[Path, str]]:
    """The folder and the status of every run in ``folder``, by the hash of its experiment."""
    return _by_hash(file.parent for file in sorted(folder.glob("*/summary.json")))


def finished(folder: Path, places: Mapping[str, Path], statuses: Collection[str] = FINISHED) -> dict[str, tuple[Path, str]]:
    """Those of the runs (by their hashes, with their folders) that have ended so, by now also in other folders.

    Only summaries of these runs are read: names of runs end with their hashes.
    """
    alike = (path for path in sorted(folder.iterdir()) if path.name.rpartition("-")[2] in places)
    return {known_as: run for known_as, run in _by_hash([*places.values(), *alike]).items() if run[1] in statuses}


def _by_hash(folders: Iterable[Path]) -> dict[str, tuple[Path, str]]:
    found: dict[str, tuple[Path, str]] = {}
    for folder in folders:
        summary = _summary(folder)
        if summary and found.get(summary["config_hash"], ("", ""))[1] not in FINISHED:
            found[summary["config_hash"]] = folder, summary["status"]
    return found


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


@contextlib.contextmanager
def claim(folder: Path, hashes: Collection[str], patience: float = 0) -> Iterator[set[str]]:
    """Those of the runs that no other process is training; until the end of the block no other process will.

    Each process lists its runs in a file of its own beside a lock that it holds, which the system releases when the process
    ends in whatever way; a list whose lock is free is void. ``patience``: how many seconds to wait for runs of others, whose
    processes may be dying.

    On one machine the locks are the kernel's (flock, on Windows msvcrt). Between machines they hold where the file system
    passes them on, as NFS 4 does. Where there is no locking at all, filelock falls
    back to files whose names are the locks, and after a kill such a file has to be removed by hand.
    """
    claims = folder / ".claims"
    claims.mkdir(exist_ok=True)
    own = claims / f"{uuid.uuid4().hex}.json"
    with FileLock(own.with_suffix(".lock")):
        try:
            yield _enter(claims, own, set(hashes), patience)
        finally:
            own.unlink(missing_ok=True)
    # all.lock stays: a process that waits for it would hold an unlinked file, beside the next one, which makes its own
    own.with_suffix(".lock").unlink(missing_ok=True)


def _enter(claims: Path, own: Path, hashes: set[str], patience: float) -> set[str]:
    """List in the file ``own`` what nobody else has listed."""
    deadline = time.monotonic() + patience
    while True:
        with FileLock(claims / "all.lock"):
            mine = hashes - _claimed(claims, own)
            own.write_text(json.dumps(sorted(mine)), encoding="utf-8")
        if mine == hashes or time.monotonic() >= deadline:
            return mine
        time.sleep(0.2)


def _claimed(claims: Path, own: Path) -> set[str]:
    """The runs of all other living processes. What dead ones have left is removed."""
    found: set[str] = set()
    for file in set(claims.glob("*.json")) - {own}:
        try:
            with FileLock(file.with_suffix(".lock"), timeout=0):
                file.unlink(missing_ok=True)
            file.with_suffix(".lock").unlink(missing_ok=True)
        except Timeout:
            with contextlib.suppress(FileNotFoundError):  # its process has ended in this moment
                found.update(json.loads(file.read_text(encoding="utf-8")))
    return found
