"""Where the chosen setting is the end of its grid: the values to try next, and the command that tries them."""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Sequence
from pathlib import Path

from regexp.comparison.commands import between, further, sweep
from regexp.comparison.labels import short_key
from regexp.comparison.settings import Seed, Setting, split_sizes
from regexp.files.naming import slug
from regexp.words import exact, quoted

_LIMITS = {"rate": 1.0, "input_rate": 1.0, "momentum": 1.0, "label_noise": 1.0}


@dataclasses.dataclass(frozen=True)
class End:
    """A number of the chosen setting that no setting with finished runs exceeds."""

    key: str
    up: bool
    """Whether it is the largest; else the smallest."""
    grid: tuple[float, ...]
    """The values with finished runs."""
    diverged: float | None = None
    """The next value, if all of its runs diverged."""


def ends_of_grids(choice: Setting, settings: Sequence[Setting]) -> list[End]:
    """The numbers of the chosen setting that are the ends of their grids.

    A grid is what the settings have that are equal in everything else. Zero is no end: it is absence; and sizes of splits are
    no candidates.
    """
    found = []
    for key, value in choice.numbers.items():
        others = {k: v for k, v in choice.values.items() if k != key}
        alike = [s for s in settings if key in s.numbers and {k: v for k, v in s.values.items() if k != key} == others]
        lost = {s.numbers[key] for s in alike if {run.status for run in s.runs.values()} == {"diverged"}}
        grid = sorted({s.numbers[key] for s in alike} - lost)
        up = value == grid[-1]
        beyond = [v for v in lost if (v > value if up else v < value)]
        next_ = (min if up else max)(beyond) if beyond else None
        if key not in split_sizes([choice]) and len(grid) + len(lost) > 1 and (up or value == grid[0] > 0):
            found.append(End(key, up, tuple(grid), next_))
    return found


def extension(
    choice: Setting, settings: Sequence[Setting], seeds: Sequence[Seed], study: str | None, of: Sequence[Path]
) -> str:
    """That the choice is the end of its grid, and the command that extends it; nothing where it is none.

    ``of``: the folders that are compared. Without a ``study`` to join, the new runs get one, and both are compared.
    """
    ends = ends_of_grids(choice, settings)
    tried = {end.key: _points(choice, end) for end in ends}
    ends = [end for end in ends if tried[end.key]]
    if not ends:
        return ""
    points = {end.key: tried[end.key] if len(ends) == 1 else [choice.numbers[end.key], *tried[end.key]] for end in ends}
    values = {key: [exact(point) for point in shown] for key, shown in points.items()}
    new = study or (_new_study(of[0].resolve()) if of else None)
    changes = {**values, **({"seed": [str(seed) for seed, _ in seeds]} if len(seeds) > 1 else {})}
    beyond = " or ".join(dict.fromkeys(_beyond(end) for end in ends))
    text = f" That is {' and '.join(_worded(end, choice) for end in ends)}: the best may lie {beyond}"
    line = sweep(list(choice.runs.values()), changes, new)
    if line is None:
        told = "; ".join(f"{short_key(key, choice.values)} to {' and '.join(shown)}" for key, shown in values.items())
        return f"{text}. Extend it: {told}."
    if study:
        return f"{text}. Extend it:\n  {line}"
    return f"{text}. Extend it, and compare both folders together:\n  {line}\n  {_together([*map(str, of), f'outputs/{new}'])}"


def _points(choice: Setting, end: End) -> list[float]:
    whole = isinstance(choice.values[end.key], int)
    if end.diverged is not None:
        return between(*sorted((choice.numbers[end.key], end.diverged)), whole=whole)
    limit = _LIMITS.get(end.key.rpartition(".")[2], math.inf)
    return further(end.grid, up=end.up, whole=whole, below=limit)


def _worded(end: End, choice: Setting) -> str:
    side = "upper" if end.up else "lower"
    grid = f"({short_key(end.key, choice.values)} {_listed(end.grid)})"
    return f"the {side} end of {'its grid' if end.diverged is None else 'what did not diverge'} {grid}"


def _beyond(end: End) -> str:
    return "beyond" if end.diverged is None else f"between it and {end.diverged:g}, which diverged"


def _new_study(folder: Path) -> str:
    """A name that no study has: that of the folder, or of the one above where the folder is named by time."""
    names = [folder.name, folder.parent.name] if re.match(r"\d{4}-\d\d-\d\d", folder.name) else [folder.name]
    found = [f"{slug(name)}-further" for name in reversed(names)]
    return next((name for name in found if not Path("outputs", name).exists()), found[-1])


def _listed(grid: Sequence[float]) -> str:
    return ", ".join(f"{v:g}" for v in grid) if len(grid) <= 6 else f"{grid[0]:g} to {grid[-1]:g} in {len(grid)} values"


def _together(folders: Sequence[str]) -> str:
    return " ".join(map(quoted, ["regexp-compare", *folders]))
