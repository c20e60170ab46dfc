"""``engine=local``: one stack after another, in this process."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable

from regexp.launcher import Launcher
from regexp.sweep.hint import idle_cores
from regexp.sweep.stack import Endings, Outcome, Stack
from regexp.words import counted

log = logging.getLogger("regexp")


def run(waiting: deque[Stack], work: Callable[[Stack], Outcome], launcher: Launcher) -> Endings:
    """Train them here."""
    given, began = list(waiting), time.monotonic()
    while waiting:
        stack = waiting.popleft()
        log.info("stack %d of %d: %s", stack.number, len(given), counted(len(stack.orders), "run"))
        yield stack, work(stack)
    idle_cores(given, time.monotonic() - began)
