"""Which files of a search's folder hold the record of a command: each search has its own, and overwrites none of another's."""

from __future__ import annotations

import csv
import itertools
from collections.abc import Sequence
from pathlib import Path

from regexp.search.outcomes import Searched


def record(found: Sequence[Searched], folder: Path) -> str:
    """The name, without its ending, of this search's record: ``search``, or ``search-2`` and so on where another search of the
    study has that one. The same sets, with the same values wherever both have tried a setting, are the same search.
    """
    names = (f"search-{number}" if number > 1 else "search" for number in itertools.count(1))
    return next(name for name in names if _is_free(folder / f"{name}.csv", found))


def _is_free(file: Path, found: Sequence[Searched]) -> bool:
    if not file.exists():
        return True
    with file.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    tried = {(one.space.label, str(outcome.number)): outcome.values for one in found for outcome in one.outcomes}
    held = {(row["set"], row["setting"]): row for row in rows}
    both = tried.keys() & held.keys()
    alike = all(held[key].get(name) == str(value) for key in both for name, value in tried[key].items())
    return alike and {name for name, _ in tried} == {name for name, _ in held}
