"""The jobs of a study that wait in a cluster's queue or run there, noted in the study's folder for later commands.

A run that waits is not claimed, since no process lives that could hold its lock. So another command may submit it again in the
same moment, or another engine train it meanwhile: the job that comes second finds it claimed or finished, and leaves it alone.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from regexp.files import atomic
from regexp.order import Order
from regexp.sweep.stack import Stack

NAME = ".submitit"


def place(folder: Path) -> Path:
    """Where submitit keeps the files and the logs of the jobs of a study."""
    return folder / NAME


def note(folder: Path, job: str, stack: Stack) -> None:
    """Note that a job has been submitted. Its name is that of its cluster and its number: ``slurm-123_4``."""
    runs = [order.experiment.hash() for order in stack.orders]
    text = json.dumps({"job": job, "stack": stack.number, "losses": stack.losses, "runs": runs})
    atomic.write(place(folder) / f"{job}.json", text.encode())


def forget(folder: Path, job: str) -> None:
    """A job has come back, or will not."""
    (place(folder) / f"{job}.json").unlink(missing_ok=True)


def handed_over(orders: Sequence[Order], folder: Path) -> list[Stack]:
    """Those of the runs that earlier commands have submitted and not collected, as the stacks that they were."""
    left = {order.experiment.hash(): order for order in orders}
    found = []
    for file in sorted(place(folder).glob("*.json")):
        noted = json.loads(file.read_text(encoding="utf-8"))
        if known := [left.pop(known_as) for known_as in noted["runs"] if known_as in left]:
            found.append(Stack(noted["stack"], known, folder, noted["losses"], noted["job"]))
    return found
