"""``sweep``: train what is missing in a folder of runs."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

from regexp.launcher import Launcher
from regexp.order import Order
from regexp.sweep.queue import handed_over
from regexp.sweep.study import FINISHED, finished, held
from regexp.sweep.tally import Tally


def sweep(orders: Sequence[Order], folder: Path, tally: Tally, *, grows: bool, launcher: Launcher) -> None:
    """Train the runs that ``folder`` does not hold, and count in ``tally`` how every run ended.

    ``grows``: the folder may hold runs already, and other processes may be adding to it. A run is known by the hash of its
    experiment. One that has not ended is trained again where it lies.
    """
    known = held(folder) if grows else {}
    given = handed_over(orders, folder) if launcher.engine == "submitit" else []
    waiting = {order.experiment.hash() for stack in given for order in stack.orders}
    missing = []
    for order in orders:
        place, status = known.get(order.experiment.hash(), (order.folder, "missing"))
        if order.experiment.hash() in waiting:
            continue
        if status in FINISHED:
            tally.add(place, "reused")
        else:
            missing.append(dataclasses.replace(order, folder=place))
    if missing or given:
        from regexp.sweep.training import train_missing

        try:
            train_missing(missing, given, folder, tally, launcher)
        finally:
            _ask_again(missing, folder, tally)


def _ask_again(orders: Sequence[Order], folder: Path, tally: Tally) -> None:
    """Count how those runs ended that another process was training and has brought to an end by now."""
    others = {order.experiment.hash(): order.folder for order in orders if tally.status.get(order.folder) == "elsewhere"}
    ended = finished(folder, others, (*FINISHED, "failed")) if others else {}
    for known_as, (_, status) in ended.items():
        tally.add(others[known_as], "failed" if status == "failed" else "reused")
