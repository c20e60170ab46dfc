"""Columns of dates that are read as texts, as every CSV has them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from regexp.datasets.columns import is_text

if TYPE_CHECKING:
    import pandas as pd

DATE = r"(\d{4}(?P<year>[-/.])\d{1,2}(?P=year)\d{1,2}|\d{1,2}(?P<day>[-/.])\d{1,2}(?P=day)(\d{4}|\d{2}))"
"""``2020-01-31``, ``31.1.2020``, ``1/31/20``."""
TIME = r"([T ]\s*\d{1,2}:\d{2}.*)?"
CLOCK = r"\d{1,2}:\d{2}(:\d{2}(\.\d*)?)?\s*([AaPp]\.?[Mm]\.?)?"
"""``09:30``, ``9:30 pm``, ``09:30:15``."""


def is_dates(column: pd.Series) -> bool:
    """Whether every cell that is there is the text of a date, perhaps with a time, or of a time alone."""
    if not is_text(column) or not len(present := column.dropna().astype(str)):
        return False
    return bool(present.str.fullmatch(rf"\s*({DATE}{TIME}|{CLOCK})\s*").all())
