"""How what is printed writes words of a command, counts, exact numbers and lists."""

from __future__ import annotations

import re
from collections.abc import Iterable

LISTED = 5
"""How many names a sentence holds, unless it says otherwise."""


def quoted(word: str) -> str:
    """In double quotes where bash, zsh, PowerShell or cmd needs them: brackets are patterns in zsh, commas make lists in
    PowerShell, which also takes ``@a`` and cuts ``-a.b`` in two, zsh looks for ``=a``, and single quotes are none in cmd.
    """
    if re.fullmatch(r"(?![@=]|-.*[.:])[A-Za-z0-9_.:/@%+=-]+", word):
        return word
    return '"' + re.sub(r'([\\"$`])', r"\\\1", word) + '"'


def in_quotes(text: str) -> str:
    """As Hydra's grammar reads any text, blanks, commas and apostrophes included.

    >>> print(in_quotes("it's a, b"))
    'it\\'s a, b'
    """
    return "'" + text.replace("'", "\\'") + "'"


def counted(number: int, noun: str) -> str:
    """``1 run``, ``2 runs``."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def duration(seconds: float) -> str:
    """``45 s``, ``3.2 min``, ``1.5 h``."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.1f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def exact(value: float) -> str:
    """The number as one would type it, in as many digits as it needs to be read back.

    >>> exact(10.0), exact(0.1234567), exact(1e-6)
    ('10', '0.1234567', '1e-06')
    """
    return short if float(short := f"{value:g}") == value else repr(float(value))


def listed(names: Iterable[str], most: int = LISTED) -> str:
    """``a, b and 2 more``."""
    shown = list(names)
    return ", ".join(shown[:most]) + (f" and {len(shown) - most} more" if len(shown) > most else "")
