"""Files of known content: found in one of several folders, raw or as .gz, verified always, unpacked once."""

from __future__ import annotations

import dataclasses
import gzip
import hashlib
import shutil
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from regexp.datasets.dataset import DataError


@dataclasses.dataclass(frozen=True)
class RawFile:
    """A file's name, and what must be in it."""

    name: str
    size: int
    sha256: str

    @property
    def archive(self) -> str:
        return f"{self.name}.gz"

    def __str__(self) -> str:
        return f"{self.name}  {self.size} bytes  SHA-256 {self.sha256}"


class Wrong(DataError):
    """A file with another content than it must have: what is wrong with it, whoever knows where it comes from."""


Contents = dict[str, bytearray]
"""The verified contents of all files, by name."""


def load(files: Sequence[RawFile], folders: Sequence[Path], store: Path, fetch: Callable[[], Contents]) -> Contents:
    """The contents of the files, from the first folder that holds any of them, else from ``fetch``.

    What had to be unpacked or fetched is left in ``store`` as raw files, which should thus be the first of the folders. Of
    several processes that start together one does the work; where ``store`` cannot be written, each works for itself.
    """
    found = locate(files, folders)
    if found and not any(map(_is_archive, found)):
        return _read_all(files, found)
    with _locked(store) as locked:
        found = locate(files, folders)  # again: another process may have filled the store meanwhile
        contents = _read_all(files, found) if found else fetch()
        if locked and not (found and found[0].parent == store):
            _keep(contents, store)
    return contents


def locate(files: Sequence[RawFile], folders: Sequence[Path]) -> list[Path] | None:
    """The paths of the files (raw rather than .gz) in the first folder that holds any of them, which must hold all."""
    for folder in folders:
        found = {file: path for file in files for path in (folder / file.archive, folder / file.name) if path.is_file()}
        missing = [file for file in files if file not in found]
        if found and missing:
            lines = "\n".join(f"  missing, raw or as .gz: {file}" for file in missing)
            raise DataError(f"{folder} holds only some of the data set's files: complete it, or empty it\n{lines}")
        if found:
            return [found[file] for file in files]
    return None


def read(path: Path, file: RawFile) -> bytearray:
    """The content of a file or of its .gz archive, unpacked in memory; raises :class:`Wrong` unless it is ``file``."""
    try:
        with (gzip.open if _is_archive(path) else open)(path, "rb") as stream:
            content = bytearray(stream.read(file.size + 1))
    except (OSError, EOFError, zlib.error) as error:
        raise Wrong(_expected(path, file, f"cannot be read ({error})")) from error
    if len(content) != file.size:
        size = f"more than {file.size}" if len(content) > file.size else f"only {len(content)}"
        raise Wrong(_expected(path, file, f"has {size} bytes"))
    if (sha256 := hashlib.sha256(content).hexdigest()) != file.sha256:
        raise Wrong(_expected(path, file, f"has SHA-256 {sha256}"))
    return content


def _is_archive(path: Path) -> bool:
    return path.suffix == ".gz"


def _read_all(files: Sequence[RawFile], paths: Sequence[Path]) -> Contents:
    return {file.name: _read_in_place(path, file) for file, path in zip(files, paths, strict=True)}


def _read_in_place(path: Path, file: RawFile) -> bytearray:
    """Of a file that lies in a folder of the user's."""
    try:
        return read(path, file)
    except Wrong as error:
        raise DataError(f"{path} {error}\n  delete or replace it") from error


def _expected(path: Path, file: RawFile, what: str) -> str:
    return f"{what}\n  expected{' when unpacked' if _is_archive(path) else ''}: {file}"


@contextmanager
def _locked(store: Path) -> Iterator[bool]:
    """Nobody else works on ``store`` inside the block; false where it cannot be locked because it cannot be written."""
    import filelock

    lock = filelock.FileLock(store.with_name(f"{store.name}.lock"))
    try:
        store.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except OSError:
        locked = False
    else:
        locked = True
    try:
        yield locked
    finally:
        if locked:
            lock.release()


def _keep(contents: Contents, store: Path) -> None:
    """Write the files as one: the folder appears complete or not at all. What cannot be kept is unpacked again next time."""
    partial = store.with_name(f"{store.name}.partial")
    try:
        partial.mkdir(exist_ok=True)
        for name, content in contents.items():
            (partial / name).write_bytes(content)
        partial.replace(store)
    except OSError:
        shutil.rmtree(partial, ignore_errors=True)
