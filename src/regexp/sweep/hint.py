"""What to say when cores or workers stand idle, and how to type a sweep that uses them.

Hints only: what is trained together must not depend on who trains it.
"""

from __future__ import annotations

import bisect
import logging
from collections.abc import Iterable, Sequence

from regexp.launcher import missing
from regexp.lazy import torch
from regexp.machine import find_device
from regexp.order import Order
from regexp.sweep.stack import Stack
from regexp.sweep.stacks import stacks
from regexp.words import counted, duration

log = logging.getLogger("regexp")

LONG = 60.0
"""Seconds of a sweep on one core from which on it is said how to use the others."""


def hint(waiting: Iterable[Stack], workers: int) -> None:
    """Log how every worker gets a stack, if some would get none."""
    waiting = list(waiting)
    orders = _orders(waiting)
    busy = min(workers, len(orders))
    if len(waiting) >= busy:
        return
    text = "%d runs in %d of the stacks that %d workers could train: hydra.launcher.max_stack=%d gives %s one"
    who = "every worker" if busy == workers else "every run"
    log.warning(text, len(orders), len(waiting), workers, _largest(orders, busy), who)


def idle_cores(trained: Sequence[Stack], seconds: float) -> None:
    """Log how a sweep on the CPU that took long would use the cores that it left idle.

    OMP_NUM_THREADS, which says how many cores a process may use, holds here too.
    """
    if seconds < LONG or find_device(trained[0].orders[0].settings.device).type != "cpu":
        return
    orders, threads = _orders(trained), trained[0].threads
    cores = torch.get_num_threads()
    if (busy := min(cores // threads, len(orders))) < 2:
        return
    words = ["hydra.launcher.engine=joblib"]
    if len(trained) < busy:
        words.append(f"hydra.launcher.max_stack={_largest(orders, busy)}")
    install = f" ({how})" if (how := missing("joblib")) else ""
    took = f"{counted(len(orders), 'run')} took {duration(seconds)} on {threads} of {cores} cores"
    log.info("%s: a command with %s%s trains on %d", took, " ".join(words), install, busy * threads)


def _orders(parts: Iterable[Stack]) -> list[Order]:
    return [order for stack in parts for order in stack.orders]


def _largest(orders: Sequence[Order], parts: int) -> int:
    """The size of the largest stack, where the runs are cut into as few as make at least ``parts``."""
    most = bisect.bisect_left(range(1, len(orders) + 1), True, key=lambda size: len(stacks(orders, size)) < parts)
    return max(map(len, stacks(orders, most)))
