"""Names of folders that every file system and every shell takes, by what differs between runs."""

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


def flatten(tree: Any, prefix: str = "") -> dict[str, Any]:
    """Nested values by their full keys: ``{"optimizer": {"lr": 0.1}}`` is ``{"optimizer.lr": 0.1}``."""
    if not isinstance(tree, dict):
        return {prefix: tree}
    flat: dict[str, Any] = {}
    for name, branch in tree.items():
        key = f"{prefix}.{name}" if prefix else name
        flat |= flatten(branch, key) if isinstance(branch, dict) else {key: branch}
    return flat
