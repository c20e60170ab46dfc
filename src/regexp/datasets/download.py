"""Downloads by torchvision, given up where a mirror stalls; then the next mirror is tried."""

from __future__ import annotations

import dataclasses
import tempfile
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, wait
from pathlib import Path

from regexp.datasets.dataset import DataError
from regexp.datasets.raw_files import Contents, RawFile, read

_PIECE = 32 * 1024
"""Bytes that torchvision collects before it writes them: so many may have arrived unseen."""


@dataclasses.dataclass(frozen=True)
class Patience:
    """How long a mirror may take to begin, and when it has stalled: below ``bytes_per_second``, on average over ``seconds``."""

    answer: float = 5.0
    bytes_per_second: float = 10_000
    seconds: float = 20.0


def fetch(files: Sequence[RawFile], mirrors: Sequence[str], patience: Patience = Patience()) -> Contents:
    """The contents of all files, unpacked in memory, from the first mirror that sends them all right.

    Raises :class:`DataError` that names every mirror and what was wrong with it.
    """
    problems = []
    for mirror in mirrors:
        try:
            return {file.name: _download(mirror.rstrip("/"), file, patience) for file in files}
        except DataError as error:
            problems.append(str(error))
    raise DataError("\n".join(problems))


def _download(mirror: str, file: RawFile, patience: Patience) -> bytearray:
    """One file, which torchvision writes and the SHA-256 of its content verifies: mirrors may compress anew."""
    from torchvision.datasets.utils import download_url

    address = f"{mirror}/{file.archive}"
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        archive = Path(folder) / file.archive
        try:
            _while_growing(archive, lambda: download_url(address, folder, file.archive), patience)
            return read(archive, file)
        except (OSError, DataError) as error:
            raise DataError(f"{address}: {error}") from error


def _while_growing(archive: Path, download: Callable[[], None], patience: Patience) -> None:
    """Wait for a download as long as its file grows.

    In a thread, which is left behind when it stalls: torchvision sets no limit of time, looking up a name takes none, and a
    byte now and then never lets a socket's limit pass.
    """
    finished: Future[str] = Future()

    def work() -> None:
        try:
            download()
            problem = ""
        except Exception as error:  # kept as a text, since an exception of urllib keeps its sockets open
            problem = str(error) or type(error).__name__
        finished.set_result(problem)

    threading.Thread(target=work, daemon=True).start()
    wait([finished], patience.answer)
    if not finished.done() and not archive.exists():
        raise TimeoutError(f"no answer within {patience.answer:g} s")
    size = 0
    while not wait([finished], patience.seconds).done:
        before, size = size, archive.stat().st_size
        if (size - before) / patience.seconds < patience.bytes_per_second:
            least = f"below {patience.bytes_per_second / 1000:g} kB/s for {patience.seconds:g} s"
            most = (size - before + _PIECE) / patience.seconds / 1000
            raise TimeoutError(f"stalled: {least} (at most {most:.1f} kB/s arrived)")
    if problem := finished.result():
        raise OSError(problem)
