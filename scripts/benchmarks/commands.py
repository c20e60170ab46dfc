"""Commands as a user types them: their time from start to exit, and the memory of all their processes."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

SCRIPTS = Path(__file__).parents[1]
CORES = os.cpu_count() or 1
TRAIN = (sys.executable, "-m", "regexp.train")
BASIC = ("hydra/sweeper=basic", "hydra/launcher=basic")
JOBLIB = ("hydra/sweeper=basic", "hydra/launcher=joblib", f"hydra.launcher.n_jobs={CORES}")


def program(module: str) -> tuple[str, ...]:
    """The command that starts a peer's program."""
    return sys.executable, "-m", f"benchmarks.peers.{module}"


def environment(threads: int | None = None) -> dict[str, str]:
    """The variables of a command that uses so many threads; None: as many as its libraries choose."""
    path = os.pathsep.join(filter(None, [str(SCRIPTS), os.environ.get("PYTHONPATH")]))
    ours = {name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"} | {"PYTHONPATH": path}
    return ours if threads is None else ours | {"OMP_NUM_THREADS": str(threads)}


def timed(words: Sequence[str], folder: Path, watch: Peak | None = None, threads: int | None = 1) -> float:
    """Seconds of a process that must end well."""
    return called(words, folder, watch, threads)[0]


def called(words: Sequence[str], folder: Path, watch: Peak | None = None, threads: int | None = 1) -> tuple[float, str]:
    """Seconds of a process that must end well, and what it wrote."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile() as said:
        began = time.perf_counter()
        process = subprocess.Popen(words, cwd=folder, env=environment(threads), stdout=said, stderr=subprocess.STDOUT)
        if watch:
            watch.follow(process.pid)
        code = process.wait()
        seconds = time.perf_counter() - began
        said.seek(0)
        text = said.read().decode(errors="replace")
    if code:
        raise RuntimeError(f"{' '.join(words)} failed:\n{text[-2000:]}")
    return seconds, text


def extrapolated(command: Callable[[int], float], few: tuple[int, int], total: int) -> float:
    """Seconds that so many would take: those of few, and for each further one what two commands of few differ by.

    No further one costs less than nothing, however noisy the machine.
    """
    small, large = map(command, few)
    return small + max(0.0, large - small) / (few[1] - few[0]) * (total - few[0])


class Peak:
    """The largest memory that a process and its descendants held together, sampled from ``/proc`` (Linux)."""

    def __init__(self) -> None:
        self.gigabytes = 0.0

    def follow(self, pid: int) -> None:
        """Sample until the process has ended."""
        threading.Thread(target=self._sample, args=(pid,), daemon=True).start()

    def _sample(self, pid: int) -> None:
        while found := tree(pid):
            self.gigabytes = max(self.gigabytes, sum(map(resident, found)) / 1e9)
            time.sleep(0.05)


def tree(pid: int) -> list[int]:
    """The process and its descendants; nothing once it has ended."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
        children = [Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="utf-8").split()]
    except OSError:
        return []
    return [] if state == "Z" else [pid, *(one for group in children for child in group for one in tree(int(child)))]


def resident(pid: int) -> int:
    """Bytes of memory that a process holds."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="utf-8").split()[1])
    except OSError:
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")
