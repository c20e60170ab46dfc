"""Where a training's checkpoint lies, and when it is written.

While a stack trains, its checkpoint is one file for all runs, ``.stacks/<name>.pt`` in the folder that holds their folders; a
run that is trained alone has its own, ``checkpoints/last.pt``. A run is found in either.
"""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from pathlib import Path

from regexp.files import atomic, checkpoint
from regexp.program import Program
from regexp.recording.snapshot import Snapshot, select
from regexp.stopping import Request
from regexp.training import State

log = logging.getLogger("regexp")


class Saver:
    """The ``pause`` of :func:`regexp.training.train`: writes the checkpoint when it is time, and leaves when a signal asks."""

    def __init__(self, file: Path, pace: checkpoint.Pace, request: Request, snapshot: Callable[[Program, State], Snapshot]):
        self.file, self.pace, self.request, self.snapshot = file, pace, request, snapshot
        self._last = time.monotonic()

    def __call__(self, program: Program, state: State) -> None:
        if self.request.number is None and not self._is_time(state):
            return
        over = state.batch == 0 and (state.epoch == program.spec.epochs or not state.go_on.any())
        if not over:  # a run that is over has written more than this
            checkpoint.save(self.file, self.snapshot(program, state))
        self._last = time.monotonic()
        self.request.obey()

    def _is_time(self, state: State) -> bool:
        every, seconds = self.pace.every, self.pace.seconds
        if every is not None and state.batch == 0 and state.epoch % every == 0:
            return True
        return seconds is not None and time.monotonic() - self._last >= seconds


def of_run(folder: Path) -> Path:
    """The checkpoint of a run that is trained alone in its folder, and of one that has ended."""
    return folder / "checkpoints" / "last.pt"


def of_stack(folder: Path, hashes: Collection[str]) -> Path:
    """The checkpoint of runs that are trained together, whose folders are below this one."""
    name = hashlib.sha256("".join(sorted(hashes)).encode()).hexdigest()[:16]
    return folder / ".stacks" / f"{name}.pt"


def of_stacks(folder: Path) -> Iterator[tuple[Path, Snapshot]]:
    """The checkpoints of all stacks; one that cannot be read is told in the log."""
    for file in sorted(folder.glob(".stacks/*.pt")):
        try:
            yield file, checkpoint.load_newest(file)
        except FileNotFoundError:  # another process has just finished it
            continue
        except checkpoint.Unreadable as error:
            log.warning("%s: its runs start again", error)


def remove_stale(folder: Path) -> None:
    """Remove what a killed process left half written."""
    atomic.remove_stale(folder / ".stacks")


def remove(file: Path) -> None:
    """Remove a stack's checkpoint, and the folder if it was the last."""
    checkpoint.remove(file)
    with suppress(OSError):  # there are others, or none was ever written
        file.parent.rmdir()


def find(folder: Path, known_as: str) -> Snapshot | None:
    """The run in ``folder``, as it was saved last: by itself, or as a row of a stack; None if it was not.

    Raises :class:`regexp.files.checkpoint.Unreadable` if its own checkpoint, and the one before, are damaged.
    """
    alone = of_run(folder)
    if alone.exists() and "tensors" in (saved := checkpoint.load_newest(alone)):
        return saved
    found = [row for _, snapshot in of_stacks(folder.parent) if (row := row_of(snapshot, known_as))]
    return max(found, key=lambda snapshot: snapshot["step"], default=None)


def row_of(snapshot: Snapshot, known_as: str) -> Snapshot | None:
    """A run of a snapshot, with the names of those that were trained together with it, if it is there and still trains."""
    places = [place for place, run in enumerate(snapshot.get("runs", ())) if run["known_as"] == known_as]
    if not places or not snapshot["tensors"]["go_on"][places[0]]:
        return None
    row = select(snapshot, places[:1])
    return {**row, "runs": [run | {"together": [other["known_as"] for other in snapshot["runs"]]} for run in row["runs"]]}
