"""What is nothing wrong with a table, and easily overlooked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from regexp.datasets.advice import drop
from regexp.datasets.columns import FEW, is_text
from regexp.words import listed

if TYPE_CHECKING:
    import pandas as pd


def numbers_as_classes(target: pd.Series) -> list[str]:
    """Of a target of more than two numbers that nobody has called classes; nothing of texts and true/false."""
    if is_text(target) or target.dtype.kind == "b" or (count := target.nunique()) <= 2:
        return []
    return [f"{target.name}: {count} whole numbers, taken as classes; dataset.task=regression otherwise"]


def recoded(features: pd.DataFrame, target: pd.Series) -> list[str]:
    """Of columns that have a value of their own for every class, in every row."""
    classes = target.factorize()[0]
    same = [str(name) for name, column in features.items() if (column.factorize()[0] == classes).all()]
    return [f"{listed(same)}: another word for {target.name} in every row; if it is the label, {drop(same)}"] if same else []


def wide(features: pd.DataFrame) -> list[str]:
    """Of texts that become many columns: more than ten, and than a tenth of the rows."""
    levels = {name: column.nunique() for name, column in features.items() if is_text(column)}
    return [
        f"{name}: {count} different texts become {count} columns of 0 and 1, for {len(features)} rows"
        for name, count in levels.items()
        if count > max(FEW, len(features) / 10)
    ]
