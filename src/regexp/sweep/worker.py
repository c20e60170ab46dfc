"""What trains one stack, whatever engine calls it: what goes wrong stays with the runs that it concerns."""

from __future__ import annotations

import dataclasses
import logging
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from regexp.datasets.dataset import DataError
from regexp.memory import OutOfMemory
from regexp.order import Order
from regexp.recording import saving
from regexp.recording.progress import figures_of
from regexp.recording.sameness import other_stack
from regexp.recording.snapshot import Snapshot
from regexp.recording.training import train_stack
from regexp.recording.writing import Keep, RunWriter
from regexp.results import Result
from regexp.rules import Invalid
from regexp.sweep.resuming import resumable, tidy
from regexp.sweep.stack import Outcome, Parcel, Stack
from regexp.sweep.study import FINISHED, claim, clear, finished, status_of
from regexp.words import counted

log = logging.getLogger("regexp")

Advance = Callable[[float], None]

PATIENCE = 60.0
"""Seconds in which the processes of a lost worker die, at most."""


@dataclasses.dataclass(frozen=True)
class Failure:
    """What went wrong with a stack, in words: the exception itself would keep the stack's tensors in memory."""

    kind: str
    text: str
    details: str
    hits_all: bool
    """Whether training again in smaller stacks is no use."""


def train_parcel(parcel: Parcel) -> Outcome:
    """Train a stack that has travelled."""
    return train(parcel.open())


def train(stack: Stack, advance: Advance = lambda runs: None) -> Outcome:
    """Train those of the runs that nobody else trains or has finished, and say how each ended.

    ``advance`` is told how many runs are done, with parts of runs.
    """
    hashes = {order.experiment.hash(): order for order in stack.orders}
    outcome: Outcome = {}
    with claim(stack.folder, hashes, patience=PATIENCE if stack.losses else 0) as mine:
        ended = finished(stack.folder, {known_as: order.folder for known_as, order in hashes.items()})
        for known_as, order in hashes.items():
            if known_as in ended:  # by another process, or by this stack's lost worker
                outcome[order.folder] = ended[known_as][1] if stack.losses else "reused"
            elif known_as not in mine:
                outcome[order.folder] = "elsewhere"
        left = [order for order in hashes.values() if order.folder not in outcome]
        _train_or_split(left, stack.folder, outcome, advance)
    return outcome


def leave(orders: Sequence[Order], status: str, reason: str, details: str = "") -> Outcome:
    """Say in the folders of runs why they have not reached their end."""
    for order in orders:
        noted = status_of(order.folder)
        if noted in FINISHED:  # a run that was there before, in whose place this one was to be written
            continue
        if noted in (None, "running"):  # it had not begun, or only just
            clear(order.folder)
            writer = _writer(order)
            writer.begin({}, {})
            writer.stop(status, reason)
        _close(order, f"{status}: {details or reason}\n")
    return {order.folder: status for order in orders}


def _train_or_split(orders: Sequence[Order], folder: Path, outcome: Outcome, advance: Advance) -> None:
    """Train a stack. If it fails, what it has not finished is halved, until every run that fails fails alone."""
    failure = _train(orders, folder, outcome, advance) if orders else None
    left = [order for order in orders if order.folder not in outcome]
    if failure is None:
        return
    if len(left) > 1 and not failure.hits_all:
        log.info("a stack of %s failed (%s): trying its halves", counted(len(orders), "run"), failure.text)
        _train_or_split(left[: len(left) // 2], folder, outcome, advance)
        _train_or_split(left[len(left) // 2 :], folder, outcome, advance)
    else:
        log.error("failed: %s", failure.text)
        outcome |= leave(left, "failed", f"{failure.kind}: {failure.text}", failure.details)


def _hits_all(error: BaseException, orders: Sequence[Order], outcome: Outcome) -> bool:
    """Whether every run fails alone too: data that are nowhere, and files that cannot be written."""
    begun = any(status_of(order.folder) for order in orders if order.folder not in outcome)
    return isinstance(error, DataError) or (isinstance(error, OSError) and begun)


def _train(orders: Sequence[Order], folder: Path, outcome: Outcome, advance: Advance) -> Failure | None:
    """Train a stack and say what went wrong."""
    try:
        _train_as_one(orders, folder, outcome, advance)
    except KeyboardInterrupt as error:
        left = [order for order in orders if order.folder not in outcome]
        leave(left, "interrupted", ": ".join(filter(None, [type(error).__name__, str(error)])))
        raise
    except (Exception, SystemExit) as error:
        return Failure(type(error).__name__, str(error), _details(error), _hits_all(error, orders, outcome))
    return None


def _train_as_one(orders: Sequence[Order], folder: Path, outcome: Outcome, advance: Advance) -> None:
    """Train runs that can share a stack: together, but for those that were cut and are not equally far."""
    for group, saved in resumable(orders, folder):
        file = saving.of_stack(folder, [order.experiment.hash() for order in group])
        _train_together(group, saved, file, outcome, advance)
        saving.remove(file)
        if saved:
            tidy(folder)


def _train_together(orders: Sequence[Order], saved: Snapshot | None, file: Path, outcome: Outcome, advance: Advance) -> None:
    done, epochs = len(outcome), orders[0].experiment.epochs
    remarks = [f"{text}\n"] if saved and (text := other_stack(saved)) else []
    for order in orders:
        clear(order.folder)

    def on_end(run: int, result: Result) -> None:
        lines = [f"epoch {row['epoch']}/{epochs}  {figures_of(row)}\n" for row in result.rows]
        warning = [f"warning: {result.warning}\n"] if result.warning else []
        _close(orders[run], "".join([*remarks, *lines, *warning]))
        outcome[orders[run].folder] = result.status

    def report(program: Any, state: Any, metrics: Any, trained: Any) -> None:
        advance(done + len(orders) * state.epoch / epochs)

    about = orders[0].settings.of_training()
    experiments, writers = [order.experiment for order in orders], [_writer(order) for order in orders]
    train_stack(experiments, writers, about, report, on_end, saved=saved, file=file)


def _writer(order: Order) -> RunWriter:
    settings = order.settings
    keep = Keep(settings.tensorboard, bool(settings.curves), settings.save or "none")
    return RunWriter(order.folder, order.experiment, keep, {"command": order.command, "overrides": order.overrides})


def _close(order: Order, log_text: str) -> None:
    if order.asked:
        order.asked.write(order.folder)
    (order.folder / "train.log").write_text(log_text, encoding="utf-8")


def _details(error: BaseException) -> str:
    expected = isinstance(error, (DataError, Invalid, OSError, OutOfMemory))
    return str(error) if expected else "".join(traceback.format_exception(error))
