"""Command lines that go on from runs on disk: the next strengths, more seeds, a validation split."""

from __future__ import annotations

import math
import shlex
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from regexp.comparison.reading import COMMANDS, Run
from regexp.files.naming import SEARCH_NOTE
from regexp.words import quoted

_FLAGS = ("--config-dir", "--config-name")
_STRIDE = 10
"""The largest factor by which a grid is extended, however far apart its points are."""


def sweep(runs: Sequence[Run], changes: Mapping[str, Sequence[str]], study: str | None = None) -> str | None:
    """The line that trains these runs, with other values for some keys; None for those of searches, or of no command.

    It finds what they found (``--config-dir``, ``--config-name``, ``hydra.searchpath``), and is launched as the last command
    of their folder was (``hydra.launcher``).
    """
    if _search_of(runs):
        return None
    words: dict[str, list[str]] = {}
    signs: dict[str, str] = {}
    for run in runs:
        for override in run.summary.get("overrides") or []:
            key, _, value = override.partition("=")
            bare = key.lstrip("+")
            signs[bare] = key.removesuffix(bare)
            values = words.setdefault(bare, [])
            values += [value] if value not in values else []
    if not words:
        return None
    for key, new in changes.items():
        words[key] = list(new)
    if "seed" in words:
        words["seed"] = [_ranged(words["seed"])]
    if study:
        words["study"] = [study]
    swept = bool(study) or any(len(values) > 1 or "range(" in values[0] for values in words.values())
    typed = [f"{signs.get(key, '')}{key}" + ("" if key[0] == "~" else f"={','.join(v)}") for key, v in words.items()]
    line = ["regexp-train", *_found_by(runs[-1]), *(["-m"] if swept else []), *typed, *(_launched(runs[-1]) if swept else [])]
    return " ".join(map(quoted, line))


def studied(runs: Sequence[Run]) -> str | None:
    """The study that these runs were trained for, whatever their folder is called now."""
    told = [word for run in runs for word in run.summary.get("overrides") or [] if word.startswith("study=")]
    return told[-1].partition("=")[2] if told else None


def with_fresh_seeds(runs: Sequence[Run], seeds: int) -> str | None:
    """The line that repeats the search behind these runs, comparing by that many seeds; None for runs of no search."""
    search = _search_of(runs)
    if search is None:
        return None
    typed = (search / "commands.txt").read_text(encoding="utf-8").splitlines()[-1]
    words = [word for word in shlex.split(typed) if not word.startswith("hydra.sweeper.fresh_seeds=")]
    return " ".join(map(quoted, [*words, f"hydra.sweeper.fresh_seeds={seeds}"]))


def further(values: Iterable[float], *, up: bool, whole: bool, below: float = float("inf")) -> list[float]:
    """The next two points beyond the end of a grid: by its last ratio, at most a factor of 10.

    >>> further([0, 0.1, 1, 10], up=True, whole=False)
    [100.0, 1000.0]
    >>> further([1, 2, 3], up=True, whole=True)
    [6, 12]
    >>> further([0.003, 3, 1000], up=False, whole=False)
    [0.0003, 3e-05]
    """
    grid = sorted(value for value in values if value > 0)
    if len(grid) < 2:
        grid = [grid[0] / 3, grid[0]] if grid else [0.1, 0.3]
    ratio = min(grid[-1] / grid[-2], _STRIDE) if up else max(grid[0] / grid[1], 1 / _STRIDE)
    if whole and up:
        ratio = max(round(ratio), 2)
    end = grid[-1] if up else grid[0]
    points = [float(f"{end * ratio**step:.2g}") for step in (1, 2)]
    if below < float("inf"):  # a rate: halfway to its limit, and again
        points = [float(f"{below - (below - end) / 2**step:.3g}") for step in (1, 2)] if up else points
    return [point for point in dict.fromkeys(round(p) if whole else p for p in points) if point not in (0, end)]


def between(low: float, high: float, *, whole: bool) -> list[float]:
    """The geometric mean of two points; nothing between points that are close (less than a factor of 2) or not positive.

    >>> between(3, 1000, whole=False), between(1, 1.5, whole=False)
    ([55.0], [])
    """
    if low <= 0 or high < 2 * low:
        return []
    middle = float(f"{math.sqrt(low * high):.2g}")
    return [point for point in [round(middle) if whole else middle] if point not in (low, high)]


def _found_by(run: Run) -> list[str]:
    """The flags and the search path by which the run's command found its configuration."""
    words = _words(run.summary.get("command") or "")
    found = []
    for word, following in zip(words, [*words[1:], ""], strict=False):
        if word in _FLAGS:
            found += [word, following]
        elif word.startswith((*(f"{flag}=" for flag in _FLAGS), "hydra.searchpath")):
            found.append(word)
    return found


def _launched(run: Run) -> list[str]:
    """The launcher's options in the last command of the run's folder."""
    try:
        lines = (run.folder.parent / COMMANDS).read_text(encoding="utf-8").splitlines()
    except OSError:
        return []
    last = _words(lines[-1]) if lines else []
    return [word for word in last if word.lstrip("+").startswith(("hydra.launcher.", "hydra/launcher"))]


def _words(line: str) -> list[str]:
    try:
        return shlex.split(line)
    except ValueError:  # a line that a kill tore
        return []


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
