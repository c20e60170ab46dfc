"""What is known of the runs of a stack beside their training, for their results and their checkpoints."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from typing import Any

from regexp.baselines import baselines
from regexp.experiment import Experiment
from regexp.program import arrange, load_data
from regexp.recording.snapshot import Snapshot
from regexp.results import Result
from regexp.stability import Known, what_grew, why_diverged

log = logging.getLogger("regexp")


class Facts:
    """Every run's data, its baselines, its share of the seconds since now, and the machine; runs by their number."""

    def __init__(self, experiments: Sequence[Experiment], machine: Mapping[str, Any], saved: Snapshot | None):
        self._started = time.perf_counter()
        self._before = [run["seconds"] for run in saved["runs"]] if saved else [0.0] * len(experiments)
        self.experiments, self.machine = experiments, dict(machine)
        self.order = arrange(experiments)
        """The runs as they stand in the stack."""
        self.stacked = [experiments[run] for run in self.order]
        self.data = load_data(self.stacked)
        """In the order of the stack."""
        self._data = dict(zip(self.order, self.data, strict=True))
        self._baselines = dict(zip(self.order, baselines(self.stacked, self.data), strict=True))
        self._borders: Known = {}

    def hashes(self, run: int) -> dict[str, str]:
        """Of the run's splits."""
        return dict(self._data[run].hashes)

    def about(self, run: int) -> dict[str, Any]:
        """The machine and the data, for the run's summary."""
        folder = self._data[run].folder
        return {**self.machine, "data_hashes": self.hashes(run), **({"data_folder": folder} if folder else {})}

    def identity(self, run: int) -> dict[str, Any]:
        """What a checkpoint must say of the run, its history apart."""
        one = self.experiments[run]
        known = {"known_as": one.hash(), "experiment": one.identity()}
        return {**known, "data_hashes": self.hashes(run), "seconds": self._seconds(run)}

    def complete(self, result: Result, run: int) -> None:
        """Add them to a result, and why it diverged, or is on its way there, where that is known."""
        result.seconds, result.machine, result.baselines = self._seconds(run), self.about(run), self._baselines[run]
        known = self._data[run], self._borders
        if result.status == "diverged" and (why := why_diverged(result.experiment, *known)):
            result.reason = f"{result.reason}: {why}"
            log.info("diverged: %s", why)
        elif result.status == "completed" and (text := what_grew(result.experiment, result.rows[0], result.last, *known)):
            result.warning = text
            log.warning("warning: %s", text)

    def _seconds(self, run: int) -> float:
        return self._before[run] + (time.perf_counter() - self._started) / len(self.experiments)
