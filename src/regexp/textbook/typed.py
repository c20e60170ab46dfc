"""What the values in a protocol's file may be, by the type of their field.

By hand, because OmegaConf's types would convert what is refused here (3 to a text), and count no numbers of a pair.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from regexp.rules import is_integer, is_number

Test = Callable[[Any], bool]


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_list_of(test: Test, length: int | None = None) -> Test:
    return lambda value: isinstance(value, list) and all(map(test, value)) and length in (None, len(value))


def _is_printed(value: Any) -> bool:
    return _is_text(value) or is_number(value) or _is_list_of(is_number, 2)(value)


TYPES: dict[str, tuple[str, Test]] = {
    "str": ("a text", _is_text),
    "int": ("a whole number", is_integer),
    "bool": ("true or false", lambda value: isinstance(value, bool)),
    "float": ("a number", is_number),
    "tuple[str, ...]": ("a list of texts", _is_list_of(_is_text)),
    "tuple[float, ...]": ("a list of numbers", _is_list_of(is_number)),
    "tuple[float, float]": ("two numbers", _is_list_of(is_number, 2)),
    "Printed": ("a number, two numbers or a text", _is_printed),
}
"""What is said of a type, and whether a value is of it. A list becomes a tuple. Types that are not here are read elsewhere."""


def problem(value: Any, kind: str) -> str | None:
    """What is wrong with the value of a field that is annotated with ``kind``."""
    name = kind.removesuffix(" | None")
    if name not in TYPES or (value is None and name != kind):
        return None
    said, test = TYPES[name]
    return None if test(value) else f"must be {said}, got {value!r}"
