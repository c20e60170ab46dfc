"""A table of your own: CSV, Parquet or NPZ."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from regexp.component import per_run
from regexp.datasets import advice, column_checks, columns, table_files, table_notes
from regexp.datasets.dataset import Data, DataError, Dataset
from regexp.datasets.fractions import RULES, shares, sizes, small, split, too_few
from regexp.datasets.scaling import scaled_targets
from regexp.lazy import torch
from regexp.rules import Invalid, each, one_of, optional, require

if TYPE_CHECKING:
    import pandas as pd

_learnable: set[tuple[str, tuple[str, ...], str, str]] = set()
"""Content, features, target and task of the tables whose columns were found in order: every seed of a sweep loads them anew."""


@dataclasses.dataclass(frozen=True)
class Table(Dataset):
    """The rows of a CSV, Parquet or NPZ file: one column is the target, all others are features.

    Numbers become ``(x - mean) / deviation`` with mean and deviation of the *training* rows. A text column becomes one column
    of 0 and 1 for each of its values (a value that no training row has: zeros). The target of a regression is scaled in the
    same way, so that losses and strengths do not depend on its unit: ``*/loss`` is half the mean squared error over
    the variance of the training targets (their mean as the prediction has 0.5 on the training split), and
    ``*/rmse = deviation * sqrt(2 loss)`` is the root of the mean squared error in the target's own unit.

    ``task``: auto is classification for text, true/false and whole numbers with at most 10 different values, else regression.
    ``features``: a list of columns, null for all others; ``drop``: columns to leave out. Fractions of the rows validate and
    test (classification: of every class); ``val_fraction=0``: no validation split. ``seed``: null splits anew with every
    seed of a run, a number is one fixed split. A run is known by the table's content (``sha256``), wherever the file lies.

    Raises :class:`regexp.Invalid` with everything that is wrong: a missing file or column, two columns of one name, missing,
    infinite and extreme values, numbers spoiled by texts or commas, dates, constant columns, a class with a single member, the
    target or (regression) a linear function of it among the features.
    """

    path: str = dataclasses.field(metadata={"location": True})
    target: str
    task: str = "auto"
    features: Any = None
    drop: Any = ()
    val_fraction: float = 0.2
    test_fraction: float = 0.2
    seed: int | None = per_run(None)
    sha256: str | None = None
    """Of the file; null: of the one that is there. A run's config.yaml holds it, and with another file that run is refused."""

    validation = "val_fraction"
    closed_form = True
    guessed = False
    """Whether ``task`` was auto, and the target has said what it is."""

    def __post_init__(self) -> None:
        require(
            self,
            path=_text,
            target=_text,
            task=one_of("auto", "regression", "classification"),
            features=optional(each(_text, empty=False)),
            drop=each(_text),
            sha256=optional(_text),
            **RULES,
        )
        for name in ("features", "drop"):
            if isinstance(getattr(self, name), list):
                object.__setattr__(self, name, tuple(getattr(self, name)))
        if self.sha256 is None or self.task == "auto":
            table, sha256 = self._read()
            if self.task == "auto":
                object.__setattr__(self, "task", columns.task_of(table[self.target]))
                object.__setattr__(self, "guessed", True)
            self._check(table, sha256)
            object.__setattr__(self, "sha256", self.sha256 or sha256)

    @property
    def sizes(self) -> dict[str, int]:
        table = self._still_there()
        return {} if table is None else sizes(len(table), self.val_fraction, self.test_fraction)

    @property
    def shares(self) -> dict[str, float]:
        return shares(self.val_fraction, self.test_fraction)

    @property
    def notes(self) -> list[str]:
        if (table := self._still_there()) is None:
            return []
        guess = self.guessed and self.task == "classification"
        taken = table_notes.numbers_as_classes(table[self.target]) if guess else []
        features = table[self._chosen(table)]
        labels = table_notes.recoded(features, table[self.target]) if self.task == "classification" else []
        return [*taken, *labels, *table_notes.wide(features), *small(self.sizes)]

    @property
    def resplit(self) -> tuple[str, ...]:
        return tuple(self.shares)

    def load(self, seed: int, dtype: torch.dtype) -> Data:
        table, sha256 = self._read()
        if sha256 != self.sha256:
            why = f"has another content (SHA-256 {sha256}) than the run was made with ({self.sha256})"
            raise DataError(f"{self.path} {why}: restore it, or set dataset.sha256=null for a run with the present one")
        self._check(table, sha256)
        classes, targets = columns.targets(table[self.target], self.task)
        rows = split(targets, classes, self.val_fraction, self.test_fraction, seed)
        inputs = columns.encoded(table[self._chosen(table)], rows["train"])
        if classes:
            return Data(inputs.to(dtype), targets, rows, classes, hashes={"table": sha256})
        scaled, unit = scaled_targets(targets, rows["train"])
        return Data(inputs.to(dtype), scaled.to(dtype), rows, hashes={"table": sha256}, unit=unit)

    def _read(self) -> tuple[pd.DataFrame, str]:
        """The table and the hash of its file; the target is one of its columns."""
        table, sha256 = table_files.read(self.path)
        if self.target not in table.columns:
            raise Invalid("Table", [("target", advice.absent(self.target, table.columns))])
        return table, sha256

    def _still_there(self) -> pd.DataFrame | None:
        """The table that the run was made with; None where it is not: a finished run is read elsewhere too."""
        try:
            table, sha256 = self._read()
        except Invalid:
            return None
        return table if sha256 == self.sha256 else None

    def _chosen(self, table: pd.DataFrame) -> list[str]:
        """The columns that are features, in the table's order."""
        asked = [name for name in table.columns if name != self.target] if self.features is None else self.features
        return [name for name in table.columns if name in asked and name not in self.drop]

    def _check(self, table: pd.DataFrame, sha256: str) -> None:
        problems = [
            (field, advice.absent(name, table.columns))
            for field in ("features", "drop")
            for name in getattr(self, field) or ()
            if name not in table.columns
        ]
        problems += self._overlaps()
        chosen = self._chosen(table)
        if not chosen and not problems:
            problems.append(("features", "must leave at least one column, got none: name fewer columns in drop"))
        known = sha256, tuple(chosen), self.target, self.task
        if known not in _learnable:
            problems += (wrong := column_checks.problems(table, chosen, self.target, self.task))
            if not wrong:
                _learnable.add(known)
        problems += too_few(len(table), self.val_fraction, self.test_fraction)
        if problems:
            raise Invalid("Table", problems)

    def _overlaps(self) -> list[tuple[str, str]]:
        """Columns that are two things at once."""
        found = []
        if self.target in (self.features or ()):
            found.append(("features", f"must not hold the target, got {self.target!r} among them: a model would copy it"))
        if self.target in self.drop:
            found.append(("drop", f"must not hold the target, got {self.target!r} in it: choose another target"))
        if both := sorted(set(self.features or ()) & set(self.drop)):
            found.append(("drop", f"must not hold columns of features, got {', '.join(both)} in both"))
        return found


def _text(value: Any) -> str | None:
    return None if isinstance(value, str) and value else f"must be a text, got {value!r}"
