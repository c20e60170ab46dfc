"""Quantities that ``metrics.csv`` does not hold, one file each; found by the name of the file, here or in the current folder.

A diagnostic is a module with ``QUANTITIES``, the names of what it measures, and one of two functions:

* ``of_run(run, **arguments)`` gives the quantities of one finished run (``null_space.outside of plain``);
* ``of_study(study, **arguments)`` gives each quantity as one value per seed (or a list of values, for what needs no runs), and
  stands without a setting (``validated_strength.excess``). If runs diverged, it says so under the key ``diverged``
  (:func:`regexp.textbook.study.count_diverged`).

A run is a :class:`regexp.comparison.reading.Run`: fields, summary and history; its weights are had by
``regexp.load(run.folder)`` if the sweep says ``save=last``. The arguments stand in the protocol under ``arguments``. Take torch
from ``regexp.lazy``. A module may have ``draw(study, title, **arguments)`` for a picture of its own; and for the pictures of
claims ``DOTS``, by quantity what a value of it is called where that is not "a seed", ``settings_of(quantity)``, whose runs
alone a quantity is of, and ``recipe(**arguments)``, what it computes where no run is trained, in few words.

``NONNEGATIVE`` names the quantities that are never negative, such as distances: a claim that one is above 0 could not fail,
and is refused.
"""

from __future__ import annotations

import ast
import difflib
import functools
import importlib
from pathlib import Path
from typing import Any

from regexp.textbook.expression import Term

_HERE = Path(__file__).parent


def quantities() -> dict[str, tuple[str, ...]]:
    """What every diagnostic of the package measures, from its source: to check a protocol nothing is imported."""
    return {name: found["QUANTITIES"] for name, found in _declared().items()}


def is_nonnegative(name: str, quantity: str) -> bool:
    """Whether a diagnostic's quantity is never negative."""
    return quantity in _declares(name).get("NONNEGATIVE", ())


def find(name: str) -> Any:
    """The module of a diagnostic."""
    return importlib.import_module(f"{__name__}.{name}" if name in _declared() else name)


def problem(term: Term) -> str | None:
    """What is wrong with a term that names a diagnostic."""
    if term.diagnostic is None:
        if term.setting is None:
            return f"measures a run and needs 'of SETTING': {term.quantity!r}"
        return None
    name, quantity = term.diagnostic
    if text := unknown(name):
        return text
    known = _declares(name)["QUANTITIES"]
    if quantity in known:
        return None
    return f"names a quantity that {name} does not have, got {quantity!r}: it has {', '.join(known)}"


def unknown(name: str) -> str | None:
    """What is wrong with the name of a diagnostic."""
    try:
        if _declares(name):
            return None
    except (SyntaxError, ValueError) as error:
        return f"names a diagnostic of yours that cannot be read: {error}"
    near = difflib.get_close_matches(name, _declared(), 1)
    known = f"did you mean {near[0]}?" if near else f"known are {', '.join(_declared())}, and yours in the current folder"
    return f"names a diagnostic that is not known, got {name!r}: {known}"


@functools.cache
def _declared() -> dict[str, dict[str, tuple[str, ...]]]:
    return {file.stem: _names(file) for file in sorted(_HERE.glob("*.py")) if file.stem != "__init__"}


def _declares(name: str) -> dict[str, tuple[str, ...]]:
    """The names that a diagnostic declares, the package's or one of the current folder; nothing where there is no such file."""
    own = Path(f"{name}.py")
    return _declared().get(name) or (_names(own) if own.is_file() else {})


def _names(file: Path) -> dict[str, tuple[str, ...]]:
    """The tuples of names that a diagnostic declares; one may be another by its name."""
    found: dict[str, tuple[str, ...]] = {}
    for node in ast.parse(file.read_text(encoding="utf-8"), str(file)).body:
        if isinstance(node, ast.Assign) and (name := getattr(node.targets[0], "id", None)) in ("QUANTITIES", "NONNEGATIVE"):
            same = isinstance(node.value, ast.Name)
            found[name] = found[ast.unparse(node.value)] if same else tuple(ast.literal_eval(node.value))
    if "QUANTITIES" not in found:
        raise ValueError(f"{file} must declare QUANTITIES")
    return found
