"""Writes the files of one run while it trains: history, weights, picture."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from regexp.experiment import Experiment
from regexp.files import checkpoint
from regexp.files.history import RunFolder
from regexp.results import Result, Row


@dataclasses.dataclass(frozen=True)
class Keep:
    """What a run leaves on disk besides its history."""

    tensorboard: bool = True
    curves: bool = True
    save: str = "all"
    """Which weights: all, best, last or none."""


class RunWriter:
    """The files of one run. ``again``: the folder may hold what the run wrote before it was cut."""

    def __init__(self, path: Path, experiment: Experiment, keep: Keep, about: Mapping[str, Any], *, again: bool = False):
        self.path, self.keep, self.about, self.again, self.begun, self.ended = path, keep, about, again, False, False
        self.history = RunFolder(path, experiment, tensorboard=keep.tensorboard)

    def begin(self, settings: Mapping[str, Any], about: Mapping[str, Any], rows: Iterable[tuple[Row, float]] = ()) -> None:
        """Claim the folder and say that the run has begun; beside ``about``, the summary notes what was asked for.

        ``rows``: what the run recorded before it was cut, and when. ``again``: it was in this very folder.
        """
        self.history.begin({**settings, **dataclasses.asdict(self.keep)}, {**self.about, **about}, again=self.again)
        for row, at in rows:
            self.history.add(row, at)
        if self.again:
            self.history.flush()
        self.begun = True

    def end(self, result: Result) -> None:
        """Write what the run ends with; the summary comes last, when everything else is on disk."""
        self._save(result)
        if self.keep.curves:
            from regexp import curves

            curves.draw(result.rows, result.experiment, self.path / "curves.png", result.best_epoch)
        self.history.end(summary(result))
        self.ended = True

    def stop(self, status: str, reason: str) -> None:
        """Note why a run has not reached its end; nothing if it has, or has not begun."""
        if self.begun and not self.ended:
            self.history.end({"status": status, "reason": reason})

    def _save(self, result: Result) -> None:
        folder = self.path / "checkpoints"
        about = {"config_hash": result.experiment.hash(), "sizes": list(result.sizes), "epoch": result.epochs_run}
        if self.keep.save in ("all", "last"):
            weights = {which: result.weights[which] for which in ("last", "final")}
            checkpoint.save(folder / "last.pt", {**about, "weights": weights, **result.snapshot})
        else:
            checkpoint.remove(folder / "last.pt")
        if self.keep.save in ("all", "best") and "best" in result.weights:
            checkpoint.save(folder / "best.pt", {**about, "weights": {"best": result.weights["best"]}})


@contextmanager
def only_here(folder: Path) -> Iterator[None]:
    """The folder, made if it is missing, with no other process training in it until the end of the block.

    Raises ``FileExistsError`` if there is one.
    """
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / ".lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise FileExistsError(
            f"{folder} holds a run already, and a process is training it: wait, or end that process"
        ) from None
    try:
        yield
    finally:
        (folder / ".lock").unlink(missing_ok=True)
        lock.release()


def summary(result: Result) -> dict[str, Any]:
    """A run's result as plain values."""
    return {
        "status": result.status,
        "reason": result.reason,
        **({"warning": result.warning} if result.warning else {}),
        "epochs_run": result.epochs_run,
        "final_epoch": result.final_epoch,
        "final": _metrics(result.final),
        "last": _metrics(result.last),
        "best": result.best,
        "seconds": result.seconds,
        **({"baselines": result.baselines} if result.baselines else {}),
    }


def _metrics(row: Mapping[str, float]) -> dict[str, float]:
    return {name: value for name, value in row.items() if name != "epoch"}
