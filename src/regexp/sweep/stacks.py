"""Which runs are trained together."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from regexp.experiment import Experiment
from regexp.lazy import torch
from regexp.order import Order
from regexp.program import load_data, structure_of
from regexp.program.data import EVALUATION_ROWS

log = logging.getLogger("regexp")

BUDGET = 1 << 30
"""Bytes for one stack: fixed, so that what is trained together does not depend on what happens to be free."""

COPIES = 12
"""Of a run's parameters, at most: gradient, two moments, a step's temporaries, best and kept, and the results on the CPU."""


def stacks(orders: Sequence[Order], max_stack: int | None) -> list[list[Order]]:
    """The orders in groups of one structure and equal settings, cut into stacks of ``max_stack`` runs at most.

    None: as many as fit into the memory budget, by an estimate from the structure.
    """
    groups: dict[str, list[Order]] = {}
    for order in orders:
        groups.setdefault(repr((structure_of(order.experiment), order.settings)), []).append(order)
    return [stack for group in groups.values() for stack in _cut(group, max_stack or _size(group))]


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
        log.info("%d runs of one structure: about %.3g MB each, at most %d in a stack of 1 GiB", len(group), need / 1e6, size)
    return size


def bytes_per_run(experiments: Sequence[Experiment]) -> int:
    """An estimate for runs of one structure: copies of the parameters, the activations of an evaluation, data of its own."""
    first = experiments[0]
    other = next((experiment for experiment in experiments if experiment.data_seed != first.data_seed), first)
    data, others = load_data([first, other])
    parameters = list(first.model.build(data.inputs.shape[1], data.outputs).parameters())
    number = torch.finfo(getattr(torch, first.dtype)).bits // 8
    rows = min(max(EVALUATION_ROWS, first.batch_size or 0), max(map(len, data.rows.values())))
    widths = sum(sum(weight.shape) for weight in parameters if weight.dim() > 1)
    own = data.inputs.numel() if others.inputs.data_ptr() != data.inputs.data_ptr() else 0
    indices = 8 * sum(map(len, data.rows.values()))
    return number * (COPIES * sum(p.numel() for p in parameters) + 2 * rows * widths + own) + indices
