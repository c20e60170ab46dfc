"""Folders of finished runs, written by the writer of real runs and trained by nobody: their metrics are given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from regexp.datasets import SyntheticRegression
from regexp.experiment import Experiment
from regexp.files.history import RunFolder
from regexp.models import Linear
from regexp.optim import SGD

ONE = Experiment(SyntheticRegression(features=3), Linear(), SGD(0.1), epochs=2, batch_size=5)


def write_run(
    folder: Path,
    experiment: Experiment,
    test: float,
    val: float | None = None,
    *,
    status: str = "completed",
    best: Mapping[str, float] | None = None,
    metrics: Mapping[str, float] | None = None,
    **about: Any,
) -> Path:
    """A run that ended with these losses."""
    final = {"train/loss": test / 2, "test/loss": test, "gap/loss": test / 2, "weights/l2_norm": 1.0, **(metrics or {})}
    final |= {} if val is None else {"val/loss": val}
    path = folder / experiment.hash()
    run = RunFolder(path, experiment, tensorboard=False)
    run.begin({"threads": 1}, {"versions": {"torch": "0"}, "data_hashes": {}, **about})
    for epoch in (0, 1, 2):
        run.add({"epoch": epoch, **{name: value * (3 - epoch) for name, value in final.items()}})
    run.flush()
    if status != "running":
        chosen = None if val is None else {"epoch": 1, **final, **(best or {})}
        ended = {"final": final, "last": final, "best": chosen, "final_epoch": 2, "epochs_run": 2, "seconds": 0.5}
        run.end({"status": status, "reason": None, **(ended if status in ("completed", "diverged") else {})})
    return path


def write_setting(folder: Path, experiment: Experiment, test: Sequence[float], val: Sequence[float] | None = None, **more: Any):
    """One run per seed, from seed 0 on."""
    from dataclasses import replace

    for seed, loss in enumerate(test):
        write_run(folder, replace(experiment, seed=seed), loss, val[seed] if val else None, **more)
