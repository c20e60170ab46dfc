"""Sets of regularizers that differ, as one list: what a run does not hold, it has switched off."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterable, Sequence
from graphlib import CycleError, TopologicalSorter

from regexp.regularizers.regularizer import Regularizer, switches


def columns(sets: Sequence[Sequence[Regularizer]]) -> list[list[Regularizer]]:
    """One column for each regularizer that any run holds, with one entry per run.

    A run that does not hold it has it at the values that switch it off, which changes no bit of the run. Every run's own order
    is kept. The sets must be those of one structure: see :func:`regexp.program.require_one_structure`.
    """
    held = [{one.name(): one for one in own} for own in sets]
    order = one_order(held)
    assert order is not None, "the sets contradict each other"
    return [_column(name, held) for name in order]


def one_order(sets: Iterable[Iterable[str]]) -> list[str] | None:
    """All names in an order that agrees with every set's own; None if the sets contradict each other.

    >>> one_order([["l1"], ["dropout", "weight_decay"], ["weight_decay", "l1"]])
    ['dropout', 'weight_decay', 'l1']
    >>> one_order([["l1", "l2"], ["l2", "l1"]])
    """
    before: TopologicalSorter[str] = TopologicalSorter()
    for names in dict.fromkeys(map(tuple, sets)):
        for name in names:
            before.add(name)
        for earlier, later in itertools.pairwise(names):
            before.add(later, earlier)
    try:
        return list(before.static_order())
    except CycleError:
        return None


def _column(name: str, held: Sequence[dict[str, Regularizer]]) -> list[Regularizer]:
    some = next(own[name] for own in held if name in own)
    if all(name in own for own in held):
        return [own[name] for own in held]
    off = switches(some)
    assert off, f"{name} cannot be switched off"
    padding = dataclasses.replace(some, **off)
    return [own.get(name, padding) for own in held]
