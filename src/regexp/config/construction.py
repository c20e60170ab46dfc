"""Dataclasses made from untyped values: the class itself is the schema."""

from __future__ import annotations

import dataclasses
import functools
import types
import typing
from collections.abc import Mapping
from typing import Any

from omegaconf import MISSING, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from regexp.config.wording import Problems, unknown_key
from regexp.rules import Invalid

_MISSED = "must be given"
_WORDS = {float: "a number", int: "a whole number", bool: "true or false", str: "a text"}


def construct(
    kind: type, given: Mapping[str, Any], prefix: str, problems: Problems, *, forgive: bool = False, **made: Any
) -> Any:
    """``kind(**given, **made)``, with the values ``given`` converted to their fields' types.

    What is wrong joins ``problems``, and then an object comes back that has passed no check: it serves to find out what else is
    wrong. ``forgive``: an unforeseen exception is no problem, because it follows from known ones.
    """
    fields = {field.name: field for field in dataclasses.fields(kind) if field.init}
    values = {name: MISSING for name, field in fields.items() if _is_required(field)} | made
    wrong: Problems = {}
    for name, value in given.items():
        if name in fields:
            values[name], text = typed(value, hints(kind).get(name, Any))
            wrong |= {name: text} if text else {}
        else:
            wrong[name] = unknown_key(f"{prefix}{name}", [prefix + known for known in fields])
    wrong |= {name: _MISSED for name, value in values.items() if isinstance(value, str) and value == MISSING}
    unchecked = _unchecked(kind, values)
    try:
        if not wrong:
            return kind(**values)
        getattr(unchecked, "__post_init__", lambda: None)()
    except Invalid as invalid:
        wrong |= {name: text for name, text in _by_field(invalid, prefix).items() if wrong.get(name) != _MISSED}
    except Exception as error:  # a component of the user's own may fail in any way
        wrong |= {} if wrong or forgive else {"": f"cannot be made: {type(error).__name__}: {error}"}
    problems |= {f"{prefix}{name}".rstrip("."): text for name, text in wrong.items()}
    return unchecked


def _by_field(invalid: Invalid, prefix: str) -> Problems:
    """One text for each field; a field's further problems follow in lines of their own."""
    texts: dict[str, list[str]] = {}
    for name, text in invalid.problems:
        texts.setdefault(name, []).append(text)
    return {name: f"\n{prefix}{name} ".join(several) for name, several in texts.items()}


def typed(value: Any, hint: Any) -> tuple[Any, str | None]:
    """The value as the type of its field, by OmegaConf's conversions, and what is wrong with it. Lists become tuples."""
    if isinstance(value, (int, float, str, bool, type(None))):
        kind: Any = type(value)
        return _typed_scalar(value, kind, hint)
    return _converted(value, hint)


@functools.lru_cache(maxsize=4096)
def _typed_scalar(value: Any, kind: Any, hint: Any) -> tuple[Any, str | None]:
    """One conversion for all runs of a sweep; ``kind`` tells 1, 1.0 and true apart."""
    return _converted(value, hint)


def _converted(value: Any, hint: Any) -> tuple[Any, str | None]:
    schema = _schema(hint)
    if schema is None or value == MISSING:
        return _frozen(value), None
    try:
        schema.value = value
        container = typing.cast("dict[str, Any]", OmegaConf.to_container(schema))
        return _frozen(container["value"]), None
    except OmegaConfBaseException:
        return value, f"must be {_describe(hint)}, got {value!r}"


@functools.cache
def _schema(hint: Any) -> Any:
    """A configuration with one typed value; None for a type that OmegaConf cannot express, which the class checks itself."""
    if hint is Any:
        return None
    try:
        return OmegaConf.structured(dataclasses.make_dataclass("Schema", [("value", hint)]))
    except OmegaConfBaseException:
        return None


@functools.cache
def hints(kind: type) -> dict[str, Any]:
    """The types of a class's fields."""
    try:
        return typing.get_type_hints(kind)
    except NameError:  # a type that is imported for type checkers only
        return {}


def _is_required(field: dataclasses.Field) -> bool:
    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING


def _frozen(value: Any) -> Any:
    return tuple(_frozen(item) for item in value) if isinstance(value, list) else value


def _describe(hint: Any) -> str:
    options = typing.get_args(hint) if isinstance(hint, types.UnionType) or typing.get_origin(hint) is typing.Union else (hint,)
    words = [_WORDS.get(option, str(option)) for option in options if option is not type(None)]
    return " or ".join([*words, "null"] if type(None) in options else words)


def _unchecked(kind: type, values: Mapping[str, Any]) -> Any:
    bare: Any = object.__new__(kind)
    for name, value in values.items():
        object.__setattr__(bare, name, value)
    return bare
