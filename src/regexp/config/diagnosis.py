"""What is wrong with one override, and the way out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from hydra.core.config_loader import ConfigLoader
from hydra.core.override_parser.types import IntervalSweep, Override
from omegaconf import OmegaConf

from regexp.config import wording
from regexp.config.wording import NO_REGULARIZERS, STUDY_RULE, nearest, not_chosen, unknown_key
from regexp.words import in_quotes, quoted


def no_override(line: str) -> str:
    """For an argument that Hydra's grammar cannot read."""
    key, equals, value = line.partition("=")
    if key == "study" and value:
        return f"study {STUDY_RULE}, got {value!r}"
    if len(words := re.split(r"\s+(?=[~+]*[\w./]+=)", line)) > 1:
        typed = " ".join(map(quoted, words))
        way_out = "give each key=value by itself (in Python as a string of its own)"
        return f"{line} is one word and holds {len(words)}: {way_out}: {typed}"
    text = _quoted(value)
    hint = f': "{key}={text}"' if key and equals and text not in (None, value) else ""
    return f"{line} cannot be read: write key=value, or key=[a,b] for a list, and quote what has special characters{hint}"


def several_values(override: Override) -> str:
    """For a sweep without ``-m``."""
    key, value = override.get_key_element(), override.get_value_string()
    return f"{key} has several values, got {value}: add -m to run each, or write {key}=[{value}] for a list"


def no_swept_key(override: Override) -> str:
    """For a key that says how the whole command is carried out, and has several values."""
    key, value = override.get_key_element(), override.get_value_string()
    return f"{key} must have one value for the whole sweep, got {value}: type one command for each"


def no_grid(override: Override) -> str:
    """For ``interval``, which names no values."""
    key, value = override.get_key_element(), override.get_value_string()
    return (
        f"{key} must be a list of values, got {value}: write {key}=0.1,0.3,1 or {key}=range(1,4), "
        "or have it searched by hydra/sweeper=search"
    )


def wrong_choice(override: Override, error: Exception, loader: ConfigLoader) -> str:
    """For a choice of a group that Hydra refuses."""
    group, options = override.key_or_group, loader.get_group_options(override.key_or_group)
    if not options:
        return refused(override, error)
    if group == "reproduce":
        return f"reproduce is no choice of a run, got {override.input_line}: type regexp-reproduce {value_of(override)}"
    several = group == "regularizer"
    rule = f"a list of {', '.join(options)}" if several else f"one of {', '.join(options)}"
    value = None if override.is_delete() else override.value()
    meant = [nearest(str(one), options) for one in (value if isinstance(value, list) else [value])]
    if isinstance(value, list) and None not in meant and len(set(meant)) < len(value):
        way_out = ": name each once"
    elif None not in meant and value not in options:
        names = ",".join(map(str, meant))
        way_out = f": did you mean {group}=[{names}]?" if isinstance(value, list) else f": did you mean {names}?"
    else:
        way_out = f": {NO_REGULARIZERS}" if several else ""
    return f"{group} must be {rule}, got {override.input_line}{way_out}"


def value_of(override: Override) -> str:
    """What stands to the right of the ``=``; nothing for a deletion."""
    return (override.input_line or "").partition("=")[2]


def refused(override: Override, error: Exception) -> str:
    """For what nobody but Hydra knows."""
    cause = f": {first_line(error.__cause__)}" if error.__cause__ else ""
    return f"{override.input_line} is refused by Hydra: {first_line(error).rstrip('.')}{cause}"


def is_no_choice(override: Override) -> bool:
    """Whether this is ``regularizer={}`` or ``[l2,l2]``, which Hydra accepts without doing what it says."""
    if override.key_or_group != "regularizer" or override.value_type is None:
        return False
    value = override.value()
    return isinstance(value, dict) or (isinstance(value, list) and len({str(one) for one in value}) < len(value))


def deleted(override: Override) -> str:
    """For ``~key``: every field has a value."""
    way_out = 'write "regularizer=[...]" with those that shall stay' if override.key_or_group.startswith("regularizer") else ""
    return f"{override.key_or_group} cannot be deleted, got {override.input_line}: {way_out or 'give it a value'}"


def wrong_value(override: Override, error: Exception, config: Any, loader: ConfigLoader) -> str:
    """For a value that does not fit into the configuration: mostly a key that does not exist."""
    key = override.key_or_group
    known = _keys(OmegaConf.to_container(config, resolve=False))
    if key in known:
        return refused(override, error)
    group, name, *_ = [*key.split("."), ""]
    if group == "regularizer" and name not in config.regularizer:
        options = loader.get_group_options(group)
        if meant := nearest(name, options):
            chosen = [name for name, node in config.regularizer.items() if "_target_" in (node or {})]
            correction = "" if meant == name else f" (did you mean {meant}?)"
            return f"{key} {not_chosen(meant, chosen)}{correction}"
    return f"{key} {unknown_key(key, [other for other in known if other.startswith('hydra') == (group == 'hydra')])}"


def in_no_set(job: Sequence[Override], sets: Sequence[Sequence[str]], loader: ConfigLoader) -> list[str]:
    """For values of regularizers that several sets of a sweep could hold, and none does."""
    problems = []
    for override in job:
        group, _, rest = override.key_or_group.partition(".")
        name, known = rest.partition(".")[0], {name for one in sets for name in one}
        if group == "regularizer" and name in set(loader.get_group_options(group)) - known:
            problems.append(wording.in_no_set(override.key_or_group, name, sets))
    return problems


def one_value(override: Override) -> str:
    """An override with the first value of a sweep."""
    if not override.is_sweep_override():
        return override.input_line or ""
    sweep = override.value()
    first = sweep.start if isinstance(sweep, IntervalSweep) else next(iter(override.sweep_string_iterator()))
    return f"{override.get_key_element()}={first}"


def first_line(error: BaseException) -> str:
    """The first line of a message."""
    return next(iter(str(error).splitlines()), type(error).__name__)


def _quoted(value: str) -> str | None:
    """A value, or the items of a list, in quotes as Hydra's grammar reads them; None for what is not as simple as that."""
    if value.startswith("[") and value.endswith("]"):
        items = [_quoted(item.strip()) for item in value[1:-1].split(",")]
        return None if None in items else f"[{','.join(map(str, items))}]"
    if re.fullmatch(r"[\w.+-]+|'[^']*'", value, re.ASCII):
        return value
    return in_quotes(value) if value and not value.startswith("'") and not set(value) & set('\\"[]{}') else None


def _keys(node: Any, prefix: str = "") -> list[str]:
    """All keys of nested dicts, in dots."""
    names = [name for name in node if name != "_target_"] if isinstance(node, dict) else []
    return [key for name in names for key in (f"{prefix}{name}", *_keys(node[name], f"{prefix}{name}."))]
