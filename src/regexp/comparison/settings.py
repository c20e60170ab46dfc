"""Runs grouped into settings: everything that differs between experiments, the seed apart."""

from __future__ import annotations

import dataclasses
import importlib
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from regexp.comparison.labels import ABSENT, label
from regexp.comparison.reading import Run
from regexp.rules import is_number

Seed = tuple[int, int]

_SEEDS = ("seed", "dataset.seed")
_PLACES = ("dataset.root", "dataset.download", "dataset.mirrors", "dataset.path")  # where data lie is no part of an experiment


@dataclasses.dataclass(frozen=True, eq=False)
class Setting:
    """The runs that differ in nothing but their seed."""

    label: str
    values: dict[str, Any]
    """What this setting has of the fields that differ between settings."""
    fields: dict[str, Any]
    """All fields of the experiment, by full key."""
    runs: dict[Seed, Run]
    told: frozenset[str] = frozenset()
    """The fields that the label names."""

    @property
    def numbers(self) -> dict[str, float]:
        """The differing fields that are numbers."""
        return {key: float(value) for key, value in self.values.items() if is_number(value)}

    @property
    def strengths(self) -> dict[str, float]:
        """How far each regularizer is from being switched off, by its fields that do so: 0 is absence."""
        found = {}
        for name in self.fields["regularizer"]:
            prefix = f"regularizer.{name}."
            for field, off in _off_values(self.fields[f"{prefix}_target_"]).items():
                if f"{prefix}{field}" in self.fields:
                    found[f"{prefix}{field}"] = _strength(self.fields[f"{prefix}{field}"], off)
        return dict(sorted(found.items()))

    @property
    def active(self) -> tuple[str, ...]:
        """The regularizers that do something: strength 0 is absence."""
        sizes = {name: [v for k, v in self.strengths.items() if k.split(".")[1] == name] for name in self.fields["regularizer"]}
        return tuple(name for name, found in sizes.items() if not found or any(found))


def _off_values(target: str) -> dict[str, float]:
    """At which values the fields of a regularizer are off; classes from elsewhere are not imported, and told by their names."""
    module, _, kind = target.rpartition(".")
    if not module.startswith("regexp.regularizers."):
        return {"strength": 0.0, "rate": 0.0}
    fields = dataclasses.fields(getattr(importlib.import_module(module), kind))
    return {field.name: field.metadata["off"] for field in fields if field.metadata.get("off") is not None}


def strong_end(key: str, fields: Mapping[str, Any]) -> str | None:
    """The end of its grid, ``upper`` or ``lower``, at which a number of a regularizer does most; None for other numbers."""
    owner, _, field = key.rpartition(".")
    target = fields.get(f"{owner}._target_") if owner.startswith("regularizer.") else None
    off = _off_values(target).get(field) if target else None
    return None if off is None else "lower" if math.isinf(off) else "upper"


def group(runs: Sequence[Run]) -> tuple[list[Setting], list[str]]:
    """The settings in grid order, and what is to be said of runs that repeat another."""
    keys = differing(runs)
    groups: dict[tuple[Any, ...], dict[Seed, Run]] = {}
    repeated = []
    for run in sorted(runs, key=_last_word):
        members = groups.setdefault(tuple(run.fields.get(key, ABSENT) for key in keys), {})
        if run.seed in members:
            repeated.append(f"{members[run.seed].folder} is left out: {run.folder} is the same run")
        members[run.seed] = run
    settings = []
    for values in sorted(groups, key=lambda values: [_rank(value) for value in values]):
        members = dict(sorted(groups[values].items()))
        found = dict(zip(keys, values, strict=True))
        fields = next(iter(members.values())).fields
        named_in_label = {**found, **_single_strengths(fields, keys)}
        settings.append(Setting(label(named_in_label), found, fields, members, frozenset(named_in_label)))
    return settings, repeated


def differing(runs: Sequence[Run]) -> list[str]:
    """The fields that make settings, by full key: those that differ between runs with the same component."""
    keys = dict.fromkeys(key for run in runs for key in run.fields)
    return [key for key in keys if _may_differ(key) and _differs(key, [run.fields for run in runs if key in run.fields])]


def split_sizes(settings: Iterable[Setting]) -> list[str]:
    """The sizes of splits that differ between settings: they change what is measured, and are no candidates."""
    keys = dict.fromkeys(key for setting in settings for key in setting.values)
    return [key for key in keys if re.fullmatch(r"dataset\.(train|val|validation|test)_(size|fraction)", key)]


def seeds_of(settings: Iterable[Setting]) -> list[Seed]:
    """Every seed that any setting has."""
    return sorted({seed for setting in settings for seed in setting.runs})


def named(seeds: Iterable[Seed]) -> str:
    """Seeds as words: ``0, 1, 2/7`` (2/7: seed 2 with a data seed of 7)."""
    return ", ".join(str(seed) if seed == data else f"{seed}/{data}" for seed, data in seeds)


def _single_strengths(fields: Mapping[str, Any], keys: Sequence[str]) -> dict[str, Any]:
    """Of regularizers with one strength only, that strength, where sets differ and other regularizers have several."""
    several = {key.split(".")[1] for key in keys if key.startswith("regularizer.")}
    if "regularizer" not in keys or not several:
        return {}
    alone = [name for name in fields["regularizer"] if name not in several]
    own = [f"regularizer.{name}.{field}" for name in alone for field in _off_values(fields[f"regularizer.{name}._target_"])]
    return {key: fields[key] for key in own if key in fields}


def _may_differ(key: str) -> bool:
    """Seeds and places make no setting, nor does a regularizer's class, which its name tells."""
    return key not in (*_SEEDS, *_PLACES) and not (key.startswith("regularizer.") and key.endswith("._target_"))


def _differs(key: str, holders: Sequence[Mapping[str, Any]]) -> bool:
    """Whether any component has it with two values."""
    if len({fields[key] for fields in holders}) == 1:
        return False
    pairs = {(_owner(key, fields), fields[key]) for fields in holders}
    return len(pairs) > len({owner for owner, _ in pairs})


def _owner(key: str, fields: Mapping[str, Any]) -> Any:
    """The component that a field belongs to: only within one and the same do its values make a difference."""
    return fields.get(f"{key.rpartition('.')[0]}._target_") if not key.endswith("._target_") else None


def _last_word(run: Run) -> tuple[bool, str]:
    """Of two runs that are the same, the completed and the newer one counts."""
    return run.status == "completed", str(run.folder)


def _rank(value: Any) -> tuple[Any, ...]:
    """Absent before null before numbers before words; short lists first."""
    if value == ABSENT or value is None:
        return (0, 0 if value == ABSENT else 1)
    if is_number(value):
        return (1, value)
    if isinstance(value, tuple):
        return (2, len(value), [_rank(item) for item in value])
    return (3, str(value))


def _strength(value: Any, off: float) -> float:
    """A distance from ``off``: of limits, which are off at infinity, the inverse."""
    size = max(map(float, value)) if isinstance(value, tuple) else float(value)
    return 1 / size if math.isinf(off) else abs(size - off)
