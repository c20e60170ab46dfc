"""Downloads that give up in seconds where there is no network, and try the next mirror where one sends something wrong."""

from __future__ import annotations

import http.client
import socket
import tempfile
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from regexp.datasets.dataset import DataError
from regexp.datasets.raw_files import Contents, RawFile, read

ANSWER_SECONDS = 3.0
"""How long a mirror may take to answer at all."""
STALL_SECONDS = 20.0
"""How long a download may stand still."""


def fetch(files: Sequence[RawFile], mirrors: Sequence[str]) -> Contents:
    """Download every file's archive from the first mirror that sends the right content, and unpack it in memory.

    Raises :class:`DataError` that names every mirror and what was wrong with it.
    """
    problems = {mirror: _silence(mirror + files[0].archive) for mirror in mirrors}
    awake = [mirror for mirror in mirrors if problems[mirror] is None]
    contents: Contents = {}
    with tempfile.TemporaryDirectory() as folder:
        for file in files:
            for mirror in awake:
                try:
                    contents[file.name] = _download(mirror, file, Path(folder))
                    break
                except (OSError, RuntimeError, http.client.HTTPException) as error:
                    problems[mirror] = f"{file.archive}: {error}"
            else:
                raise DataError("\n".join(f"{mirror}: {problem}" for mirror, problem in problems.items()))
    return contents


def _download(mirror: str, file: RawFile, folder: Path) -> bytearray:
    """One file through torchvision, which follows redirects and shows a progress bar.

    Its MD5 of the archive is not asked for: mirrors may compress anew, and the content's SHA-256 is verified anyway.
    """
    from torchvision.datasets.utils import download_url

    archive = folder / file.archive
    archive.unlink(missing_ok=True)
    with _socket_timeout(STALL_SECONDS):
        download_url(mirror + file.archive, str(folder))
    return read(archive, file)


def _silence(address: str) -> str | None:
    """Why a server does not answer; None if it does, whatever it says.

    In a thread, because looking up a name takes no timeout.
    """
    problems = [f"no answer within {ANSWER_SECONDS:g} s"]

    def ask() -> None:
        try:
            urllib.request.urlopen(urllib.request.Request(address, method="HEAD"), timeout=ANSWER_SECONDS).close()
            problems.append("")
        except urllib.error.HTTPError:
            problems.append("")
        except (OSError, http.client.HTTPException) as error:
            problems.append(str(error))

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(ANSWER_SECONDS)
    return problems[-1] or None


@contextmanager
def _socket_timeout(seconds: float) -> Iterator[None]:
    """Sockets opened inside the block give up after so long without a byte (torchvision sets no timeout of its own)."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(seconds)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)
