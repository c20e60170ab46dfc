"""Arrays and tensors of your own, from Python."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from regexp.component import in_memory, per_run
from regexp.datasets.dataset import Data, DataError, Dataset
from regexp.datasets.fractions import RULES, shares, sizes, small, split, too_few
from regexp.datasets.scaling import scaled_targets, standardized
from regexp.lazy import torch
from regexp.rules import Invalid, boolean, each, one_of, optional, require, whole


@dataclasses.dataclass(frozen=True)
class TensorDataset(Dataset):
    """Examples in memory: inputs ``x`` (n, ...), flattened to (n, features), and targets ``y``.

    ``y``: n whole numbers are classes, counted from 0 (false and true are 0 and 1); n numbers, or (n, outputs), are a
    regression; ``task`` says which where auto would be wrong. ``rows``: those of ``train``, ``test`` and, if wanted, ``val``;
    None splits by the fractions, stratified by class, anew for every seed unless ``seed`` is a number. ``standardize``: inputs,
    and a single target, become ``(x - mean) / deviation`` of the training rows, as those of
    :class:`regexp.datasets.table.Table`. ``image``: how features make a picture, (height, width) or (channels, height, width);
    None: as ``x`` of three or four axes has them, else not.

    The content is the identity: a run's config.yaml holds its SHA-256 and no arrays. ``regexp.load`` gives such a run back with
    metrics and model; to train it again, make the data set from the same arrays.

    >>> import torch
    >>> TensorDataset(torch.zeros(10, 3), torch.arange(10) % 2, val_fraction=0.3).sizes
    {'train': 5, 'val': 3, 'test': 2}
    """

    x: Any = in_memory()
    y: Any = in_memory()
    rows: Mapping[str, Sequence[int]] | None = in_memory()
    task: str = "auto"
    val_fraction: float = 0.2
    test_fraction: float = 0.2
    standardize: bool = False
    seed: int | None = per_run(None)
    image: Any = None
    sha256: str | None = None
    """Of the arrays; None: computed."""

    validation = "val_fraction"
    closed_form = True

    def __post_init__(self) -> None:
        require(
            self,
            task=one_of("auto", "regression", "classification"),
            standardize=boolean(),
            image=optional(each(whole(1), empty=False)),
            **RULES,
        )
        if self.image is not None:
            object.__setattr__(self, "image", tuple(self.image))
        if self.x is None and self.sha256 is not None and self.task != "auto":  # from a run's config.yaml
            return
        x, y = _array(self.x, "x"), _array(self.y, "y")
        classes = y.ndim == 1 and y.dtype.kind in "biu"
        object.__setattr__(self, "task", ("classification" if classes else "regression") if self.task == "auto" else self.task)
        if problems := [*_misfits(x, y, self.task), *self._row_problems(len(x))]:
            raise Invalid("TensorDataset", problems)
        if self.image is None and x.ndim in (3, 4):
            object.__setattr__(self, "image", x.shape[1:])
        object.__setattr__(self, "sha256", self.sha256 or _content(x, y, self.rows))

    @property
    def has_validation(self) -> bool:
        return self.val_fraction > 0 if self.rows is None else "val" in self.rows

    @property
    def sizes(self) -> dict[str, int]:
        if self.x is None:
            return {}
        given = {name: len(rows) for name, rows in self.rows.items()} if self.rows is not None else None
        return given or sizes(len(self.x), self.val_fraction, self.test_fraction)

    @property
    def shares(self) -> dict[str, float]:
        return {name: float(size) for name, size in self.sizes.items()} or shares(self.val_fraction, self.test_fraction)

    @property
    def notes(self) -> list[str]:
        return small(self.sizes)

    @property
    def resplit(self) -> tuple[str, ...]:
        return tuple(self.shares) if self.rows is None else ()

    def load(self, seed: int, dtype: torch.dtype) -> Data:
        if self.x is None:
            why = f"lived in memory (SHA-256 {self.sha256})"
            raise DataError(f"the arrays of this TensorDataset {why}: make it again from the same x and y")
        x = torch.from_numpy(_array(self.x, "x").astype(np.float64)).flatten(1)
        targets = torch.from_numpy(_array(self.y, "y").copy())
        classification = self.task == "classification"
        targets = targets.long() if classification else targets.double().reshape(len(x), -1)
        classes = int(targets.max()) + 1 if classification else None
        rows = self._rows(targets, classes, seed)
        unit = None
        if self.standardize:
            x = standardized(x, rows["train"])[0]
            if not classification and targets.shape[1] == 1:
                targets, unit = scaled_targets(targets, rows["train"])
        targets = targets if classification else targets.to(dtype)
        return Data(x.to(dtype), targets, rows, classes, hashes={"arrays": str(self.sha256)}, unit=unit)

    def _rows(self, targets: torch.Tensor, classes: int | None, seed: int) -> dict[str, torch.Tensor]:
        if self.rows is None:
            return split(targets, classes, self.val_fraction, self.test_fraction, seed)
        return {name: torch.tensor(list(map(int, rows))) for name, rows in self.rows.items()}

    def _row_problems(self, examples: int) -> list[tuple[str, str]]:
        if self.rows is None:
            return too_few(examples, self.val_fraction, self.test_fraction)
        if not {"train", "test"} <= set(self.rows) <= {"train", "val", "test"}:
            return [("rows", f"must hold train, test and perhaps val, got {', '.join(self.rows)}")]
        listed = [int(row) for rows in self.rows.values() for row in rows]
        if (
            len(set(listed)) < len(listed)
            or not all(0 <= row < examples for row in listed)
            or not all(map(len, self.rows.values()))
        ):
            return [("rows", f"must be different row numbers below {examples}, some for every split")]
        return []


def _array(values: Any, name: str) -> np.ndarray:
    if values is None:
        raise Invalid("TensorDataset", [(name, "must be given")])
    values = values.detach().cpu() if hasattr(values, "detach") else values
    return np.asarray(values)


def _misfits(x: np.ndarray, y: np.ndarray, task: str) -> list[tuple[str, str]]:
    if x.ndim < 2 or x.dtype.kind not in "biuf":
        return [("x", f"must be numbers of shape (n, features), got {x.dtype} of shape {x.shape}")]
    if len(x) != len(y):
        return [("y", f"must have one target for every example ({len(x)}), got {len(y)}")]
    if not (np.isfinite(x).all() and (y.dtype.kind not in "f" or np.isfinite(y).all())):
        return [("x", "and y must have finite values only")]
    if task == "regression":
        good = y.ndim <= 2 and y.dtype.kind in "biuf"
        return [] if good else [("y", f"must be numbers (n,) or (n, outputs), got {y.dtype} of shape {y.shape}")]
    if y.ndim != 1 or y.dtype.kind not in "biu" or y.min() < 0 or y.max() < 1:
        return [("y", f"must be whole numbers from 0, one class for every example, got {y.dtype} of shape {y.shape}")]
    return []


def _content(x: np.ndarray, y: np.ndarray, rows: Mapping[str, Sequence[int]] | None) -> str:
    digest = hashlib.sha256()
    for array in (x, y):
        digest.update(f"{array.dtype.str} {array.shape}".encode() + np.ascontiguousarray(array).tobytes())
    digest.update(repr({name: list(map(int, rows[name])) for name in sorted(rows)} if rows else None).encode())
    return digest.hexdigest()
