"""What a setting is called, by the values in which it differs from the others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from regexp.component import snake_case

ABSENT = "-"
"""The value of a field that a setting does not have, such as the strength of a regularizer that is not in its set."""


def label(values: Mapping[str, Any]) -> str:
    """``lr=0.1, weight_decay 3 + dropout``, ``none`` without a regularizer where sets differ."""
    others = [key for key in values if not key.startswith("regularizer")]
    parts = [_named_value(key, values[key], others) for key in others if values[key] != ABSENT]
    sets = values.get("regularizer")
    names = sets if sets is not None else tuple(dict.fromkeys(k.split(".")[1] for k in values if k.startswith("regularizer.")))
    regularizers = [_regularizer(name, values) for name in names]
    if regularizers or sets is not None:
        parts.append(" + ".join(regularizers) or "none")
    return ", ".join(parts) or "all runs"


def short(value: Any) -> str:
    """A value as a label shows it."""
    if isinstance(value, tuple):
        return "[" + ",".join(map(short, value)) + "]"
    return f"{value:.6g}" if isinstance(value, float) else "null" if value is None else str(value)


def short_key(key: str, keys: Iterable[str]) -> str:
    """The last word of a key, or as much of its end as tells it from the others."""
    words = key.split(".")
    ends = (".".join(words[-n:]) for n in range(1, len(words) + 1))
    return next(end for end in ends if sum(other == end or other.endswith(f".{end}") for other in {*keys, key}) == 1)


def _named_value(key: str, value: Any, keys: Iterable[str]) -> str:
    if key.endswith("._target_"):
        return snake_case(str(value).rpartition(".")[2])
    return f"{short_key(key, keys)}={short(value)}"


def _regularizer(name: str, values: Mapping[str, Any]) -> str:
    own = {k.rpartition(".")[2]: v for k, v in values.items() if k.startswith(f"regularizer.{name}.") and v != ABSENT}
    if len(own) == 1:
        return f"{name} {short(*own.values())}"
    return " ".join([name, *(f"{field}={short(value)}" for field, value in own.items())])
