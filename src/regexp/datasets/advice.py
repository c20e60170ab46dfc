"""How errors about a table's columns name them, and what to type."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

from regexp.words import in_quotes, listed, quoted

_PLAIN = re.compile(r"(?!(?:null|true|false|nan|inf)$)[A-Za-z_][A-Za-z0-9_]*", re.IGNORECASE)
"""Names that Hydra's grammar reads as a text without quotes."""


def drop(names: Iterable[str]) -> str:
    """The word of a command line that leaves these columns out.

    >>> print(drop(["a", "b c"]))
    "dataset.drop=[a,'b c']"
    """
    return quoted(f"dataset.drop=[{','.join(map(_as_hydra_reads, names))}]")


def absent(name: str, names: Iterable[str]) -> str:
    """What to say of a column that is not among these: the nearest ones."""
    near = difflib.get_close_matches(name, names := list(names), n=3, cutoff=0.5)
    way_out = f"did you mean {' or '.join(near)}?" if near else f"there are {listed(names)}"
    return f"must name a column, got {name!r}: {way_out}"


def _as_hydra_reads(name: str) -> str:
    return name if _PLAIN.fullmatch(name) else in_quotes(name)
