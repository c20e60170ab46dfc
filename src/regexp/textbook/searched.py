"""What a search has chosen for every setting of an experiment, and from which ranges, from the search's own records."""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from regexp.comparison.reading import Run
from regexp.config.ranges import Range
from regexp.files.naming import SEARCH_CHOSEN
from regexp.textbook.study import Study
from regexp.textbook.wording import number

if TYPE_CHECKING:
    from regexp.search.asking import Asked

NAMES = {"lr": "learning rate", "l1": "L1", "l2": "L2", "max_norm": "max-norm"}
"""What the table calls parts of a key."""
COLUMNS = ("set", "settings tried", "chosen by validation", "searched")


def searched(study: Study) -> list[list[str]]:
    """A row of ``COLUMNS`` per setting whose runs a search chose; none where nothing was searched."""
    return [
        [_label(name, study), str(len(asked.settings)), _values(run, asked), _ranges(asked)]
        for name, run, asked in _chosen(study)
    ]


def _chosen(study: Study) -> Iterator[tuple[str, Run, Asked]]:
    """Settings of which a search chose the runs, one of these, and the space that it is from."""
    chosen = {name: runs[0] for name in study.settings if (runs := [run for run in study.matching(name) if _is_chosen(run)])}
    spaces = _spaces({run.folder.parent.parent for run in chosen.values()})
    for name, run in chosen.items():
        if asked := next((one for one in spaces if _is_from(run, one)), None):
            yield name, run, asked


def _values(run: Run, asked: Asked) -> str:
    """``learning rate 0.001, dropout rate 0.5``: what a search chose."""
    return ", ".join(f"{_short(key)} {number(_value(run, key))}" for key in asked.ranges)


def _ranges(asked: Asked) -> str:
    return ", ".join(f"{_short(key)} {_words(found)}" for key, found in asked.ranges.items())


def _is_chosen(run: Run) -> bool:
    return run.folder.parent.name == SEARCH_CHOSEN


def _spaces(folders: set[Path]) -> list[Asked]:
    """All that was searched in these studies; nothing where Optuna is not installed, which keeps the ranges."""
    if not folders or importlib.util.find_spec("optuna") is None:
        return []
    from regexp.search.asking import stored

    return [one for folder in sorted(folders) for one in stored(folder / "search.db")]


def _is_from(run: Run, asked: Asked) -> bool:
    """Whether the run has the regularizers of this space, and the values of one of its settings."""
    names = " + ".join(run.fields["regularizer"]) or "none"
    return asked.label.rpartition(", ")[2] == names and any(_agrees(run, setting) for setting in asked.settings)


def _agrees(run: Run, setting: Mapping[str, float]) -> bool:
    return all(math.isclose(_value(run, key), value, rel_tol=1e-5, abs_tol=1e-12) for key, value in setting.items())


def _value(run: Run, key: str) -> float:
    found: Any = run.fields.get(key)
    return float(found) if isinstance(found, int | float) else math.nan


def _label(name: str, study: Study) -> str:
    return " ".join(study.label(name).split())


def _short(key: str) -> str:
    """``optimizer.lr`` as ``learning rate``, ``regularizer.l1.strength`` as ``L1 strength``."""
    return " ".join(NAMES.get(part, part.replace("_", " ")) for part in key.split(".")[1:])


def _words(found: Range) -> str:
    return f"{number(found.low)} to {number(found.high)}{' (logarithmic)' if found.log else ''}"
