"""What a component is: a frozen dataclass of plain values, checked when it is made.

Data sets, models, optimizers and regularizers are components. A field marked with :func:`per_run` may differ between the
runs of one stack; every other field is structure, and runs that differ in it cannot be trained together.
"""

from __future__ import annotations

import dataclasses
import functools
import importlib.util
import math
import re
import typing
from collections.abc import Callable
from typing import Any, ClassVar

Rule = Callable[[Any], "str | None"]


class Invalid(ValueError):
    """Values that break their rules: all of them at once, as pairs (field, what is wrong)."""

    def __init__(self, owner: str, problems: list[tuple[str, str]]):
        self.problems = problems
        super().__init__("; ".join(f"{owner}.{field} {text}" if field else f"{owner}: {text}" for field, text in problems))


class Component:
    """Base of everything that a configuration can name. Subclass one of its four kinds, as a frozen dataclass."""

    __dataclass_fields__: ClassVar[dict[str, dataclasses.Field[Any]]]

    @classmethod
    def name(cls) -> str:
        """The class's name in snake case: ``WeightDecay`` is ``weight_decay``."""
        return snake_case(cls.__name__)


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


def is_number(value: Any) -> bool:
    """An int or a float; a bool is neither."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def is_integer(value: Any) -> bool:
    """An int; a bool is none."""
    return isinstance(value, int) and not isinstance(value, bool)


def require(component: Any, **rules: Rule) -> None:
    """Raise one :class:`Invalid` that names every field whose value breaks its rule."""
    problems = [(name, text) for name, rule in rules.items() if (text := rule(getattr(component, name)))]
    if problems:
        raise Invalid(type(component).__name__, problems)


def _rule(holds: Callable[[Any], bool], text: str) -> Rule:
    return lambda value: None if holds(value) else f"must be {text}, got {value!r}"


def at_least(low: float) -> Rule:
    """A finite number >= ``low``."""
    return _rule(lambda v: is_number(v) and math.isfinite(v) and v >= low, f"a finite number >= {low:g}")


def above(low: float) -> Rule:
    """A finite number > ``low``."""
    return _rule(lambda v: is_number(v) and math.isfinite(v) and v > low, f"a finite number > {low:g}")


def within(low: float, high: float, *, closed: bool = False) -> Rule:
    """A number in [low, high), or in [low, high] if ``closed``."""
    bracket = "]" if closed else ")"
    return _rule(
        lambda v: is_number(v) and low <= v and (v <= high if closed else v < high),
        f"a number in [{low:g}, {high:g}{bracket}",
    )


def finite() -> Rule:
    """A finite number."""
    return _rule(lambda v: is_number(v) and math.isfinite(v), "a finite number")


def whole(low: int) -> Rule:
    """An integer >= ``low``."""
    return _rule(lambda v: is_integer(v) and v >= low, f"a whole number >= {low}")


def boolean() -> Rule:
    """True or false, and nothing that only counts as one of them."""
    return _rule(lambda v: isinstance(v, bool), "true or false")


def one_of(*options: Any) -> Rule:
    """One of the options."""
    return _rule(lambda v: v in options, "one of " + ", ".join(map(str, options)))


def optional(rule: Rule) -> Rule:
    """None, or what the rule says."""

    def check(value: Any) -> str | None:
        text = None if value is None else rule(value)
        return text.replace(", got", " or null, got") if text else None

    return check


def each(rule: Rule, *, empty: bool = True) -> Rule:
    """A list whose every item obeys the rule."""

    def check(value: Any) -> str | None:
        if not isinstance(value, (list, tuple)) or not (value or empty):
            return f"must be a {'' if empty else 'non-empty '}list, got {value!r}"
        wrong = next((text for item in value if (text := rule(item))), None)
        return f"holds an item that {wrong}" if wrong else None

    return check


def number_or_list(rule: Rule) -> Rule:
    """One number, or a list of numbers, each obeying the rule."""
    listed = each(rule, empty=False)
    return lambda value: listed(value) if isinstance(value, (list, tuple)) else rule(value)


def finder(package: str) -> Callable[[str], Any]:
    """A module-level ``__getattr__`` that finds a class by its name in the file of that name."""

    def find(name: str) -> Any:
        module = f"{package}.{snake_case(name)}"
        if name[:1].isupper() and importlib.util.find_spec(module):
            return getattr(importlib.import_module(module), name)
        raise AttributeError(f"module {package!r} has no attribute {name!r}")

    return find
