"""``engine=ray``: a Ray cluster, which runs already or is started on this machine; every stack is one task.

The study's folder must be the same files on all nodes (a shared file system), and regexp installed on them.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import ray
from ray.exceptions import RayError, RayTaskError

from regexp.launcher import Launcher
from regexp.sweep.hint import hint
from regexp.sweep.stack import Endings, Lost, Outcome, Stack, pack
from regexp.sweep.worker import train_parcel

OBJECTS = 1 << 27
"""Bytes of shared memory for a cluster of our own: a stack travels as a few kilobytes."""


def run(waiting: deque[Stack], work: Callable[[Stack], Outcome], launcher: Launcher) -> Endings:
    """Train them on the cluster. A task is given out again by us and not by Ray, so that it is known to have been lost."""
    threads = waiting[0].threads
    with _cluster(launcher.address):
        hint(waiting, max(1, int(ray.cluster_resources().get("CPU", 0)) // threads))
        task = ray.remote(num_cpus=threads, num_gpus=launcher.gpus, max_retries=0)(train_parcel)
        busy: dict[Any, Stack] = {}
        try:
            while waiting or busy:
                while waiting:
                    stack = waiting.popleft()
                    busy[task.remote(pack(stack))] = stack
                (reference,), _ = ray.wait(list(busy), num_returns=1)
                yield busy.pop(reference), _outcome(reference)
        finally:
            for reference in busy:
                ray.cancel(reference, force=True)


@contextmanager
def _cluster(address: str | None) -> Iterator[None]:
    """Join the cluster at the address, or start one; what is started here ends here."""
    own: dict[str, Any] = {"include_dashboard": False, "object_store_memory": OBJECTS}
    joined = address or os.environ.get("RAY_ADDRESS")
    ray.init(address=address, log_to_driver=False, logging_level="error", **({} if joined else own))
    try:
        yield
    finally:
        ray.shutdown()


def _outcome(reference: Any) -> Outcome | BaseException:
    try:
        outcome: Outcome = ray.get(reference)
    except RayTaskError as error:
        return error.cause or error
    except RayError as error:  # of the worker, its node or its memory
        return Lost(str(error))
    return outcome
