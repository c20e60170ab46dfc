"""The missing runs of a sweep, trained stack by stack by an engine."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import logging
import sys
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path

from tqdm import tqdm
from tqdm.contrib.logging import logging_redirect_tqdm

from regexp.launcher import Launcher
from regexp.order import Order
from regexp.sweep import engines, worker
from regexp.sweep.stack import TRIES, Lost, Outcome, Stack
from regexp.sweep.stacks import remark, stacks
from regexp.sweep.study import FINISHED, claim, status_of
from regexp.sweep.tally import Tally

log = logging.getLogger("regexp")

BAR = "{percentage:3.0f}%|{bar}| {n:.0f} of {total} runs [{elapsed}, {remaining} left, {rate_fmt}]"


def train_missing(orders: Sequence[Order], given: Sequence[Stack], folder: Path, tally: Tally, launcher: Launcher) -> None:
    """Train the runs, and count how each ended; ``given`` are stacks that an earlier command has handed over already."""
    parts = stacks(orders, launcher.max_stack)
    remark(parts)
    waiting = deque([*given, *(Stack(number, part, folder) for number, part in enumerate(parts, start=1))])
    whole = [order for stack in waiting for order in stack.orders]
    before = len(tally.status)
    try:
        with _bar(len(whole)) as bar:
            work = functools.partial(worker.train, advance=lambda runs: _move(bar, len(tally.status) - before + runs))
            with contextlib.closing(engines.run(waiting, work, launcher)) as outcomes:
                for stack, outcome in outcomes:
                    _note(stack, outcome, waiting, tally)
                    _move(bar, len(tally.status) - before)
    except KeyboardInterrupt:
        _settle([order for order in whole if order.folder not in tally.status], folder, tally)
        raise


def _note(stack: Stack, outcome: Outcome | BaseException, waiting: deque[Stack], tally: Tally) -> None:
    """Count how the runs of a stack ended; one that was lost waits to be trained again."""
    if isinstance(outcome, BaseException):
        error, outcome = outcome, stack.ended()
        left = dataclasses.replace(stack, orders=[order for order in stack.orders if order.folder not in outcome], job=None)
        if left.orders:
            outcome |= _give_again(left, error, waiting)
    for folder in stack.all("").keys() & outcome.keys():
        tally.add(folder, outcome[folder])


def _give_again(stack: Stack, error: BaseException, waiting: deque[Stack]) -> Outcome:
    """Put a stack that was lost back in the line; one that failed, or was lost too often, has failed."""
    lost, losses = isinstance(error, Lost), stack.losses + 1
    if lost and losses < TRIES:
        log.warning("stack %d was lost (%s): training it again", stack.number, _line(error))
        waiting.append(dataclasses.replace(stack, losses=losses))
        return {}
    why = f"lost {losses} times, the last time: {_line(error)}" if lost else f"{type(error).__name__}: {_line(error)}"
    log.error("stack %d failed: %s", stack.number, why)
    with claim(stack.folder, [order.experiment.hash() for order in stack.orders]) as mine:
        failed = worker.leave([order for order in stack.orders if order.experiment.hash() in mine], "failed", why, str(error))
    return {**stack.all("elsewhere"), **failed}


def _settle(orders: Sequence[Order], folder: Path, tally: Tally) -> None:
    """After an interruption: how far the runs had come, and that those whose workers were ended are not running any more."""
    running = {order.experiment.hash(): order for order in orders if status_of(order.folder) == "running"}
    with claim(folder, running, patience=5 if running else 0) as mine:
        worker.leave([order for known_as, order in running.items() if known_as in mine], "interrupted", "KeyboardInterrupt")
    for order in orders:
        if (status := status_of(order.folder)) in (*FINISHED, "interrupted"):
            tally.add(order.folder, status)


def _line(error: BaseException) -> str:
    return next(iter(str(error).splitlines()), "") or type(error).__name__


def _move(bar: tqdm, runs: float) -> None:
    bar.update(runs - bar.n)


@contextmanager
def _bar(runs: int) -> Iterator[tqdm]:
    """One bar for the whole sweep, on a terminal; log lines go above it."""
    hidden = not sys.stderr.isatty()
    above = nullcontext() if hidden else logging_redirect_tqdm()
    with tqdm(total=runs, unit="run", disable=hidden, bar_format=BAR) as bar, above:
        yield bar
