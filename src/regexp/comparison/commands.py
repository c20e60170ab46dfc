"""Command lines that go on from runs on disk: the next strengths, more seeds, a validation split."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from regexp.comparison.reading import Run
from regexp.naming import SEARCH_NOTE, quoted


def sweep(runs: Sequence[Run], changes: Mapping[str, Sequence[str]], study: str | None = None) -> str | None:
    """The line that trains these runs, with other values for some keys; None for those of searches, or of no command."""
    if _search_of(runs):
        return None
    words: dict[str, list[str]] = {}
    for run in runs:
        for override in run.summary.get("overrides") or []:
            key, _, value = override.partition("=")
            values = words.setdefault(key.lstrip("+"), [])
            values += [value] if value not in values else []
    if not words:
        return None
    for key, new in changes.items():
        words[key] = list(new)
    if "seed" in words:
        words["seed"] = [_ranged(words["seed"])]
    if study:
        words["study"] = [study]
    swept = any(len(values) > 1 or "range(" in values[0] for values in words.values())
    head = ["regexp-train", *(["-m"] if swept else [])]
    return " ".join([*head, *(quoted(f"{key}={','.join(values)}") for key, values in words.items())])


def with_fresh_seeds(runs: Sequence[Run], seeds: int) -> str | None:
    """The line that repeats the search behind these runs, comparing by that many seeds; None for runs of no search."""
    search = _search_of(runs)
    if search is None:
        return None
    typed = (search / "commands.txt").read_text(encoding="utf-8").splitlines()[-1]
    words = [word for word in shlex.split(typed) if not word.startswith("hydra.sweeper.fresh_seeds=")]
    return " ".join(map(quoted, [*words, f"hydra.sweeper.fresh_seeds={seeds}"]))


def further(values: Iterable[float], *, up: bool, whole: bool, below: float = float("inf")) -> list[float]:
    """The next two points beyond the end of a grid: by its last ratio where it is positive, else by its last step.

    >>> further([0, 0.1, 1, 10], up=True, whole=False)
    [100.0, 1000.0]
    >>> further([1, 2, 3], up=True, whole=True)
    [6, 12]
    """
    grid = sorted(value for value in values if value > 0)
    if len(grid) < 2:
        grid = [grid[0] / 3, grid[0]] if grid else [0.1, 0.3]
    ratio = grid[-1] / grid[-2] if up else grid[0] / grid[1]
    if whole and up:
        ratio = max(round(ratio), 2)
    end = grid[-1] if up else grid[0]
    points = [float(f"{end * ratio**step:.2g}") for step in (1, 2)]
    if below < float("inf"):  # a rate: halfway to its limit, and again
        points = [float(f"{below - (below - end) / 2**step:.3g}") for step in (1, 2)] if up else points
    return [point for point in dict.fromkeys(round(p) if whole else p for p in points) if point not in (0, end)]


def _search_of(runs: Sequence[Run]) -> Path | None:
    """The folder of the search that trained all these runs."""
    folders = {run.folder.parent.parent for run in runs}
    found = folders.pop() if len(folders) == 1 else None
    return found if found and all((found / name).is_file() for name in (SEARCH_NOTE, "commands.txt")) else None


def _ranged(seeds: Sequence[str]) -> str:
    """``range(10)`` for 0 to 9."""
    if len(seeds) > 2 and sorted(seeds) == sorted(map(str, range(len(seeds)))):
        return f"range({len(seeds)})"
    return ",".join(seeds)
