"""Files that are replaced whole or not at all: killed at any instant, or on a full disk, the old file is still there."""

from __future__ import annotations

import glob
import os
from pathlib import Path


def write(path: Path, content: bytes | memoryview, *, previous: Path | None = None) -> None:
    """Replace ``path`` by ``content``, through a synced temporary file in the same folder.

    The file that was there stays as ``previous``, if asked for. Temporary files that a killed process left are removed.
    Raises ``OSError`` that names ``path`` and the bytes needed when it cannot be written.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        for stale in path.parent.glob(f".{glob.escape(path.name)}.*.tmp"):
            stale.unlink(missing_ok=True)
        with temporary.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if previous and path.exists():
            _keep(path, previous)
        temporary.replace(path)
    except OSError as error:
        need = f"cannot write {path} ({len(content)} bytes): {error.strerror or error}; a file that was there is intact"
        raise OSError(error.errno, need) from error
    finally:
        temporary.unlink(missing_ok=True)


def _keep(path: Path, previous: Path) -> None:
    """A second name for the file, so that ``path`` exists at every instant; nothing on file systems without links."""
    previous.unlink(missing_ok=True)
    try:
        previous.hardlink_to(path)
    except OSError:
        return


def sync_folder(folder: Path) -> None:
    """Make new names durable too (POSIX only: elsewhere a folder cannot be opened)."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
