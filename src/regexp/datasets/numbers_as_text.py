"""Columns of numbers that are read as texts: because of a few cells that are no numbers, of commas, or of a unit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from regexp.datasets.columns import is_text
from regexp.words import listed

if TYPE_CHECKING:
    import pandas as pd

THOUSANDS = r"\s*[+-]?[1-9]\d{0,2}(,\d{3})+(\.\d*)?\s*"
"""Numbers as ``1,200`` and ``1,234,567.8``; what begins with 0 has a decimal comma."""

UNIT = r"\s*[+-]?(?P<before>[^\w\s+.,:-]*)\s*[+-]?(\d[\d,]*\.?\d*|\.\d+)\s*(?P<after>[^\d\s.,:/+-]*)\s*"
"""Numbers as ``$1,200``, ``12%`` and ``3 kg``; what begins with letters, as ``c1``, is a name."""


def spoiled(column: pd.Series) -> str | None:
    """What turns a column of numbers into one of texts, and the way out; None for a column that is meant as text.

    It is one of numbers if more than half of its cells, or of its different cells, read as numbers.
    """
    if not is_text(column):
        return None
    counts = column.dropna().astype(str).value_counts()
    points, thousands = _are_numbers(counts.index), np.asarray(counts.index.str.fullmatch(THOUSANDS), dtype=bool)
    commas = (_are_numbers(counts.index.str.replace(",", ".")) | thousands) & ~points
    if commas.any() and _most(counts, points | commas):
        return f"must be numbers {_commas(str(column.name), counts.index[commas], separate=bool(thousands[commas].all()))}"
    if (unit := _unit(counts)) is not None:
        way_out = f"save it as numbers, without {unit}, or rename them if they are categories (1 to c1)"
        return f"must be numbers, got {column.name} with {unit!r} in its cells ({counts.index[0]!r}): {way_out}"
    if points.all() or not _most(counts, points):
        return None
    texts = counts[~points]
    told = f"{column.name} with {listed(map(repr, texts.index), 3)} in {texts.sum()} of {len(column)} cells"
    way_out = "replace them, delete their rows, or rename the numbers if they are categories (1 to c1)"
    return f"must be numbers in every cell or texts in most, got {told}: {way_out}"


def _commas(name: str, texts: pd.Index, *, separate: bool) -> str:
    """What is wrong with numbers that have commas. ``separate``: all of them may be thousands separators."""
    some = listed(map(repr, texts), 3)
    if not separate:
        return f"with decimal points, got {name} with decimal commas ({some}): save with points"
    first, point = texts[0].replace(",", ""), texts[0].replace(",", ".", 1)
    way_out = f"save without them ({first})"
    if texts.str.count(",").max() == 1 and not texts.str.contains(".", regex=False).any():
        way_out += f", or with points ({point}) if they are decimal commas"
    return f"without thousands separators, got {name} with three digits after each comma ({some}): {way_out}"


def _unit(counts: pd.Series) -> str | None:
    """What stands before or behind the number in most cells, the same in all of these."""
    units = counts.index.to_series().str.extract(f"^{UNIT}$")[["before", "after"]].sum(axis=1, skipna=False)
    found = units[units != ""].dropna()
    if found.empty or not _most(counts, np.asarray(units == found.iloc[0])):
        return None
    return str(found.iloc[0])


def _are_numbers(texts: pd.Index) -> np.ndarray:
    import pandas as pd

    return np.isfinite(pd.to_numeric(texts.to_numpy(dtype=object), errors="coerce").astype(float))


def _most(counts: pd.Series, which: pd.Series) -> bool:
    return bool(2 * which.sum() > len(counts) or 2 * counts[which].sum() > counts.sum())
