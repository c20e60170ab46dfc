"""What experiments must have in common to share a stack."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

from regexp.component import Invalid
from regexp.experiment import Experiment
from regexp.stack.numbers import structure


def structure_of(experiment: Experiment) -> dict[str, Any]:
    """What two experiments must have in common to share a stack."""
    fields = {f.name: getattr(experiment, f.name) for f in dataclasses.fields(experiment) if f.name != "seed"}
    for group in ("dataset", "model", "optimizer"):
        fields |= {f"{group}.{name}": value for name, value in structure(fields.pop(group)).items()}
    fields["regularizers"] = [regularizer.name() for regularizer in fields["regularizers"]]
    for part in experiment.regularizers:
        fields |= {f"regularizer.{part.name()}.{name}": value for name, value in structure(part).items()}
    return fields


def require_one_structure(experiments: Sequence[Experiment]) -> None:
    """Refuse experiments that cannot share a stack, naming what differs."""
    first = structure_of(experiments[0])
    for i, experiment in enumerate(experiments[1:], start=1):
        other = structure_of(experiment)
        for name in [*first, *(name for name in other if name not in first)]:
            if first.get(name) != other.get(name):
                why = f"differs between experiment 0 ({first.get(name)!r}) and {i} ({other.get(name)!r})"
                raise Invalid("stack", [(name, f"{why}, and only per-run numbers may: fit them in separate calls")])
