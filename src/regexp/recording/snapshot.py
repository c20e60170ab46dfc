"""A training as tensors and plain values: all that is needed to go on, bit for bit.

Every draw is a function of (seed, purpose, position), so there is no generator to save: epoch, batch and step say where the
draws go on. All tensors have a leading runs axis and stand by parameter's and regularizer's name, so that the runs of a
snapshot can be taken apart, and put together with others. A snapshot is a dict::

    epoch, batch, step   how far the training is: whole epochs, batches of the next one, steps in all
    tensors              weights, optimizer, go_on, memory, chosen (the best weights so far)
    runs                 for every run: known_as (hash), experiment, data_hashes, seconds, and its history so far
    about                device, threads, versions
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from regexp.program import Program
from regexp.stack.axis import each
from regexp.training import State, start

Snapshot = dict[str, Any]
Row = dict[str, float]


def take(program: Program, state: State) -> Snapshot:
    """Where a training is, without what is known of its runs and of the machine. Tensors are shared, not copied."""
    names = list(program.model.parameters)
    return {
        "epoch": state.epoch,
        "batch": state.batch,
        "step": state.step,
        "tensors": {
            "weights": {name: parameter.detach() for name, parameter in program.model.parameters.items()},
            "optimizer": {name: dict(zip(names, own, strict=True)) for name, own in state.optimizer.items()},
            "go_on": state.go_on,
            "memory": state.memory,
            "chosen": state.chosen,
        },
    }


def restore(program: Program, snapshot: Snapshot) -> State:
    """The program with the weights of the snapshot, whose runs are its runs, and the state to go on from."""
    own = each(torch.clone, snapshot["tensors"])
    there = each(lambda tensor: tensor.to(program.device), {name: own[name] for name in ("weights", "optimizer")})
    program.load(there["weights"])
    state = start(program)
    for name in state.optimizer.keys() & there["optimizer"].keys():
        state.optimizer[name] = [there["optimizer"][name][parameter] for parameter in program.model.parameters]
    for aside in own["chosen"].values():
        aside["weights"] = each(lambda tensor: tensor.to(program.device), aside["weights"])
    state.go_on, state.memory, state.chosen = own["go_on"], own["memory"], own["chosen"]
    state.lr = program.shaped(program.numbers["lr"] * state.go_on.to(program.device))
    state.epoch, state.batch, state.step = (snapshot[name] for name in ("epoch", "batch", "step"))
    return state


def select(snapshot: Snapshot, places: Sequence[int]) -> Snapshot:
    """Some of the runs, in this order; their tensors are copies on the CPU."""
    tensors = each(lambda tensor: tensor[torch.tensor(places, device=tensor.device)].cpu(), snapshot["tensors"])
    runs = {"runs": [snapshot["runs"][place] for place in places]} if "runs" in snapshot else {}
    return {**snapshot, "tensors": tensors, **runs}


def combine(snapshots: Sequence[Snapshot]) -> Snapshot:
    """The runs of several trainings of one structure that are equally far, one after the other."""
    names = sorted({name for snapshot in snapshots for name in snapshot["tensors"]["optimizer"]})
    alike = [_with_optimizer(snapshot["tensors"], names) for snapshot in snapshots]
    tensors = each(lambda *parts: torch.cat(parts), *alike)
    return {**snapshots[0], "tensors": tensors, "runs": [run for snapshot in snapshots for run in snapshot["runs"]]}


def packed(history: Sequence[Row], times: Sequence[float]) -> dict[str, Any]:
    """A run's rows, and when they were measured, as one tensor."""
    values = torch.tensor([list(row.values()) for row in history], dtype=torch.float64)
    return {"columns": list(history[0]) if history else [], "values": values, "times": list(times)}


def history(run: dict[str, Any]) -> list[Row]:
    """The rows that were packed, the same bits."""
    lines = [dict(zip(run["columns"], line, strict=True)) for line in run["values"].tolist()]
    return [{**line, "epoch": int(line["epoch"])} for line in lines]


def _with_optimizer(tensors: dict[str, Any], names: Sequence[str]) -> dict[str, Any]:
    """Runs without momentum have no velocity where all their neighbours had none either: it is zero."""
    zeros = {name: torch.zeros_like(weight) for name, weight in tensors["weights"].items()}
    return {**tensors, "optimizer": {name: tensors["optimizer"].get(name, zeros) for name in names}}
