"""Downloads that give up in seconds where there is no network, and try the next mirror where one sends something wrong."""

from __future__ import annotations

import dataclasses
import http.client
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from tqdm import tqdm

from regexp.datasets.dataset import DataError
from regexp.datasets.raw_files import Contents, RawFile, read

ANSWER_SECONDS = 3.0
"""How long a mirror may take to answer at all."""


@dataclasses.dataclass(frozen=True)
class Patience:
    """When a download has stalled: fewer than ``bytes_per_second``, on average over ``seconds``."""

    bytes_per_second: float = 10_000
    seconds: float = 20.0


def fetch(files: Sequence[RawFile], mirrors: Sequence[str], patience: Patience = Patience()) -> Contents:
    """Download every file's archive from the first mirror that sends the right content, and unpack it in memory.

    Raises :class:`DataError` that names every mirror and what was wrong with it.
    """
    mirrors = [mirror.rstrip("/") + "/" for mirror in mirrors]
    problems = {mirror: _silence(mirror + files[0].archive) for mirror in mirrors}
    awake = [mirror for mirror in mirrors if problems[mirror] is None]
    contents: Contents = {}
    with tempfile.TemporaryDirectory() as folder:
        for file in files:
            for mirror in awake:
                try:
                    contents[file.name] = _download(mirror, file, Path(folder), patience)
                    break
                except (OSError, RuntimeError, ValueError, http.client.HTTPException) as error:
                    problems[mirror] = f"{file.archive}: {error}"
            else:
                raise DataError("\n".join(f"{mirror}: {problem}" for mirror, problem in problems.items()))
    return contents


def _download(mirror: str, file: RawFile, folder: Path, patience: Patience) -> bytearray:
    """One file. Not by torchvision's downloader, which waits for ever where a mirror sends a byte now and then.

    An MD5 of the archive is not asked for: mirrors may compress anew, and the content's SHA-256 is verified anyway.
    """
    archive = folder / file.archive
    with urllib.request.urlopen(mirror + file.archive, timeout=patience.seconds) as response, archive.open("wb") as out:
        size = int(response.headers.get("Content-Length") or 0) or None
        with tqdm(total=size, desc=file.archive, unit="B", unit_scale=True, disable=not sys.stderr.isatty()) as bar:
            for chunk in _in_time(response, patience):
                out.write(chunk)
                bar.update(len(chunk))
    return read(archive, file)


def _in_time(response: Any, patience: Patience) -> Iterator[bytes]:
    """What a server sends, as long as it sends enough: read as it comes, and judged at the end of every window."""
    began, received = time.monotonic(), 0
    while chunk := response.read1(1 << 16):
        yield chunk
        received += len(chunk)
        if (passed := time.monotonic() - began) >= patience.seconds:
            if received < patience.bytes_per_second * passed:
                least = f"the least is {patience.bytes_per_second:g} for {patience.seconds:g} s"
                raise TimeoutError(f"stalled at {received / passed:.0f} bytes a second ({least})")
            began, received = time.monotonic(), 0


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
