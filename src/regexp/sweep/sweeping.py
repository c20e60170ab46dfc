"""``sweep``: train what is missing in a folder of runs."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

from regexp.config.running import Order
from regexp.sweep.study import FINISHED, held
from regexp.sweep.tally import Tally


def sweep(orders: Sequence[Order], folder: Path, tally: Tally, *, grows: bool, max_stack: int | None = None) -> None:
    """Train the runs that ``folder`` does not hold, and count in ``tally`` how every run ended.

    ``grows``: the folder may hold runs already, and other processes may be adding to it. A run is known by the hash of its
    experiment. One that has not ended is trained again where it lies.
    """
    known = held(folder) if grows else {}
    missing = []
    for order in orders:
        place, status = known.get(order.experiment.hash(), (order.folder, "missing"))
        if status in FINISHED:
            tally.add(place, "reused")
        else:
            missing.append(dataclasses.replace(order, folder=place))
    if missing:
        from regexp.sweep.training import train_missing

        train_missing(missing, folder, tally, grows=grows, max_stack=max_stack)
