"""The columns of a table: what numbers they become."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float, Int

from regexp.datasets.scaling import standardized
from regexp.lazy import torch

if TYPE_CHECKING:
    import pandas as pd

FEW = 10
"""So many different whole numbers at most are taken for classes."""


def task_of(target: pd.Series) -> str:
    """Classification for text, true/false and few different whole numbers, else regression."""
    if is_text(target) or target.dtype.kind == "b":
        return "classification"
    present = target.dropna()
    return "classification" if len(set(present)) <= FEW and (present % 1 == 0).all() else "regression"


def is_text(column: pd.Series) -> bool:
    """Whether a column holds texts (or categories) rather than numbers."""
    return str(column.dtype) in ("object", "str", "string", "category")


def is_number(column: pd.Series) -> bool:
    """Whether a column holds numbers, or true and false."""
    return not is_text(column) and column.dtype.kind in "biuf"


def targets(target: pd.Series, task: str) -> tuple[int | None, torch.Tensor]:
    """The number of classes and each row's class in the order of their names, or None and one column of numbers."""
    if task == "regression":
        return None, torch.from_numpy(numbers(target).copy()).unsqueeze(1)
    names = sorted(set(target), key=_order)
    number = {name: i for i, name in enumerate(names)}
    return len(names), torch.tensor([number[name] for name in target])


def encoded(features: pd.DataFrame, training: Int[torch.Tensor, " rows"]) -> Float[torch.Tensor, "n inputs"]:
    """All columns as numbers: numbers standardised, texts as one column of 0 and 1 for each value in the table.

    A value that no training row has is zeros: its column is there, so that all splits have the same features.
    """
    return torch.cat([_one_hot(c, training) if is_text(c) else _scaled(c, training) for _, c in features.items()], 1)


def _scaled(column: pd.Series, training: Int[torch.Tensor, " rows"]) -> Float[torch.Tensor, "n 1"]:
    return standardized(torch.from_numpy(numbers(column).copy()).unsqueeze(1), training)[0]


def _one_hot(column: pd.Series, training: Int[torch.Tensor, " rows"]) -> Float[torch.Tensor, "n levels"]:
    values = [str(value) for value in column]
    levels = {level: i for i, level in enumerate(sorted(set(values)))}
    codes = torch.tensor([levels[value] for value in values])
    table = torch.nn.functional.one_hot(codes, len(levels)).double()
    return table * (table[training].sum(0) > 0)


def numbers(column: pd.Series) -> np.ndarray:
    """The column in float64."""
    return column.to_numpy(dtype=np.float64)


def _order(name: Any) -> tuple[bool, Any]:
    return isinstance(name, str), name
