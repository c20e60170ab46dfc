"""Regularization experiments that answer: which regularizer helps here, how strong, and is the difference real?

``regexp.fit([...])`` trains experiments as one stack; ``regexp.run("seed=range(20)")`` takes the command line's strings;
``regexp.load(folder)`` gives a finished run, or all runs of a study, back.
"""

import importlib
import os
from typing import Any

_HOMES = {
    "fit": "runner",
    "compare": "comparing",
    "convert_strength": "strength",
    "load": "runs",
    "run": "running",
    "Runs": "runs",
    "predict": "prediction",
    "Result": "results",
    "Experiment": "experiment",
    "Diverged": "runner",
    "Invalid": "rules",
    "Search": "component",
    "per_run": "component",
    "require": "rules",
    "Dataset": "datasets.dataset",
    "Data": "datasets.dataset",
    "TensorDataset": "datasets.tensor_dataset",
    "Model": "models.model",
    "Slot": "models.layers",
    "Optimizer": "optim",
    "Regularizer": "regularizers.regularizer",
}

__all__ = list(_HOMES)
__version__ = "0.1.0"


os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")
# Torch takes large tensors in pages of 2 MB then, where Linux has them: a stack of many networks trains up to a quarter faster.


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(importlib.import_module(f"regexp.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'regexp' has no attribute {name!r}")
