"""The columns of a table: what is wrong with them, and what numbers they become."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Sequence
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
    numbers = target.dropna()
    return "classification" if len(set(numbers)) <= FEW and (numbers % 1 == 0).all() else "regression"


def is_text(column: pd.Series) -> bool:
    """Whether a column holds texts (or categories) rather than numbers."""
    return str(column.dtype) in ("object", "str", "string", "category")


def absent(name: str, table: pd.DataFrame) -> str:
    """What to say of a column that the table does not have: the nearest names."""
    near = difflib.get_close_matches(name, table.columns, n=3, cutoff=0.5)
    way_out = f"did you mean {' or '.join(near)}?" if near else f"there are {_listed(table.columns)}"
    return f"must name a column, got {name!r}: {way_out}"


def problems(table: pd.DataFrame, chosen: Sequence[str], target: str, task: str) -> list[tuple[str, str]]:
    """Everything that keeps these features and this target from being learned, as pairs (field, text)."""
    features = [("features", text) for text in (*_unusable(table[[*chosen]]), *_copies(table, chosen, target))]
    return features + [("target", text) for text in _target(table[target], task)]


def targets(target: pd.Series, task: str) -> tuple[int | None, torch.Tensor]:
    """The number of classes and each row's class in the order of their names, or None and one column of numbers."""
    if task == "regression":
        return None, torch.from_numpy(_numbers(target).copy()).unsqueeze(1)
    names = sorted(set(target), key=_order)
    number = {name: i for i, name in enumerate(names)}
    return len(names), torch.tensor([number[name] for name in target])


def encoded(features: pd.DataFrame, training: Int[torch.Tensor, " rows"]) -> Float[torch.Tensor, "n inputs"]:
    """All columns as numbers: numbers standardised, texts as one column of 0 and 1 for each value in the table.

    A value that no training row has is zeros: its column is there, so that all splits have the same features.
    """
    return torch.cat([_one_hot(c, training) if is_text(c) else _scaled(c, training) for _, c in features.items()], 1)


def _scaled(column: pd.Series, training: Int[torch.Tensor, " rows"]) -> Float[torch.Tensor, "n 1"]:
    return standardized(torch.from_numpy(_numbers(column).copy()).unsqueeze(1), training)[0]


def _one_hot(column: pd.Series, training: Int[torch.Tensor, " rows"]) -> Float[torch.Tensor, "n levels"]:
    values = [str(value) for value in column]
    levels = {level: i for i, level in enumerate(sorted(set(values)))}
    codes = torch.tensor([levels[value] for value in values])
    table = torch.nn.functional.one_hot(codes, len(levels)).double()
    return table * (table[training].sum(0) > 0)


def _numbers(column: pd.Series) -> np.ndarray:
    return column.to_numpy(dtype=np.float64)


def _unusable(features: pd.DataFrame) -> Iterator[str]:
    """Columns that are no features."""
    gaps = {name: n for name, column in features.items() if (n := _missing(column))}
    if gaps:
        told = [f"{name} ({n} rows)" for name, n in gaps.items()]
        yield f"must have no missing values, got {_listed(told)}: fill them, delete the rows, or drop={_drop(gaps)}"
    whole = features.drop(columns=list(gaps))
    if constant := [name for name, column in whole.items() if column.nunique() == 1]:
        yield f"must not be constant, got {_listed(constant)}: drop={_drop(constant)}"
    if odd := [f"{name} ({c.dtype})" for name, c in whole.items() if not is_text(c) and c.dtype.kind not in "biuf"]:
        yield f"must be numbers or texts, got {_listed(odd)}: turn them into numbers, or drop them"
    if names := [name for name, column in whole.items() if is_text(column) and len(column) > 2 and column.is_unique]:
        yield f"must not be names of rows, got {_listed(names)} with another text in every row: drop={_drop(names)}"
    if index := [name for name in features.columns if name.startswith("Unnamed:")]:
        yield f"must have names, got {_listed(index)} (an index that was saved with the table?): drop={_drop(index)}"


def _copies(table: pd.DataFrame, chosen: Sequence[str], target: str) -> Iterator[str]:
    """The target in disguise."""
    if same := [name for name in chosen if name != target and table[name].equals(table[target])]:
        yield f"must not hold the target, got {_listed(same)} equal to {target!r} in every row: drop={_drop(same)}"


def _target(target: pd.Series, task: str) -> Iterator[str]:
    if n := _missing(target):
        yield f"must have no missing values, got {target.name!r} with {n} of {len(target)} rows missing: delete those rows"
        return
    counts = target.value_counts()
    if len(counts) == 1:
        yield f"must not be constant, got {target.name!r}: there is nothing to learn"
    elif task == "regression" and (is_text(target) or target.dtype.kind not in "biuf"):
        yield f"must be numbers in a regression, got {target.name!r} ({target.dtype}): task=classification"
    elif task == "classification" and (single := [str(name) for name, count in counts.items() if count == 1]):
        why = "a class needs two members, one to learn from and one to test on"
        way_out = "delete or merge them" + ("" if is_text(target) else ", or task=regression")
        yield f"must have classes of at least two rows, got {_listed(single)} with one: {why}; {way_out}"


def _missing(column: pd.Series) -> int:
    """Rows without a value; infinity is none."""
    if column.dtype.kind == "f":
        return int((~np.isfinite(column)).sum())
    return int(column.isna().sum())


def _order(name: Any) -> tuple[bool, Any]:
    return isinstance(name, str), name


def _drop(names: Iterable[Any]) -> str:
    return f"[{','.join(map(str, names))}]"


def _listed(names: Iterable[Any]) -> str:
    shown = [str(name) for name in names]
    return ", ".join(shown[:8]) + (f" and {len(shown) - 8} more" if len(shown) > 8 else "")
