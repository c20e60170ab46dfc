"""How errors about a table's columns name them, and what to type."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

_PLAIN = re.compile(r"(?!(?:null|true|false|nan|inf)$)[A-Za-z_][A-Za-z0-9_]*", re.IGNORECASE)
"""Names that Hydra's grammar reads as a text without quotes."""


def drop(names: Iterable[str]) -> str:
    """The word of a command line that leaves these columns out.

    >>> print(drop(["a", "b c"]))
    "dataset.drop=[a,'b c']"
    """
    word = f"dataset.drop=[{','.join(map(_as_hydra_reads, names))}]"
    return '"' + re.sub(r'([\\"$`])', r"\\\1", word) + '"'


def absent(name: str, names: Iterable[str]) -> str:
    """What to say of a column that is not among these: the nearest ones."""
    near = difflib.get_close_matches(name, names := list(names), n=3, cutoff=0.5)
    way_out = f"did you mean {' or '.join(near)}?" if near else f"there are {listed(names)}"
    return f"must name a column, got {name!r}: {way_out}"


def listed(names: Iterable[str], most: int = 8) -> str:
    """The first of them, and how many others there are."""
    shown = list(names)
    return ", ".join(shown[:most]) + (f" and {len(shown) - most} more" if len(shown) > most else "")


def rows(number: int) -> str:
    """``1 row``, ``2 rows``."""
    return f"{number} row{'' if number == 1 else 's'}"


def _as_hydra_reads(name: str) -> str:
    return name if _PLAIN.fullmatch(name) else "'" + name.replace("'", "\\'") + "'"
