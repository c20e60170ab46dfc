"""Columns of numbers that are read as texts: because of a few cells that are no numbers, or of decimal commas."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from regexp.datasets.columns import is_text
from regexp.words import listed

if TYPE_CHECKING:
    import pandas as pd


def spoiled(column: pd.Series) -> str | None:
    """What turns a column of numbers into one of texts, and the way out; None for a column that is meant as text.

    It is one of numbers if more than half of its cells, or of its different cells, read as numbers.
    """
    if not is_text(column):
        return None
    counts = column.dropna().astype(str).value_counts()
    points, commas = _are_numbers(counts.index), _are_numbers(counts.index.str.replace(",", "."))
    commas &= ~points
    if commas.any() and _most(counts, points | commas):
        some = listed([repr(text) for text in counts.index[commas]], 3)
        return f"must be numbers with decimal points, got {column.name} with decimal commas ({some}): save with points"
    if points.all() or not _most(counts, points):
        return None
    texts = counts[~points]
    told = f"{column.name} with {listed(map(repr, texts.index), 3)} in {texts.sum()} of {len(column)} cells"
    way_out = "replace them, delete their rows, or rename the numbers if they are categories (1 to c1)"
    return f"must be numbers in every cell or texts in most, got {told}: {way_out}"


def _are_numbers(texts: pd.Index) -> np.ndarray:
    import pandas as pd

    return np.isfinite(pd.to_numeric(texts.to_numpy(dtype=object), errors="coerce").astype(float))


def _most(counts: pd.Series, which: pd.Series) -> bool:
    return bool(2 * which.sum() > len(counts) or 2 * counts[which].sum() > counts.sum())
