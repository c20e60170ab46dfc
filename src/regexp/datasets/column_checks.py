"""What keeps the columns of a table from being learned."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from regexp.datasets.advice import drop, listed, rows
from regexp.datasets.columns import FEW, is_number, is_text
from regexp.datasets.numbers_as_text import spoiled

if TYPE_CHECKING:
    import pandas as pd


def problems(table: pd.DataFrame, chosen: Sequence[str], target: str, task: str) -> list[tuple[str, str]]:
    """Everything that keeps these features and this target from being learned, as pairs (field, text)."""
    features = [("features", text) for text in (*_unusable(table[[*chosen]]), *_copies(table, chosen, target))]
    return features + [("target", text) for text in _target(table[target], task)]


def _unusable(features: pd.DataFrame) -> Iterator[str]:
    """Columns that are no features."""
    gaps = {name: n for name, column in features.items() if (n := int(column.isna().sum()))}
    if gaps:
        told = [f"{name} ({rows(n)})" for name, n in gaps.items()]
        yield f"must have no missing values, got {listed(told)}: fill them, delete the rows, or {drop(gaps)}"
    mixed = {name: text for name, column in features.items() if (text := spoiled(column))}
    yield from (f"{text}, or {drop([name])}" for name, text in mixed.items())
    whole = features.drop(columns=[*{**gaps, **mixed}])
    if constant := [name for name, column in whole.items() if column.nunique() == 1]:
        yield f"must not be constant, got {listed(constant)}: {drop(constant)}"
    odd = {name: column.dtype for name, column in whole.items() if not is_text(column) and not is_number(column)}
    if odd:
        told = [f"{name} ({dtype})" for name, dtype in odd.items()]
        yield f"must be numbers or texts, got {listed(told)}: turn them into numbers, or {drop(odd)}"
    if names := [name for name, column in whole.items() if is_text(column) and len(column) > 2 and column.is_unique]:
        yield f"must not be names of rows, got {listed(names)} with another text in every row: {drop(names)}"
    if index := [name for name in features.columns if name.startswith("Unnamed:")]:
        yield f"must have names, got {listed(index)} (an index that was saved with the table?): {drop(index)}"


def _copies(table: pd.DataFrame, chosen: Sequence[str], target: str) -> Iterator[str]:
    """The target in disguise."""
    if same := [name for name in chosen if name != target and table[name].equals(table[target])]:
        yield f"must not hold the target, got {listed(same)} equal to {target!r} in every row: {drop(same)}"


def _target(target: pd.Series, task: str) -> Iterator[str]:
    if n := int(target.isna().sum()):
        yield f"must have no missing values, got {target.name!r} with {n} of {len(target)} rows missing: delete those rows"
        return
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
