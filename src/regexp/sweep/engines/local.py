"""``engine=local``: one stack after another, in this process."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable

from regexp.launcher import Launcher
from regexp.sweep.stack import Endings, Outcome, Stack
from regexp.words import counted

log = logging.getLogger("regexp")


def run(waiting: deque[Stack], work: Callable[[Stack], Outcome], launcher: Launcher) -> Endings:
    """Train them here."""
    count = len(waiting)
    while waiting:
        stack = waiting.popleft()
        log.info("stack %d of %d: %s", stack.number, count, counted(len(stack.orders), "run"))
        yield stack, work(stack)
