"""Fields that a choice on the command line has left without an owner.

An experiment sets ``model.hidden``, and ``model=linear`` chooses a model that has no such field; it sets the strength of a
regularizer that ``regularizer=[]`` switches off. Such values are dropped, but only where nobody can have meant them: the
command line does not name them, and another choice of the group has them, so that they are no typing mistake either.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping, Sequence
from typing import Any

from hydra.core.config_loader import ConfigLoader
from omegaconf import DictConfig

from regexp.config.building import BASES, PARTS
from regexp.config.target import component_class


def without_leftovers(plain: Mapping[str, Any], overrides: Sequence[str], loader: ConfigLoader) -> dict[str, Any]:
    """The configuration's plain values without the leftovers of choices that ``overrides`` replaced."""
    typed = {key_of(override) for override in overrides}
    kept = dict(plain)
    for group in PARTS:
        if isinstance(kept.get(group), Mapping):
            kept[group] = _without_foreign_fields(kept[group], group, group, typed, loader)
    if isinstance(kept.get("regularizer"), Mapping):
        kept["regularizer"] = _without_switched_off(kept["regularizer"], typed, loader)
    return kept


def key_of(override: str) -> str:
    """``+model.hidden=[3]`` -> ``model.hidden``."""
    return override.lstrip("+~").partition("=")[0].strip()


def _without_switched_off(nodes: Mapping[str, Any], typed: set[str], loader: ConfigLoader) -> dict[str, Any]:
    kept = {}
    for name, node in nodes.items():
        key = f"regularizer.{name}"
        if not isinstance(node, Mapping):
            kept[name] = node
        elif "_target_" in node:
            kept[name] = _without_foreign_fields(node, key, "regularizer", typed, loader)
        elif is_typed(key, typed) or name not in _options("regularizer", loader):
            kept[name] = node
    return kept


def _without_foreign_fields(
    node: Mapping[str, Any], key: str, group: str, typed: set[str], loader: ConfigLoader
) -> dict[str, Any]:
    try:
        own = {field.name for field in dataclasses.fields(component_class(node.get("_target_"), BASES[group]))}
    except ValueError:  # no component: reported when the experiment is built
        return dict(node)
    foreign = {name for name in node if name not in {*own, "_target_"} and not is_typed(f"{key}.{name}", typed)}
    dropped = foreign & _fields_of_choices(group, loader) if foreign else set()
    return {name: value for name, value in node.items() if name not in dropped}


def is_typed(key: str, typed: set[str]) -> bool:
    """Whether the command line names this key or one below it."""
    return any(other == key or other.startswith(f"{key}.") for other in typed)


@functools.cache
def _options(group: str, loader: ConfigLoader) -> list[str]:
    return loader.get_group_options(group)


@functools.cache
def _fields_of_choices(group: str, loader: ConfigLoader) -> set[str]:
    """The fields that the choices of a group have, all together."""
    paths = [f"{group}/{choice}" for choice in _options(group, loader)]
    found = [source.load_config(path).config for path in paths for source in loader.get_sources() if source.is_config(path)]
    configs = [config for config in found if isinstance(config, DictConfig)]
    nodes = [node for config in configs for node in config.values()] if group == "regularizer" else configs
    return {str(name) for node in nodes if isinstance(node, DictConfig) for name in node}
