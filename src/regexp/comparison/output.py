"""Where a comparison is written: a folder's own only if it is of all its runs, and of what is asked for by default."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path

from regexp.comparison.reading import OUTPUT, STUDY_MARKS
from regexp.files.naming import slug


def output(folders: Sequence[Path], asked: Sequence[str]) -> Path:
    """``FOLDER/comparison`` for one folder of runs; with options that were ``asked`` for, a folder of their own below that.

    Runs by name, parts of a study and several folders are compared outside of studies, whose whole they do not describe: in
    ``comparison/<names>`` of the nearest folder above that is no part of one.
    """
    places = [Path(folder).resolve() for folder in folders]
    places = list(dict.fromkeys(places))
    above = Path(os.path.commonpath(places))
    base = _outside(above, parts=len(places) > 1)
    whole = len(places) == 1 and base == above
    names = [] if whole else [_named([os.path.relpath(place, base) for place in places])]
    found = base.joinpath(OUTPUT, *names, *([slug("+".join(asked))] if asked else []))
    return Path(os.path.relpath(found))


def _outside(folder: Path, *, parts: bool) -> Path:
    """The folder, or the nearest above it, that is no run and no part of a study; ``parts``: and no study itself."""
    inside = [folder] if (folder / "summary.json").exists() or (parts and _is_study(folder)) else []
    inside += [place for place in folder.parents if _is_study(place)]
    return inside[-1].parent if inside else folder


def _is_study(folder: Path) -> bool:
    return any((folder / mark).exists() for mark in STUDY_MARKS)


def _named(names: Sequence[str]) -> str:
    """The names where they are short, else their beginning with a digest that keeps long ones apart."""
    joined = "+".join(sorted(names))
    found = slug(joined)
    return found if len(joined) < 60 else f"{found[:50]}-{hashlib.sha256(joined.encode()).hexdigest()[:8]}"
