"""Runs of a sweep that were cut: which of them go on together, and from where."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from regexp.files import checkpoint
from regexp.order import Order
from regexp.recording import saving
from regexp.recording.snapshot import Snapshot, combine
from regexp.sweep.study import FINISHED, held
from regexp.words import counted

log = logging.getLogger("regexp")


def resumable(orders: Sequence[Order], folder: Path) -> list[tuple[list[Order], Snapshot | None]]:
    """Orders of one structure in groups that are equally far, each with the snapshot of its runs; None: from the beginning.

    A run is looked for in the checkpoints of all stacks of the sweep's ``folder``, and in its own.
    """
    tidy(folder)
    stacks = [snapshot for _, snapshot in saving.of_stacks(folder)]
    groups: dict[Any, list[tuple[Order, Snapshot | None]]] = {}
    for order in orders:
        saved = _newest(order, stacks)
        groups.setdefault((saved["epoch"], saved["batch"]) if saved else None, []).append((order, saved))
    return [_group(members, folder) for members in groups.values()]


def tidy(folder: Path) -> None:
    """Remove the checkpoints of stacks whose runs have all ended, and what a killed process left half written."""
    saving.remove_stale(folder)
    stacks = list(saving.of_stacks(folder))
    ended = {known_as for known_as, (_, status) in held(folder).items() if status in FINISHED} if stacks else set()
    for file, snapshot in stacks:
        if all(run["known_as"] in ended for run in snapshot["runs"]):
            saving.remove(file)


def _group(members: Sequence[tuple[Order, Snapshot | None]], folder: Path) -> tuple[list[Order], Snapshot | None]:
    orders, found = [order for order, _ in members], [saved for _, saved in members if saved]
    if not found:
        return orders, None
    verb = "goes" if len(orders) == 1 else "go"
    log.info("%s %s on after epoch %d", counted(len(orders), "run"), verb, found[0]["epoch"])
    return orders, combine(found)


def _newest(order: Order, stacks: Sequence[Snapshot]) -> Snapshot | None:
    known_as, alone = order.experiment.hash(), saving.of_run(order.folder)
    found = [row for snapshot in stacks if (row := saving.row_of(snapshot, known_as))]
    if alone.exists():
        try:
            found += [row] if (row := saving.row_of(checkpoint.load_newest(alone), known_as)) else []
        except checkpoint.Unreadable as error:
            log.warning("%s: the run starts again", error)
    return max(found, key=lambda snapshot: snapshot["step"], default=None)
