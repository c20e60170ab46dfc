"""Which runs are trained together."""

from __future__ import annotations

import collections
import logging
from collections.abc import Iterable, Iterator, Sequence

from regexp.experiment import Experiment
from regexp.lazy import torch
from regexp.order import Order
from regexp.program import load_data, set_of, share_a_list, structure_of
from regexp.program.data import EVALUATION_ROWS
from regexp.program.structure import Set
from regexp.regularizers.regularizer import defines, switches
from regexp.words import counted

log = logging.getLogger("regexp")

BUDGET = 1 << 30
"""Bytes for one stack: fixed, so that what is trained together does not depend on what happens to be free."""

COPIES = 12
"""Of a run's parameters, at most: gradient, two moments, a step's temporaries, best and kept, and the results on the CPU."""

ORDER = 80
"""Bytes an example takes while its epoch's order is drawn: random bits, their ranks, and the rows of inputs and targets."""


def stacks(orders: Sequence[Order], max_stack: int | None) -> list[list[Order]]:
    """The orders in groups that can be trained together, with equal settings, cut into stacks of ``max_stack`` runs at most.

    None: as many as fit into the memory budget, by an estimate from the structure. In a group, runs that hold the same
    regularizers are neighbours, so that a stack pads no more than it must.
    """
    return [stack for group in _groups(orders) for stack in _cut(group, max_stack or _size(group))]


def remark(parts: Sequence[Sequence[Order]]) -> None:
    """Log what was switched off in some runs so that they can share a stack, and which runs cannot for that reason."""
    orders = [order for part in parts for order in part]
    if remarks := [*_padded(parts), *_apart(orders)]:
        log.info("%s in %s: %s", counted(len(orders), "run"), counted(len(parts), "stack"), "; ".join(remarks))


def _groups(orders: Sequence[Order]) -> Iterator[list[Order]]:
    kinds: dict[str, dict[str, list[Order]]] = {}
    for order in orders:
        shared, own = repr((structure_of(order.experiment), order.settings)), repr(set_of(order.experiment))
        kinds.setdefault(shared, {}).setdefault(own, []).append(order)
    for by_set in kinds.values():
        yield from _joined(by_set.values())


def _joined(by_set: Iterable[list[Order]]) -> list[list[Order]]:
    """The runs of each set put to the first sets with which theirs can share a list."""
    groups: list[tuple[list[Set], list[Order]]] = []
    for orders in by_set:
        own = set_of(orders[0].experiment)
        sets, runs = next((group for group in groups if share_a_list([*group[0], own])), ([], []))
        if not sets:
            groups.append((sets, runs))
        sets.append(own)
        runs.extend(orders)
    return [runs for _, runs in groups]


def _padded(parts: Iterable[Sequence[Order]]) -> list[str]:
    found = sorted({name for stack in parts for name in _not_in_all(stack)})
    return [f"{', '.join(found)} switched off where lacking"] if found else []


def _apart(orders: Sequence[Order]) -> list[str]:
    unswitchable = {one.name() for order in orders for one in order.experiment.regularizers if not switches(one)}
    found = sorted(unswitchable & _not_in_all(orders))
    return [f"runs with {', '.join(found)} apart, since nothing switches it off"] if found else []


def _not_in_all(orders: Sequence[Order]) -> set[str]:
    held = collections.Counter(one.name() for order in orders for one in order.experiment.regularizers)
    return {name for name, count in held.items() if count < len(orders)}


def _cut(group: list[Order], size: int) -> list[list[Order]]:
    """In parts of nearly one size."""
    parts = -(-len(group) // size)
    return [group[i * len(group) // parts : (i + 1) * len(group) // parts] for i in range(parts)]


def _size(group: Sequence[Order]) -> int:
    try:
        need = bytes_per_run([order.experiment for order in group])
    except Exception:  # what cannot be built fails when it is trained, with its reason
        return 1
    size = max(1, BUDGET // need)
    if len(group) > 1:
        log.info(
            "%d runs that can share a stack: about %.3g MB each, at most %d in a stack of 1 GiB", len(group), need / 1e6, size
        )
    return size


def bytes_per_run(experiments: Sequence[Experiment]) -> int:
    """An estimate for runs that can share a stack: copies of the parameters, activations, data and order.

    Activations are those of an evaluation, or of a step with their gradients. Where one run changes them (dropout), those of
    every run are written anew for the batch.
    """
    first = experiments[0]
    other = next((experiment for experiment in experiments if experiment.data_seed != first.data_seed), first)
    data, others = load_data([first, other])
    parameters = list(first.model.build(data.inputs.shape[1], data.outputs).parameters())
    number = torch.finfo(first.stored_dtype).bits // 8
    train, longest = len(data.rows["train"]), max(map(len, data.rows.values()))
    batch = min(first.batch_size or train, train)
    noisy = any(defines(one, "wrap") for experiment in experiments for one in experiment.regularizers)
    rows = max(min(EVALUATION_ROWS, longest), 2 * batch) + (batch if noisy else 0)
    widths = sum(sum(weight.shape) for weight in parameters if weight.dim() > 1)
    own = data.inputs.numel() if others.inputs.data_ptr() != data.inputs.data_ptr() else 0
    indices = 8 * sum(map(len, data.rows.values())) + ORDER * train
    return number * (COPIES * sum(p.numel() for p in parameters) + rows * widths + own) + indices
