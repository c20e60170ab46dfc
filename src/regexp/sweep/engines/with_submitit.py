"""``engine=submitit``: every stack is a job of SLURM, or of submitit's own executor on this machine."""

from __future__ import annotations

import dataclasses
import logging
import os
import signal
import time
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import submitit
from submitit.helpers import DelayedSubmission

from regexp.launcher import Launcher
from regexp.sweep import queue
from regexp.sweep.stack import Endings, Lost, Outcome, Parcel, Stack, pack
from regexp.sweep.worker import train_parcel

log = logging.getLogger("regexp")

MINUTES = 60
"""A job's time, unless ``timeout_min`` says otherwise (submitit's own 5 minutes are for functions that do little)."""

PAUSE = 0.5
"""Seconds from one look at the jobs to the next; submitit itself asks SLURM once in some minutes at most."""


def run(waiting: deque[Stack], work: Callable[[Stack], Outcome], launcher: Launcher) -> Endings:
    """Submit them. With ``launcher.wait`` until all have ended; without, what has not ended is ``queued``."""
    folder = waiting[0].folder
    executor = _executor(folder, waiting[0].threads, launcher)
    jobs: dict[str, tuple[Stack, Any]] = {}
    own: set[str] = set()
    try:
        while waiting or jobs:
            new = [stack for stack in waiting if not stack.job]
            jobs |= {stack.job: (stack, _job(stack.job, folder)) for stack in waiting if stack.job}
            waiting.clear()
            submitted = _submit(executor, new) if new else {}
            own |= submitted.keys()
            jobs |= submitted
            for name, (stack, job) in list(jobs.items()):
                if not (ended := _has_ended(job)) and launcher.wait:
                    continue
                del jobs[name]
                if ended:
                    queue.forget(folder, name)
                yield stack, _outcome(job) if ended else {**stack.all("queued"), **stack.ended()}
            if jobs and not waiting:
                time.sleep(PAUSE)
    finally:
        for name in own & jobs.keys():  # interrupted: what earlier commands have submitted goes on
            jobs[name][1].cancel(check=False)
            queue.forget(folder, name)


@dataclasses.dataclass(frozen=True)
class Task:
    """What a job does: it trains a stack, and is queued again if it is preempted or runs out of time."""

    def __call__(self, parcel: Parcel) -> Outcome:
        """Train the stack; being stopped by the cluster is an interruption of its runs, and no failure."""
        name = signal.Signals[f"SIG{os.environ.get('SUBMITIT_PREEMPT_SIGNAL', 'USR2')}"]
        requeue: Any = signal.getsignal(name)

        def stop(signum: int, frame: Any) -> None:
            try:
                requeue(signum, frame)
            except (SystemExit, submitit.core.utils.UncompletedJobError) as error:
                raise KeyboardInterrupt(str(error)) from error

        if callable(requeue):
            signal.signal(name, stop)
        return train_parcel(parcel)

    def checkpoint(self, parcel: Parcel) -> DelayedSubmission:
        """What submitit queues again."""
        return DelayedSubmission(self, parcel)


def _executor(folder: Path, threads: int, launcher: Launcher) -> submitit.AutoExecutor:
    asked = dataclasses.asdict(launcher.submitit)
    cluster, again = asked.pop("cluster"), asked.pop("slurm_max_num_timeout")
    executor = submitit.AutoExecutor(
        queue.place(folder), cluster, **({} if again is None else {"slurm_max_num_timeout": again})
    )
    given = {name: list(value) if isinstance(value, tuple) else value for name, value in asked.items() if value is not None}
    executor.update_parameters(**{"name": "regexp", "timeout_min": MINUTES, "cpus_per_task": threads, **given})
    return executor


def _submit(executor: submitit.AutoExecutor, new: Sequence[Stack]) -> dict[str, tuple[Stack, Any]]:
    """Submit the stacks, on SLURM as one array, and note their jobs."""
    with executor.batch():
        jobs = [executor.submit(Task(), pack(stack)) for stack in new]
    named = {f"{executor.cluster}-{job.job_id}": (stack, job) for stack, job in zip(new, jobs, strict=True)}
    for name, (stack, job) in named.items():
        if not isinstance(job, submitit.DebugJob):  # which ends with this process
            queue.note(stack.folder, name, stack)
    log.info("submitted %d stacks: %s", len(named), ", ".join(named))
    return named


def _job(name: str, folder: Path) -> Any:
    """A job that another process has submitted."""
    cluster, _, number = name.partition("-")
    kind = submitit.SlurmJob if cluster == "slurm" else submitit.LocalJob
    return kind(queue.place(folder), number)


def _has_ended(job: Any) -> bool:
    if isinstance(job, submitit.LocalJob) and job._process is None and not job.paths.result_pickle.exists():
        return not _lives(int(job.job_id))
    return bool(job.done())


def _lives(process: int) -> bool:
    """Whether a job on this machine still runs: submitit itself only knows those of its own process."""
    command = Path(f"/proc/{process}/cmdline")
    if Path("/proc/self").exists():
        return command.exists() and b"submitit" in command.read_bytes()
    try:
        os.kill(process, 0)
    except OSError:
        return False
    return True


def _outcome(job: Any) -> Outcome | BaseException:
    if not (isinstance(job, submitit.DebugJob) or job.paths.result_pickle.exists()):
        return Lost(f"job {job.job_id} ended as {job.state}, see {job.paths.stderr}")
    error = job.exception()
    if error is None:
        outcome: Outcome = job.result()
        return outcome
    return RuntimeError(str(error))
