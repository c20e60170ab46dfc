"""Checkpoints: no good one is ever lost, no wrong value is ever loaded, and a file can never run code.

A checkpoint holds tensors and plain Python values. ``torch.load`` ignores the checksums in its files, so that most flipped
bits load as wrong values; here they are verified first. Its pickles are read by the loader that knows tensors only.
"""

from __future__ import annotations

import dataclasses
import io
import logging
import pickle
import zipfile
from pathlib import Path
from typing import Any

from regexp.files import atomic
from regexp.lazy import torch
from regexp.rules import at_least, optional, require, whole

SCHEMA = 1
"""The form of the payloads written here; another number is another form, and is not guessed at."""

log = logging.getLogger(__name__)


class Unreadable(ValueError):
    """A file that is no intact checkpoint of this version."""


@dataclasses.dataclass(frozen=True)
class Pace:
    """When a training that goes on is saved: after every ``every``-th epoch, and ``seconds`` after the last time.

    None: never for that reason. A run is saved at its end in any case, and when a signal ends it.
    """

    every: int | None = None
    seconds: float | None = 60.0

    def __post_init__(self) -> None:
        require(self, every=optional(whole(1)), seconds=optional(at_least(0)))


def save(path: Path, payload: dict[str, Any]) -> None:
    """Write tensors and plain Python values to ``path``, whole or not at all; the folder is made if it is missing.

    The checkpoint that was there stays beside it as :func:`previous`.

    Raises ``OSError`` when it cannot be written, naming the path and how many bytes it needs; the old one is then intact.
    """
    buffer = io.BytesIO()  # not straight into the file: torch hides the reason of a failed write
    torch.save({"schema": SCHEMA, **payload}, buffer)
    path.parent.mkdir(parents=True, exist_ok=True)
    atomic.write(path, buffer.getbuffer(), previous=previous(path))
    atomic.sync_folder(path.parent)


def previous(path: Path) -> Path:
    """Where the checkpoint before the newest one is: ``last.pt.previous`` for ``last.pt``."""
    return path.with_name(f"{path.name}.previous")


def load(path: Path) -> dict[str, Any]:
    """The payload that :func:`save` wrote, with all tensors on the CPU.

    Raises :class:`Unreadable`, which names the file and the reason, for one that is truncated, garbage, changed in a single
    bit, of another schema, or that holds anything but tensors and plain values (which could run code); ``OSError`` for one
    that cannot be read.
    """
    content = path.read_bytes()
    if reason := _damage(content):
        raise Unreadable(f"{path} is damaged ({reason}): {_way_out(path)}")
    try:
        payload = torch.load(io.BytesIO(content), weights_only=True, map_location="cpu")
    except pickle.UnpicklingError as error:
        why = "holds more than tensors and plain values, and could run code"
        raise Unreadable(f"{path} {why}: nothing of it was executed; use checkpoints that regexp wrote") from error
    except Exception as error:
        raise Unreadable(f"{path} is no checkpoint that torch can read ({error})") from error
    if not isinstance(payload, dict) or "schema" not in payload:
        raise Unreadable(f"{path} is no checkpoint of regexp: it has no schema number")
    if (schema := payload.pop("schema")) != SCHEMA:
        raise Unreadable(f"{path} has schema {schema!r}, must be {SCHEMA}: read it with the version of regexp that wrote it")
    return payload


def remove(path: Path) -> None:
    """Remove a checkpoint and the one before it, if they are there."""
    for file in (path, previous(path)):
        file.unlink(missing_ok=True)


def load_newest(path: Path) -> dict[str, Any]:
    """The payload of ``path``, or, with a warning in the log, of the checkpoint before it where that one is unreadable."""
    try:
        return load(path)
    except Unreadable as error:
        if not previous(path).exists():
            raise
        log.warning("%s; going on from %s", error, previous(path))
        return load(previous(path))


def _way_out(path: Path) -> str:
    if previous(path).exists():
        return f"the one before it is {previous(path).name}"
    return f"there is none before it ({previous(path).name}), so train again: in another folder, or after deleting this one"


def _damage(content: bytes) -> str | None:
    """Why the archive's checksums do not hold, or None."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            broken = archive.testzip()
    except Exception as error:  # a flipped bit in a header can raise nearly anything
        return str(error)
    return f"wrong checksum in {broken}" if broken else None
