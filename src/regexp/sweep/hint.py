"""What to say when there are fewer stacks than workers."""

from __future__ import annotations

import bisect
import logging
from collections.abc import Iterable

from regexp.sweep.stack import Stack
from regexp.sweep.stacks import stacks

log = logging.getLogger("regexp")


def hint(waiting: Iterable[Stack], workers: int) -> None:
    """Log how every worker gets a stack, if some would get none.

    It is a hint only: what is trained together must not depend on who trains it.
    """
    waiting = list(waiting)
    orders = [order for stack in waiting for order in stack.orders]
    busy = min(workers, len(orders))
    if len(waiting) >= busy:
        return
    sizes = range(1, len(orders) + 1)
    enough = bisect.bisect_left(sizes, True, key=lambda size: len(stacks(orders, size)) < busy)
    text = "%d runs in %d of the stacks that %d workers could train: hydra.launcher.max_stack=%d gives %s one"
    log.warning(text, len(orders), len(waiting), workers, enough, "every worker" if busy == workers else "every run")
