"""What keeps the columns of a table from being learned."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from regexp.datasets.advice import drop
from regexp.datasets.columns import FEW, is_number, is_text, numbers
from regexp.datasets.dates import is_dates
from regexp.datasets.numbers_as_text import spoiled
from regexp.datasets.table_files import WORDS
from regexp.words import counted, listed

if TYPE_CHECKING:
    import pandas as pd


LINEAR = 1e-12
"""A correlation with the target that is nearer to 1 is no coincidence."""


def problems(table: pd.DataFrame, chosen: Sequence[str], target: str, task: str) -> list[tuple[str, str]]:
    """Everything that keeps these features and this target from being learned, as pairs (field, text)."""
    if nested := {name: kind for name in (*chosen, target) if (kind := _nested(table[name]))}:
        rule = "must have one number or text in each cell, got {} ({}): make columns of it, or {}"
        found = [("features", rule.format(name, kind, drop([name]))) for name, kind in nested.items() if name in chosen]
        other = rule.format(target, nested.get(target), "choose another target")
        return [*found, ("target", other)] if target in nested else found
    features = [("features", text) for text in (*_unusable(table[[*chosen]]), *_copies(table, chosen, target, task))]
    return features + [("target", text) for text in _target(table, target, task)]


def _nested(column: pd.Series) -> str | None:
    """What cells hold that are no single values, as Parquet allows."""
    kinds = (type(cell).__name__ for cell in column if isinstance(cell, (list, tuple, dict, set, np.ndarray)))
    return next(kinds, None) if column.dtype == object else None


def _unusable(features: pd.DataFrame) -> Iterator[str]:
    """Columns that are no features."""
    gaps = {name: n for name, column in features.items() if (n := int(column.isna().sum()))}
    if gaps:
        told = [f"{name} ({counted(n, 'row')}{_written(features, name)})" for name, n in gaps.items()]
        rename = _rename(features, gaps)
        yield f"must have no missing values, got {listed(told)}: fill them, delete the rows, {rename}or {drop(gaps)}"
    mixed = {name: text for name, column in features.items() if (text := spoiled(column))}
    yield from (f"{text}, or {drop([name])}" for name, text in mixed.items())
    infinite = {name: n for name, column in features.items() if (n := _infinite(column))}
    if infinite:
        told = [f"{name} ({counted(n, 'row')})" for name, n in infinite.items()]
        yield f"must not be infinite, got {listed(told)}: replace those values, delete the rows, or {drop(infinite)}"
    whole = features.drop(columns=[*{**gaps, **mixed, **infinite}])
    if constant := [name for name, column in whole.items() if column.nunique() == 1]:
        yield f"must not be constant, got {listed(constant)}: {drop(constant)}"
    if extreme := {name: text for name, column in whole.items() if (text := _extreme(column))}:
        told = [f"{name} ({text})" for name, text in extreme.items()]
        yield f"must have squares that are neither infinite nor all 0, got {listed(told)}: rescale it, or {drop(extreme)}"
    odd = {name: column.dtype for name, column in whole.items() if not is_text(column) and not is_number(column)}
    if odd:
        told = [f"{name} ({dtype})" for name, dtype in odd.items()]
        yield f"must be numbers or texts, got {listed(told)}: turn them into numbers, or {drop(odd)}"
    if dated := {name: column.iloc[0] for name, column in whole.items() if is_dates(column)}:
        told = [f"{name} ({day!r})" for name, day in dated.items()]
        way_out = "make numbers of them (a month, days since the first, minutes)"
        yield f"must not be dates or times, got {listed(told)}: {way_out}, or {drop(dated)}"
    texts = {name: column for name, column in whole.items() if is_text(column) and name not in dated}
    if names := [name for name, column in texts.items() if len(column) > 2 and column.is_unique]:
        yield f"must not be names of rows, got {listed(names)} with another text in every row: {drop(names)}"
    if index := [name for name in features.columns if name.startswith("Unnamed:")]:
        yield f"must have names, got {listed(index)} (an index that was saved with the table?): {drop(index)}"


def _written(table: pd.DataFrame, name: str) -> str:
    """The words of a CSV that pandas takes for missing values, such as None and NA."""
    words = table.attrs.get(WORDS, {}).get(name, [])
    return f" that say {listed(map(repr, words))}" if words else ""


def _rename(table: pd.DataFrame, names: Iterable[str]) -> str:
    words = [word for name in names for word in table.attrs.get(WORDS, {}).get(name, [])]
    return f"rename them if they are categories ({words[0]} to no_{words[0].strip('#<>').lower()}), " if words else ""


def _infinite(column: pd.Series) -> int:
    return int(np.isinf(numbers(column)).sum()) if is_number(column) else 0


def _extreme(column: pd.Series) -> str | None:
    """The largest value of numbers whose deviation is not a positive finite number in float64, though they differ."""
    if not is_number(column) or column.nunique() == 1:
        return None
    with np.errstate(over="ignore", invalid="ignore", under="ignore"):
        deviation = numbers(column).std()
    return None if np.isfinite(deviation) and deviation > 0 else f"up to {np.abs(numbers(column)).max():.3g}"


def _copies(table: pd.DataFrame, chosen: Sequence[str], target: str, task: str) -> Iterator[str]:
    """The target in disguise."""
    others = [name for name in chosen if name != target]
    if same := [name for name in others if table[name].equals(table[target])]:
        yield f"must not hold the target, got {listed(same)} equal to {target!r} in every row: {drop(same)}"
    if task != "regression" or len(others) == 1 or (y := _standardized(table[target])) is None:
        return  # a line without noise, y of one x, is a table to learn from
    if linear := [name for name in others if name not in same and _is_linear(table[name], y)]:
        yield f"must not hold the target, got {listed(linear)}, a linear function of {target!r} in every row: {drop(linear)}"


def _is_linear(column: pd.Series, y: np.ndarray) -> bool:
    """Whether the correlation is 1 or -1 to 1e-12: ``1 - |r| = mean((z_x -+ z_y)^2) / 2``, without cancellation."""
    x = _standardized(column)
    return x is not None and len(x) > 2 and bool(min(np.mean((x - y) ** 2), np.mean((x + y) ** 2)) / 2 <= LINEAR)


def _standardized(column: pd.Series) -> np.ndarray | None:
    """The values in deviations from their mean; None where they have no such values."""
    if not is_number(column) or (values := numbers(column)).min() == values.max():
        return None
    with np.errstate(over="ignore", invalid="ignore", under="ignore"):
        deviation = values.std()
    return (values - values.mean()) / deviation if np.isfinite(deviation) and deviation > 0 else None


def _target(table: pd.DataFrame, name: str, task: str) -> Iterator[str]:
    target = table[name]
    if n := int(target.isna().sum()):
        told = f"{name!r} with {n} of {len(target)} rows missing{_written(table, name).replace(' that', ', which')}"
        yield f"must have no missing values, got {told}: {_rename(table, [name]).replace(', ', ', or ')}delete those rows"
    elif n := _infinite(target):
        yield f"must not be infinite, got {target.name!r} with {counted(n, 'row')} infinite: replace or delete them"
    elif text := _extreme(target):
        yield f"must have squares that are neither infinite nor all 0, got {target.name!r} ({text}): rescale it"
    else:
        yield from _unlearnable(target, task)


def _unlearnable(target: pd.Series, task: str) -> Iterator[str]:
    """A target with all its values that is no numbers or no classes."""
    counts = target.value_counts()
    if len(counts) == 1:
        yield f"must not be constant, got {target.name!r}: there is nothing to learn"
    elif (task == "regression" or len(counts) > FEW) and (text := spoiled(target)):
        yield text
    elif task == "regression" and not is_number(target):
        yield f"must be numbers in a regression, got {target.name!r} ({target.dtype}): dataset.task=classification"
    elif task == "classification" and (single := [str(name) for name, count in counts.items() if count == 1]):
        why = "a class needs two members, one to learn from and one to test on"
        way_out = "delete or merge them" + ("" if is_text(target) else ", or dataset.task=regression")
        yield f"must have classes of at least two rows, got {listed(single)} with one: {why}; {way_out}"
