"""What the runs of a stack have in common, and what each has for itself."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

from regexp.component import Component, per_run_fields, without_locations
from regexp.lazy import torch

Numbers = Mapping[str, "torch.Tensor"]
"""Per-run numbers by field, with a leading runs axis; inside ``vmap`` a slot's change sees those of one run."""


def representative(component: Component) -> Any:
    """A copy of the component that knows only its structure: reading a per-run field of it is a TypeError, so that no hook
    can apply one run's number to all.
    """
    kind, clone = type(component), copy.copy(component)
    guards = {field: _guard(f"{kind.__name__}.{field}") for field in per_run_fields(component)}
    object.__setattr__(clone, "__class__", type(kind.__name__, (kind,), {"__slots__": (), **guards}))
    return clone


def _guard(path: str) -> property:
    def refuse(_: Component) -> None:
        raise TypeError(f"{path} differs between the runs of a stack: use numbers[{path.split('.')[-1]!r}]")

    return property(refuse)


def numbers(components: Sequence[Component], device: torch.device, dtype: torch.dtype) -> dict[str, torch.Tensor]:
    """The numeric per-run fields of equal components, stacked: (runs,), or (runs, items) for lists."""
    stacked = {}
    for field in per_run_fields(components[0]):
        column = [getattr(component, field) for component in components]
        if not any(isinstance(value, str) or value is None for value in column):
            stacked[field] = torch.tensor(column, dtype=dtype, device=device)
    return stacked


def structure(component: Any) -> dict[str, Any]:
    """What must be equal in components that share a stack: class, structural fields, and the lengths of per-run lists."""
    fields = without_locations(component)
    for field in per_run_fields(component):
        value = fields.pop(field)
        if isinstance(value, list):
            fields[f"len({field})"] = len(value)
    return {"class": f"{type(component).__module__}.{type(component).__qualname__}", **fields}
