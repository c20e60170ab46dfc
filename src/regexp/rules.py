"""What a value may be: rules that a component checks its fields by when it is made, all of them at once."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

Rule = Callable[[Any], "str | None"]
"""What is wrong with a value; None if nothing is."""


class Invalid(ValueError):
    """Values that break their rules: all of them at once, as pairs (field, what is wrong)."""

    def __init__(self, owner: str, problems: list[tuple[str, str]]):
        self.problems = problems
        super().__init__("; ".join(f"{owner}.{field} {text}" if field else f"{owner}: {text}" for field, text in problems))


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
