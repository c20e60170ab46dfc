"""The missing runs of a sweep, trained stack by stack; what goes wrong stays with the runs that it concerns."""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

from tqdm import tqdm
from tqdm.contrib.logging import logging_redirect_tqdm

from regexp import saving
from regexp.component import Invalid
from regexp.config.running import Order
from regexp.datasets.dataset import DataError
from regexp.progress import figures_of
from regexp.results import Result
from regexp.runner import train_stack
from regexp.snapshot import Snapshot
from regexp.sweep.resuming import resumable, tidy
from regexp.sweep.stacks import stacks
from regexp.sweep.study import FINISHED, claim, clear, finished, status_of
from regexp.sweep.tally import Tally
from regexp.writing import Keep, RunWriter

log = logging.getLogger("regexp")

BAR = "{percentage:3.0f}%|{bar}| {n:.0f} of {total} runs [{elapsed}, {remaining} left, {rate_fmt}]"


def train_missing(orders: Sequence[Order], folder: Path, tally: Tally, *, grows: bool, max_stack: int | None) -> None:
    """Train the runs, and count how each ended. Of a folder that grows, only runs are trained that nobody else trains."""
    parts = stacks(orders, max_stack)
    with _bar(len(orders)) as bar:
        for number, stack in enumerate(parts, start=1):
            hashes = {order.experiment.hash(): order for order in stack}
            with claim(folder, hashes) if grows else nullcontext(set(hashes)) as mine:
                ended = finished(folder) if grows else set()
                for known_as, order in hashes.items():
                    if known_as in ended or known_as not in mine:
                        tally.add(order.folder, "reused" if known_as in ended else "elsewhere")
                chosen = [order for known_as, order in hashes.items() if known_as in mine - ended]
                log.info("stack %d of %d: %d runs", number, len(parts), len(chosen))
                _train_or_split(chosen, tally, bar)


def _train_or_split(orders: Sequence[Order], tally: Tally, bar: tqdm) -> None:
    """Train a stack. If it fails, what it has not finished is halved, until every run that fails fails alone."""
    error = _train(orders, tally, bar) if orders else None
    left = [order for order in orders if order.folder not in tally.status]
    if error is None:
        return
    if len(left) > 1 and not _hits_all(error, left):
        log.info("a stack of %d runs failed (%s): trying its halves", len(orders), error)
        _train_or_split(left[: len(left) // 2], tally, bar)
        _train_or_split(left[len(left) // 2 :], tally, bar)
    else:
        log.error("failed: %s", error)
        _leave(left, "failed", f"{type(error).__name__}: {error}", tally, _details(error))


def _hits_all(error: BaseException, orders: Sequence[Order]) -> bool:
    """Whether training again in smaller stacks is no use: data that are nowhere, and files that cannot be written."""
    begun = any(status_of(order.folder) for order in orders)
    return isinstance(error, DataError) or (isinstance(error, OSError) and begun)


def _train(orders: Sequence[Order], tally: Tally, bar: tqdm) -> BaseException | None:
    """Train a stack and say what went wrong."""
    try:
        _train_as_one(orders, tally, bar)
    except KeyboardInterrupt as error:
        left = [order for order in orders if order.folder not in tally.status]
        _leave(left, "interrupted", ": ".join(filter(None, [type(error).__name__, str(error)])), tally)
        raise
    except (Exception, SystemExit) as error:
        return error
    return None


def _train_as_one(orders: Sequence[Order], tally: Tally, bar: tqdm) -> None:
    """Train runs of one structure: together, but for those that were cut and are not equally far."""
    for group, saved in resumable(orders, tally.folder):
        file = saving.of_stack(tally.folder, [order.experiment.hash() for order in group])
        _train_together(group, saved, file, tally, bar)
        saving.remove(file)
        if saved:
            tidy(tally.folder)


def _train_together(orders: Sequence[Order], saved: Snapshot | None, file: Path, tally: Tally, bar: tqdm) -> None:
    done, epochs = len(tally.status), orders[0].experiment.epochs
    for order in orders:
        clear(order.folder)

    def on_end(run: int, result: Result) -> None:
        lines = [f"epoch {row['epoch']}/{epochs}  {figures_of(row)}\n" for row in result.rows]
        _close(orders[run], result.status, "".join(lines), tally)

    def report(program: Any, state: Any, metrics: Any, trained: Any) -> None:
        bar.update(done + len(orders) * state.epoch / epochs - bar.n)

    settings = orders[0].settings
    about = {name: getattr(settings, name) for name in ("device", "threads", "on_divergence", "checkpoint")}
    experiments, writers = [order.experiment for order in orders], [_writer(order) for order in orders]
    train_stack(experiments, writers, about, report, on_end, saved=saved, file=file)


def _writer(order: Order) -> RunWriter:
    settings = order.settings
    keep = Keep(settings.tensorboard, bool(settings.curves), settings.save or "none")
    return RunWriter(order.folder, order.experiment, keep, {"command": order.command, "overrides": order.overrides})


def _leave(orders: Sequence[Order], status: str, reason: str, tally: Tally, details: str = "") -> None:
    """Say in the folders of runs why they have not reached their end."""
    for order in orders:
        noted = status_of(order.folder)
        if noted in FINISHED:  # a run that was there before, in whose place this one was to be written
            tally.add(order.folder, status)
            continue
        if noted in (None, "running"):  # it had not begun, or only just
            clear(order.folder)
            writer = _writer(order)
            writer.begin({}, {})
            writer.stop(status, reason)
        _close(order, status, f"{status}: {details or reason}\n", tally)


def _close(order: Order, status: str, log_text: str, tally: Tally) -> None:
    order.write_asked(order.folder)
    (order.folder / "train.log").write_text(log_text, encoding="utf-8")
    tally.add(order.folder, status)


def _details(error: BaseException) -> str:
    expected = isinstance(error, (DataError, Invalid, OSError))
    return str(error) if expected else "".join(traceback.format_exception(error))


@contextmanager
def _bar(runs: int) -> Iterator[tqdm]:
    """One bar for the whole sweep, on a terminal; log lines go above it."""
    hidden = not sys.stderr.isatty()
    above = nullcontext() if hidden else logging_redirect_tqdm()
    with tqdm(total=runs, unit="run", disable=hidden, bar_format=BAR) as bar, above:
        yield bar
