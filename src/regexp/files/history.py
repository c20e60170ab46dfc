"""What one run leaves on disk, apart from weights: ``config.yaml``, ``summary.json``, ``metrics.csv`` and TensorBoard's file.

``metrics.csv`` is the truth, the event file a view of it. Nothing stays open between calls: a sweep holds hundreds of folders.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from regexp.experiment import Experiment
from regexp.files import atomic, events

Row = Mapping[str, float]


class RunFolder:
    """What one run leaves on disk: ``begin``, then ``add`` and ``flush`` while it trains, then ``end``."""

    def __init__(self, path: Path, experiment: Experiment, *, tensorboard: bool = True):
        self.path, self.experiment = path, experiment
        self._events = events.file_in(path) if tensorboard else None
        self._columns: list[str] = []
        self._rows: list[tuple[float, Row]] = []
        self._summary: dict[str, Any] = {}

    def begin(self, settings: Mapping[str, Any], about: Mapping[str, Any], *, again: bool = False) -> None:
        """Claim the folder, made if it is missing, and write what the run is: ``settings`` into ``config.yaml`` beside the
        experiment's own fields, ``about`` (command, versions, device ...) into ``summary.json``.

        Raises ``FileExistsError`` for a folder that holds a run already; ``again`` makes room for it: what the run has
        recorded until now is removed, to be added anew.
        """
        config = {**settings, **self.experiment.to_dict()}
        identity = {"seed": self.experiment.seed, "config_hash": self.experiment.hash()}
        self._summary = {"status": "running", "reason": None, **identity, **about}
        self.path.mkdir(parents=True, exist_ok=True)
        if again:
            self._claim_again(config)
        else:
            self._claim()
            (self.path / "config.yaml").write_text(_to_yaml(config), encoding="utf-8")
        if self._events:
            events.append(self._events, events.opening(self.experiment))

    def add(self, row: Row, at: float | None = None) -> None:
        """Take up one evaluated epoch: ``epoch``, and the metrics by name. The first row decides which metrics there are.

        ``at``: when it was measured, in seconds since 1970; now by default.

        Raises ``ValueError`` for a metric that the first row did not have.
        """
        self._columns = self._columns or ["epoch", *(name for name in row if name != "epoch")]
        if unknown := sorted(set(row) - set(self._columns)):
            raise ValueError(f"metrics.csv has no column {', '.join(unknown)}: the first row must name every metric")
        self._rows.append((time.time() if at is None else at, dict(row)))

    def flush(self) -> None:
        """Append the rows taken up since the last time to ``metrics.csv`` and to the event file."""
        if not self._rows:
            return
        file = self.path / "metrics.csv"
        lines = [_line(row, self._columns) for _, row in self._rows]
        if not file.exists():
            lines.insert(0, ",".join(self._columns))
        text = "".join(f"{line}\n" for line in lines)
        with atomic.naming(file, len(text)), file.open("a", encoding="utf-8", newline="\n") as stream:
            stream.write(text)
        if self._events:
            with atomic.naming(self._events):
                events.append(self._events, [events.scalars(row, at) for at, row in self._rows])
        self._rows.clear()

    def end(self, summary: Mapping[str, Any]) -> None:
        """Write what is left, and the final ``summary.json``: what ``begin`` noted, overridden and completed by ``summary``."""
        self.flush()
        self._summary |= summary
        if self._events:
            events.append(self._events, [events.closing(self._summary["status"])])
        atomic.write(self.path / "summary.json", _to_json(self._summary).encode())

    def _claim_again(self, config: Mapping[str, Any]) -> None:
        for folder in (self.path, self.path / "checkpoints"):
            atomic.remove_stale(folder)
        atomic.write(self.path / "summary.json", _to_json(self._summary).encode())
        atomic.write(self.path / "config.yaml", _to_yaml(config).encode())
        _remove(self.path, "metrics.csv", "events.out.tfevents.*", "curves.png")

    def _claim(self) -> None:
        try:
            with (self.path / "summary.json").open("x", encoding="utf-8", newline="\n") as file:
                file.write(_to_json(self._summary))
        except FileExistsError:
            raise FileExistsError(f"{self.path} holds a run already (summary.json): choose another folder") from None


def discard(folder: Path) -> None:
    """Remove the files of a run that has not ended, so that it can be trained again; other files stay."""
    atomic.remove_stale(folder)
    _remove(folder, "metrics.csv", "config.yaml", "events.out.tfevents.*", "train.log", "curves.png", "summary.json")


def _remove(folder: Path, *patterns: str) -> None:
    for pattern in patterns:
        for file in folder.glob(pattern):
            file.unlink()


def has_ended(folder: Path) -> bool:
    """Whether the run in the folder came to its end; a torn summary says no."""
    try:
        return "final_epoch" in read_summary(folder)
    except (FileNotFoundError, ValueError):
        return False


def read_metrics(folder: Path) -> list[dict[str, float]]:
    """The rows of ``metrics.csv``, by :func:`read_columns`. Without the file: no rows."""
    columns = read_columns(folder)
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def read_columns(folder: Path) -> dict[str, list[float]]:
    """The columns of ``metrics.csv``, the same bits as were written; a missing value is nan. Without rows: no columns.

    A last line without its end was torn by a kill and is dropped. Raises ``ValueError`` that names the file for any other line
    of a wrong length, and for what is no table of numbers by epoch.
    """
    file = folder / "metrics.csv"
    if not file.exists():
        return {}
    try:
        names, *lines = [line.split(",") for line in file.read_text(encoding="utf-8").split("\n")[:-1]] or [["epoch"]]
        if "epoch" not in names:
            raise ValueError("its first line has no column epoch")
        for number, cells in enumerate(lines, start=2):
            if len(cells) != len(names):
                raise ValueError(f"line {number} must have {len(names)} values, got {len(cells)}")
        filled = ([cell or "nan" for cell in cells] if "" in cells else cells for cells in zip(*lines, strict=True))
        columns = {name: list(map(float, cells)) for name, cells in zip(names, filled, strict=False)}
        return columns | {"epoch": list(map(int, columns["epoch"]))} if columns else {}
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{file} is damaged ({error})") from error


def read_summary(folder: Path) -> dict[str, Any]:
    """The content of ``summary.json``. Raises ``ValueError`` that names the file if it is damaged."""
    file = folder / "summary.json"
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{file} is damaged ({error})") from error


def _line(row: Row, columns: list[str]) -> str:
    return ",".join(repr(row[name]) if name in row else "" for name in columns)


def _to_yaml(tree: Mapping[str, Any]) -> str:
    return yaml.dump(tree, Dumper=getattr(yaml, "CSafeDumper", yaml.SafeDumper), sort_keys=False)


def _to_json(tree: Any) -> str:
    return json.dumps(_finite(tree), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _finite(tree: Any) -> Any:
    """NaN and infinity, which JSON does not have, become None."""
    if isinstance(tree, Mapping):
        return {name: _finite(branch) for name, branch in tree.items()}
    if isinstance(tree, (list, tuple)):
        return [_finite(branch) for branch in tree]
    return None if isinstance(tree, float) and not math.isfinite(tree) else tree
