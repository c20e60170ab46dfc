"""The weights of linear models, from the checkpoints of their runs."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from regexp.comparison.reading import Run
from regexp.comparison.settings import Setting
from regexp.comparison.variation import dataset_of
from regexp.files import checkpoint

LINEAR = "regexp.models.linear.Linear"

_FILES = {"final": (("last.pt", "final"), ("best.pt", "best")), "best": (("best.pt", "best"), ("last.pt", "final"))}


def is_linear(setting: Setting) -> bool:
    """Whether the setting's model is our linear one."""
    return setting.fields.get("model._target_") == LINEAR


def saved(setting: Setting, at: str) -> list[tuple[Path, str]]:
    """The checkpoints of the completed runs, and which weights to take from each: what ``at`` asks for, else what is there."""
    runs = [run for run in setting.runs.values() if run.status == "completed"]
    return [found for run in runs if (found := _saved(run, at))]


def mean_weights(setting: Setting, at: str) -> np.ndarray | None:
    """Every weight's mean over seeds, shape (features * outputs,); None if no run kept its weights."""
    loaded = [checkpoint.load_newest(path)["weights"][which] for path, which in saved(setting, at)]
    matrices = [value.numpy().ravel() for weights in loaded for name, value in weights.items() if name.endswith("weight")]
    return np.mean(matrices, axis=0) if matrices else None


def true_weights(setting: Setting) -> np.ndarray | None:
    """The weights that generated the data, where the data set knows them."""
    known = getattr(dataset_of(next(iter(setting.runs.values()))), "true_weights", None)
    return None if known is None else np.asarray(known())


def _saved(run: Run, at: str) -> tuple[Path, str] | None:
    places = ((run.folder / "checkpoints" / name, which) for name, which in _FILES[at])
    return next(((path, which) for path, which in places if path.is_file()), None)
