"""What a component is: a frozen dataclass of plain values, checked by :mod:`regexp.rules` when it is made.

Data sets, models, optimizers and regularizers are components. A field marked with :func:`per_run` may differ between the
runs of one stack; every other field is structure, and runs that differ in it cannot be trained together.
"""

from __future__ import annotations

import dataclasses
import functools
import importlib.util
import re
import typing
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from regexp.rules import is_number


class Component:
    """Base of everything that a configuration can name. Subclass one of its four kinds, as a frozen dataclass."""

    __dataclass_fields__: ClassVar[dict[str, dataclasses.Field[Any]]]

    @classmethod
    def name(cls) -> str:
        """The class's name in snake case: ``WeightDecay`` is ``weight_decay``."""
        return snake_case(cls.__name__)


@functools.cache
def snake_case(name: str) -> str:
    """``WeightDecay`` -> ``weight_decay``, ``FashionMNIST`` -> ``fashion_mnist``, ``L1Subgradient`` -> ``l1_subgradient``."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


@dataclasses.dataclass(frozen=True)
class Search:
    """The range of a field that is worth searching."""

    low: float
    high: float
    log: bool = False


def per_run(default: Any = dataclasses.MISSING, *, off: float | None = None, search: Search | None = None) -> Any:
    """A dataclass field that may differ between the runs of a stack.

    Hooks receive its values as a tensor with a leading runs axis, ``numbers["field"]``, and must not read ``self.field``
    (which raises: see :func:`regexp.stack.numbers.representative`). ``off``: the value at which a regularizer equals its
    absence bit for bit, once all its fields that have one are off; it can then share a stack with runs that lack it.
    """
    return dataclasses.field(default=default, metadata={"per_run": True, "off": off, "search": search})


def location(default: Any = dataclasses.MISSING) -> Any:
    """A dataclass field that says where something is (a folder, a permission), not what: no part of a run's identity."""
    return dataclasses.field(default=default, metadata={"location": True})


def in_memory() -> Any:
    """A dataclass field for arrays: no configuration can hold it. A hash of it, in a field of its own, must be in its place."""
    return dataclasses.field(default=None, repr=False, compare=False, metadata={"in_memory": True})


def without_locations(component: Component) -> dict[str, Any]:
    """The canonical values of the fields that determine a result."""
    locations = {field.name for field in dataclasses.fields(component) if field.metadata.get("location")}
    return {name: value for name, value in values(component).items() if name not in locations}


def texts(components: Sequence[Component]) -> list[str]:
    """The text of each; that of one which many runs hold is made once."""
    distinct = {id(component): component for component in components}
    made = {place: repr(component) for place, component in distinct.items()}
    return [made[id(component)] for component in components]


def per_run_fields(component: Component | type[Component]) -> tuple[str, ...]:
    """The names of the fields that may differ between the runs of a stack."""
    return tuple(field.name for field in dataclasses.fields(component) if field.metadata.get("per_run"))


def values(component: Component) -> dict[str, Any]:
    """The fields of a component in one canonical form: equal components give equal values (1 and 1.0, list and tuple)."""
    kind: Any = type(component)
    hints = _hints(kind)
    fields = [field.name for field in dataclasses.fields(component) if not field.metadata.get("in_memory")]
    return {name: _canonical(getattr(component, name), hints[name]) for name in fields}


@functools.cache
def _hints(kind: Any) -> dict[str, Any]:
    return typing.get_type_hints(kind)


def _canonical(value: Any, hint: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return [_canonical(item, Any) for item in value]
    if is_number(value) and hint is float:
        return float(value)
    return value


def finder(package: str) -> Callable[[str], Any]:
    """A module-level ``__getattr__`` that finds a class by its name in the file of that name."""

    def find(name: str) -> Any:
        module = f"{package}.{snake_case(name)}"
        if name[:1].isupper() and importlib.util.find_spec(module):
            return getattr(importlib.import_module(module), name)
        raise AttributeError(f"module {package!r} has no attribute {name!r}")

    return find
