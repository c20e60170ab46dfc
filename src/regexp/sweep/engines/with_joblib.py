"""``engine=joblib``: processes on this machine, by loky, which is part of joblib."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, wait

from joblib.externals.loky import ProcessPoolExecutor
from joblib.externals.loky.process_executor import BrokenProcessPool

from regexp.launcher import Launcher
from regexp.machine import cores
from regexp.sweep.hint import hint
from regexp.sweep.stack import Endings, Lost, Outcome, Stack, pack
from regexp.sweep.worker import train_parcel

IDLE = 60
"""Seconds without work after which a process ends: one whose command was killed would wait for ever."""


def run(waiting: deque[Stack], work: Callable[[Stack], Outcome], launcher: Launcher) -> Endings:
    """Train them in ``launcher.workers`` processes.

    Every process is a pool of its own: when one of a pool's processes dies, loky ends all, and nobody knows whose stack it was.
    """
    count = launcher.workers or max(1, cores() // waiting[0].threads)
    hint(waiting, count)
    idle = [_process() for _ in range(min(count, len(waiting)))]
    busy: dict[Future[Outcome], tuple[Stack, ProcessPoolExecutor]] = {}
    try:
        while waiting or busy:
            while waiting and idle:
                stack, process = waiting.popleft(), idle.pop()
                busy[process.submit(train_parcel, pack(stack))] = stack, process
            for future in wait(busy, return_when=FIRST_COMPLETED).done:
                stack, process = busy.pop(future)
                error = future.exception()
                if isinstance(error, BrokenProcessPool):
                    process.shutdown(kill_workers=True)
                    process, error = _process(), Lost(str(error))
                idle.append(process)
                yield stack, error or future.result()
    finally:
        for process in [*idle, *(process for _, process in busy.values())]:
            process.shutdown(kill_workers=True)


def _process() -> ProcessPoolExecutor:
    return ProcessPoolExecutor(max_workers=1, timeout=IDLE)
