"""``regexp-train`` in processes forked from a server that has imported torch, which spares each of them seconds."""

from __future__ import annotations

import dataclasses
import math
import multiprocessing
import os
import resource
import sys
from pathlib import Path

SERVER = multiprocessing.get_context("forkserver")
SERVER.set_forkserver_preload(
    [
        "pytest",
        "torch",
        "regexp.runner",
        "regexp.train",
        "regexp.command.job",
        "regexp.config.planning",
        "regexp.sweep.training",
        "regexp.sweep.engines.local",
    ]
)
TIMEOUT = 300


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What a command has left behind."""

    code: int
    stdout: str
    stderr: str
    peak_megabytes: float


class Command:
    """A running ``regexp-train``, in a folder of its own."""

    def __init__(self, arguments: tuple[str, ...], folder: Path, streams: Path, environment: dict[str, str] | None = None):
        self._streams = streams / "out", streams / "err"
        self._usage, usage = SERVER.Pipe(duplex=False)
        self._process = SERVER.Process(target=_main, args=(arguments, folder, self._streams, usage, environment or {}))
        self._process.start()
        usage.close()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def runs(self) -> bool:
        """Whether it has not ended."""
        return self._process.is_alive()

    @property
    def err(self) -> str:
        """What it has said on standard error until now."""
        file = self._streams[1]
        return file.read_text(encoding="utf-8") if file.exists() else ""

    def finish(self) -> Outcome:
        self._process.join(TIMEOUT)
        assert self._process.exitcode is not None, "the command did not end in time"
        out, err = (file.read_text(encoding="utf-8") for file in self._streams)
        peak = self._usage.recv() if self._process.exitcode >= 0 else math.nan  # a killed process tells nothing
        return Outcome(self._process.exitcode, out, err, peak / 1024)

    def stop(self) -> None:
        """End it if it still runs."""
        self._process.kill()
        self._process.join()


def _main(
    arguments: tuple[str, ...], folder: Path, streams: tuple[Path, Path], usage: object, environment: dict[str, str]
) -> None:
    from regexp.train import main

    os.environ.update(environment)
    os.chdir(folder)
    for stream, file in zip((1, 2), streams, strict=True):
        os.dup2(os.open(file, os.O_WRONLY | os.O_CREAT), stream)
    sys.argv = ["regexp-train", *arguments]
    try:
        main()
    finally:
        usage.send(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
