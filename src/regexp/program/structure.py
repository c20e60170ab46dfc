"""What experiments must have in common to share a stack."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from regexp.experiment import Experiment
from regexp.program.padding import one_order
from regexp.regularizers.regularizer import switches
from regexp.rules import Invalid
from regexp.stack.numbers import structure

Set = dict[str, dict[str, Any]]
"""The structure of every regularizer of a run by its name, in the order of the list."""


def structure_of(experiment: Experiment) -> dict[str, Any]:
    """What must be equal in all experiments of a stack: everything but numbers, and regularizers that can be switched off."""
    fields = {f.name: getattr(experiment, f.name) for f in dataclasses.fields(experiment) if f.name != "seed"}
    for group in ("dataset", "model", "optimizer"):
        fields |= {f"{group}.{name}": value for name, value in structure(fields.pop(group)).items()}
    fields["regularizers"] = sorted(one.name() for one in experiment.regularizers if not switches(one))
    return fields


def set_of(experiment: Experiment) -> Set:
    """The regularizers of a run, for :func:`share_a_list`."""
    return {one.name(): structure(one) for one in experiment.regularizers}


def share_a_list(sets: Sequence[Set]) -> bool:
    """Whether one list can hold all sets: what two of them hold has one structure, and their orders agree."""
    known: Set = {}
    agree = all(known.setdefault(name, own) == own for one in sets for name, own in one.items())
    return agree and one_order(sets) is not None


def require_one_structure(experiments: Sequence[Experiment]) -> None:
    """Refuse experiments that cannot share a stack, naming what differs."""
    first = structure_of(experiments[0])
    known: dict[str, tuple[int, dict[str, Any]]] = {}
    orders: dict[tuple[str, ...], int] = {}
    for i, experiment in enumerate(experiments):
        _require_equal("", (0, first), (i, structure_of(experiment)))
        own = set_of(experiment)
        for name, fields in own.items():
            _require_equal(f"regularizer.{name}.", known.setdefault(name, (i, fields)), (i, fields))
        if orders.setdefault(tuple(own), i) == i and one_order(orders) is None:
            why = f"of experiment {i} ({list(own)}) stand in another order than those before it: give all one order"
            raise Invalid("stack", [("regularizers", why)])


def _require_equal(prefix: str, one: tuple[int, Mapping[str, Any]], other: tuple[int, Mapping[str, Any]]) -> None:
    (i, ours), (j, theirs) = one, other
    for name in [*ours, *(name for name in theirs if name not in ours)]:
        if ours.get(name) != theirs.get(name):
            why = f"differs between experiment {i} ({ours.get(name)!r}) and {j} ({theirs.get(name)!r})"
            only = "only per-run numbers may, and regularizers that can be switched off"
            raise Invalid("stack", [(f"{prefix}{name}", f"{why}, and {only}: fit them in separate calls")])
