"""Several commands at a time, each in a process of its own; what they print carries the name of its command."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from regexp import stopping
from regexp.machine import cores

MOST = 4
"""Commands at a time, unless more are asked for: each needs 1 to 2 GB."""

INTERRUPTED = (130, 143, -signal.SIGINT, -signal.SIGTERM)
"""Exit statuses of commands that Ctrl-C or SIGTERM has ended."""


def side_by_side(commands: Mapping[str, Sequence[str]], jobs: int, say: Callable[[str], None]) -> dict[str, int]:
    """Run all, at most ``jobs`` at once, in their order. Returns the exit status of those that did not end well, by name.

    Each has its share of the cores. Ctrl-C and SIGTERM are passed on once, to processes in sessions of their own (a terminal
    would send Ctrl-C a second time, and a second one ends a training without saving), and obeyed when all have ended.
    """
    running: list[subprocess.Popen[str]] = []
    stopped = False

    def run(name: str) -> int:
        if stopped:
            return INTERRUPTED[0]
        with _start(commands[name], jobs) as process:
            running.append(process)
            for line in process.stdout or ():
                say(f"[{name}] {line.rstrip()}")
        running.remove(process)
        return process.returncode

    with stopping.at_once(), ThreadPoolExecutor(jobs) as pool:
        try:
            ended = list(pool.map(run, commands))
        except KeyboardInterrupt:
            stopped = True
            for process in running:
                process.send_signal(signal.SIGINT)
            raise
    return {name: status for name, status in zip(commands, ended, strict=True) if status}


def parallel(wanted: int | None, commands: int) -> int:
    """How many to run at a time: as many as ``wanted``, by default one per core, but at most ``MOST``."""
    return max(1, min(wanted or min(cores(), MOST), commands))


def at_best(seconds: Sequence[float], jobs: int) -> float:
    """What commands that take so long take together, ``jobs`` at a time, if no core ever waits; never less than the longest."""
    return max([sum(seconds) / jobs, *seconds])


def _start(command: Sequence[str], jobs: int) -> subprocess.Popen[str]:
    share = str(max(1, cores() // jobs))
    return subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        env={"OMP_NUM_THREADS": share, **os.environ, "PYTHONUTF8": "1"},
        start_new_session=True,
    )
