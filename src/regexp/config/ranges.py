"""The ranges of the numbers that a search varies: declared beside a regularizer's field, or typed as ``interval(...)``."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import Any

from hydra.core.override_parser.types import Override, ValueType

from regexp.component import Component, per_run_fields
from regexp.config.building import BASES
from regexp.config.construction import hints
from regexp.config.target import component_class
from regexp.words import exact


@dataclasses.dataclass(frozen=True)
class Range:
    """The values that a number may take: from ``low`` to ``high``, both included, evenly in its logarithm if ``log``."""

    low: float
    high: float
    log: bool = False
    whole: bool = False

    def problem(self) -> str | None:
        """What is wrong with the range."""
        if not (math.isfinite(self.low) and math.isfinite(self.high) and self.low < self.high):
            return "must go from one finite number to a larger one"
        return "must begin above 0, as its tag is log" if self.log and self.low <= 0 else None

    def __str__(self) -> str:
        """As Hydra's grammar reads it."""
        inner = f"interval({exact(self.low)},{exact(self.high)})"
        return f"tag(log,{inner})" if self.log else inner


def is_interval(override: Override) -> bool:
    """Whether an override names no values but the ends of a range."""
    return override.value_type == ValueType.INTERVAL_SWEEP


def typed(intervals: Sequence[Override], tree: Mapping[str, Any]) -> tuple[dict[str, Range], list[str]]:
    """The ranges of the command line by key, whole where their fields are, and what is wrong with them.

    ``tree``: the configuration. A key that does not exist is left for the building of the run to refuse.
    """
    ranges, problems = {}, []
    for override in intervals:
        key, text = override.get_key_element(), override.get_value_string()
        *path, field = key.split(".")
        found, kind = _range(override), _kind(path, tree)
        if (kind is None and field in tree) or (kind and field in _fields(kind) and field not in per_run_fields(kind)):
            rule = "must be a list of values (only numbers that may differ within a stack are searched)"
            problems.append(f"{key} {rule}, got {text}: write {key}={exact(found.low)},{exact(found.high)}")
        elif wrong := found.problem():
            problems.append(f"{key} {wrong}, got {text}")
        elif kind and _is_whole(kind, field):
            found = dataclasses.replace(found, low=math.ceil(found.low), high=math.floor(found.high), whole=True)
        ranges[key] = found
    return ranges, problems


def declared(tree: Mapping[str, Any], given: set[str]) -> dict[str, Range]:
    """The ranges worth searching of all regularizers that are switched on, without the keys that are ``given``."""
    ranges = {}
    for name in chosen(tree):
        kind = _kind(["regularizer", name], tree)
        for field in dataclasses.fields(kind) if kind else ():
            key, search = f"regularizer.{name}.{field.name}", field.metadata.get("search")
            if kind and search and key not in given:
                ranges[key] = Range(search.low, search.high, search.log, _is_whole(kind, field.name))
    return ranges


def suggested(tree: Mapping[str, Any]) -> tuple[str, Range] | None:
    """A number of the regularizers that are switched on with a range to search: as declared, else a usual one."""
    for key, found in declared(tree, set()).items():
        return key, found
    for name in chosen(tree):
        kind = _kind(["regularizer", name], tree)
        for field in per_run_fields(kind) if kind else ():
            if kind and _is_whole(kind, field):
                return f"regularizer.{name}.{field}", Range(1, 10, whole=True)
            if kind and _is_float(kind, field):
                return f"regularizer.{name}.{field}", Range(1e-4, 1.0, log=True)
    return None


def chosen(tree: Mapping[str, Any]) -> list[str]:
    """The regularizers that are switched on, in their order."""
    nodes = tree.get("regularizer")
    found = nodes.items() if isinstance(nodes, Mapping) else ()
    return [str(name) for name, node in found if isinstance(node, Mapping) and "_target_" in node]


def _range(override: Override) -> Range:
    found: Any = override.value()
    return Range(float(found.start), float(found.end), "log" in found.tags)


def _kind(path: Sequence[str], tree: Any) -> type[Component] | None:
    """The class of the component at this place; None if there is none."""
    node = tree
    for name in path:
        node = node.get(name) if isinstance(node, Mapping) else None
    try:
        return component_class(node.get("_target_"), BASES[path[0]]) if path and isinstance(node, Mapping) else None
    except (ValueError, KeyError):
        return None


def _fields(kind: type[Component]) -> set[str]:
    return {field.name for field in dataclasses.fields(kind)}


def _is_whole(kind: type, field: str) -> bool:
    hint = hints(kind).get(field)
    return hint in (int, int | None)


def _is_float(kind: type, field: str) -> bool:
    return hints(kind).get(field) in (float, float | None)
