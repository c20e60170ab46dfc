"""Whether a written comparison still says what the runs on disk say."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import regexp
from regexp.comparison.reading import places
from regexp.files import atomic

_MARK = ".compared"
_READ = ("summary.json", "config.yaml", "metrics.csv", "checkpoints/last.pt", "checkpoints/best.pt")


def fingerprint(folder: Path) -> str:
    """A digest of all that a comparison of the runs in and below ``folder`` reads: files, their sizes and times of change.

    Take it before the comparison reads: what changes meanwhile then gives another one the next time.
    """
    lines = [regexp.__version__, str(folder), *_lines(folder)]
    return hashlib.sha256("\n".join(lines).encode(errors="surrogateescape")).hexdigest()


def note(out: Path, seen: str) -> None:
    """Note that the comparison in ``out`` is complete and is of the runs with this fingerprint."""
    atomic.write(out / _MARK, seen.encode())


def forget(out: Path) -> None:
    """Before a comparison is written to ``out``: what is there is no longer the answer to a fingerprint."""
    (out / _MARK).unlink(missing_ok=True)


def noted(out: Path, seen: str) -> str | None:
    """The answer in ``out`` if it is of the runs with this fingerprint, else None."""
    try:
        same = (out / _MARK).read_text(encoding="utf-8") == seen
        return (out / "answer.txt").read_text(encoding="utf-8").rstrip("\n") if same else None
    except FileNotFoundError:
        return None


def _lines(folder: Path) -> Iterator[str]:
    for place in places(folder):
        yield str(place)
        if isinstance(place, Path):
            yield from (_state(place / name) for name in _READ)


def _state(file: Path) -> str:
    try:
        found = file.stat()
    except FileNotFoundError:
        return "absent"
    return f"{found.st_size} {found.st_mtime_ns}"
