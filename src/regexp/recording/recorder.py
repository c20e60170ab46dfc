"""Watches a stack train: collects every run's history, and its weights when it ends."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from typing import Any

import torch

from regexp.evaluation import Metrics, penalty_of
from regexp.experiment import Experiment
from regexp.metrics import FINITE
from regexp.program import Program
from regexp.recording.snapshot import Snapshot, history, packed, select, take
from regexp.results import Result, Row
from regexp.training import State


class Recorder:
    """The ``observe`` of :func:`regexp.training.train`.

    ``on_row(run, row)`` is called for every evaluated epoch of a run, ``on_end(run, result)`` when it is over.
    """

    def __init__(
        self,
        experiments: Sequence[Experiment],
        on_row: Callable[[int, dict[str, float]], None],
        on_end: Callable[[int, Result], None],
    ):
        self.experiments, self.on_row, self.on_end = experiments, on_row, on_end
        self.rows: list[list[Row]] = [[] for _ in experiments]
        self.times: list[list[float]] = [[] for _ in experiments]
        """When each row was measured."""
        self._results: dict[int, Result] = {}
        held = [{penalty_of(regularizer.name()) for regularizer in e.regularizers} for e in experiments]
        self._foreign = [set[str]().union(*held) - own for own in held]
        """The penalties that only neighbours have."""

    @property
    def results(self) -> list[Result]:
        """All results, in the order of ``experiments``. Raises ``KeyError`` while there are runs that have not ended."""
        return [self._results[run] for run in range(len(self.experiments))]

    def packed(self, run: int) -> dict[str, Any]:
        """A run's history so far, for its checkpoint."""
        return packed(self.rows[run], self.times[run])

    def finish(self, program: Program, state: State) -> None:
        """End the runs that were over already when they were saved."""
        for place, run in enumerate(state.runs.tolist()):
            if run not in self._results:
                self._results[run] = self._end(program, state, place, run)
                self.on_end(run, self._results[run])

    def timed(self, run: int) -> list[tuple[Row, float]]:
        """A run's rows so far, with the times at which they were measured."""
        return list(zip(self.rows[run], self.times[run], strict=True))

    def go_on(self, saved: Snapshot) -> None:
        """Take up the histories of runs that were saved, in the order of ``experiments``."""
        self.rows = [history(run) for run in saved["runs"]]
        self.times = [list(run["times"]) for run in saved["runs"]]

    def __call__(self, program: Program, state: State, metrics: Metrics, trained: torch.Tensor) -> None:
        columns = torch.stack(list(metrics.values())).T.tolist()
        over = ~state.go_on | (state.epoch == program.spec.epochs)
        for place in trained.nonzero().flatten().tolist():
            run = int(state.runs[place])
            measured = zip(metrics, columns[place], strict=True)
            row = {"epoch": state.epoch, **{name: value for name, value in measured if name not in self._foreign[run]}}
            self.rows[run].append(row)
            self.times[run].append(time.time())
            self.on_row(run, row)
            if over[place]:
                self._results[run] = self._end(program, state, place, run)
                self.on_end(run, self._results[run])

    def _end(self, program: Program, state: State, place: int, run: int) -> Result:
        rows, snapshot = self.rows[run], select(take(program, state), [place])
        last = _first(snapshot["tensors"]["weights"])
        kept, best = (_aside(snapshot["tensors"]["chosen"].get(name)) for name in ("kept", "best"))
        reason = _divergence(rows)
        return Result(
            experiment=self.experiments[run],
            status="diverged" if reason else "completed",
            reason=reason,
            rows=rows,
            final_epoch=kept["epoch"] if kept else state.epoch,
            best_epoch=best["epoch"] if best else None,
            weights={"final": kept["weights"] if kept else last, "last": last, **({"best": best["weights"]} if best else {})},
            sizes=(program.data.features, program.data.outputs),
            snapshot=snapshot,
        )


def _aside(chosen: dict[str, Any] | None) -> dict[str, Any] | None:
    """The weights that were set aside for a run, with their epoch; None if there are none."""
    if chosen is None or chosen["epoch"][0] < 0:
        return None
    return {"epoch": int(chosen["epoch"][0]), "weights": _first(chosen["weights"])}


def _first(weights: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """The weights of the only run, without the runs axis."""
    return {name: weight[0] for name, weight in weights.items()}


def _divergence(rows: Sequence[dict[str, float]]) -> str | None:
    """Why and when a run diverged, or None."""
    for name in FINITE:
        if not math.isfinite(rows[-1].get(name, 0.0)):
            finite = [row["epoch"] for row in rows if math.isfinite(row.get(name, 0.0))]
            since = f"last finite at epoch {finite[-1]}" if finite else "never finite"
            return f"{name} is {rows[-1][name]} at epoch {rows[-1]['epoch']} ({since})"
    return None
