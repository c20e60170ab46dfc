"""Files that are replaced whole or not at all: killed at any instant, or on a full disk, the old file is still there."""

from __future__ import annotations

import contextlib
import glob
import os
import platform
import re
import time
from collections.abc import Iterator
from pathlib import Path

DAY = 24 * 3600

_MACHINE = re.sub(r"[^A-Za-z0-9]+", "-", platform.node())


def write(path: Path, content: bytes | memoryview, *, previous: Path | None = None) -> None:
    """Replace ``path`` by ``content``, through a synced temporary file in the same folder.

    The file that was there stays as ``previous``, if asked for. Temporary files that a killed process left are removed.
    Raises ``OSError`` that names ``path`` and the bytes needed when it cannot be written.
    """
    temporary = temporary_of(path, os.getpid())
    with naming(path, len(content)):
        try:
            remove_stale(path.parent, path.name)
            with temporary.open("xb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            if previous and path.exists():
                _keep(path, previous)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)


def temporary_of(path: Path, process: int) -> Path:
    """Where a process of this machine writes what shall become ``path``."""
    return path.with_name(f".{path.name}.{_MACHINE}-{process}.tmp")


def remove_stale(folder: Path, name: str | None = None) -> None:
    """Remove the temporary files that killed processes left: of all files in the folder, or of one."""
    for file in folder.glob(f".{'*' if name is None else glob.escape(name)}.*.tmp"):
        with contextlib.suppress(FileNotFoundError):  # its process may be just done with it
            if not _in_use(file):
                file.unlink()


def _in_use(file: Path) -> bool:
    """Whether the process that writes a temporary file may be alive; of another machine's, for a day."""
    machine, _, process = file.name.split(".")[-2].rpartition("-")
    if machine != _MACHINE or os.name != "posix" or not process.isdigit():
        return time.time() - file.stat().st_mtime < DAY
    return int(process) != os.getpid() and _is_alive(int(process))


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


@contextlib.contextmanager
def naming(path: Path, size: int | None = None) -> Iterator[None]:
    """An ``OSError`` inside the block comes out naming the file, and how many bytes it needs where that is known."""
    try:
        yield
    except OSError as error:
        need = "" if size is None else f" ({size} bytes)"
        text = f"cannot write {path}{need}: {error.strerror or error}; what was there before is intact"
        raise OSError(error.errno, text) from error


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
