"""Names that every file system and every shell takes: of folders, by what differs between runs; words of a command; counts."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from regexp.experiment import Experiment

SEARCH_NOTE = "search.json"
"""The file in the folder of a search that says which of its runs are compared: the others were there to choose a setting."""

SEARCH_TUNING, SEARCH_CHOSEN = "search", "chosen"
"""The folders, below a search's, of the runs that choose and of those that are compared."""

_LONGEST = 80


def slug(text: str) -> str:
    """The text in ``[A-Za-z0-9._+-]`` only, at most 80 characters, without a leading dot or dash."""
    return re.sub(r"[^A-Za-z0-9._+-]+", "-", text).lstrip(".-")[:_LONGEST].rstrip(".-") or "run"


def folder_names(experiments: Sequence[Experiment]) -> list[str]:
    """A name for each: the fields in which they differ, and the experiment's hash, which keeps them apart."""
    trees = [experiment.to_dict() for experiment in experiments]
    flat = [{"regularizer": "+".join(tree["regularizer"]) or "none", **flatten(tree)} for tree in trees]
    first: dict[str, Any] = {}
    for values in flat:
        first |= {name: value for name, value in values.items() if name not in first}
    differing = [name for name in first if any(values.get(name, first[name]) != first[name] for values in flat)]
    short = {name: ".".join(name.split(".")[-2:]) for name in differing}
    parts = [[f"{short[name]}-{values[name]}" for name in differing if name in values] for values in flat]
    names = [f"{slug('+'.join(part))}-{e.hash()}" for part, e in zip(parts, experiments, strict=True)]
    return [name if names.index(name) == i else f"{name}-{i}" for i, name in enumerate(names)]


def quoted(word: str) -> str:
    """In double quotes where bash, zsh, PowerShell or cmd needs them: brackets are patterns in zsh, commas make lists in
    PowerShell, which also takes ``@a`` and cuts ``-a.b`` in two, zsh looks for ``=a``, and single quotes are none in cmd.
    """
    if re.fullmatch(r"(?![@=]|-.*[.:])[A-Za-z0-9_.:/@%+=-]+", word):
        return word
    return '"' + re.sub(r'([\\"$`])', r"\\\1", word) + '"'


def counted(number: int, noun: str) -> str:
    """``1 run``, ``2 runs``."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def exact(value: float) -> str:
    """The number as one would type it, in as many digits as it needs to be read back.

    >>> exact(10.0), exact(0.1234567), exact(1e-6)
    ('10', '0.1234567', '1e-06')
    """
    return short if float(short := f"{value:g}") == value else repr(float(value))


def flatten(tree: Any, prefix: str = "") -> dict[str, Any]:
    """Nested values by their full keys: ``{"optimizer": {"lr": 0.1}}`` is ``{"optimizer.lr": 0.1}``."""
    if not isinstance(tree, dict):
        return {prefix: tree}
    return {k: v for name, branch in tree.items() for k, v in flatten(branch, f"{prefix}.{name}" if prefix else name).items()}
