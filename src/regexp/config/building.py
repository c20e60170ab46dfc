"""``build``: from a composed configuration to an experiment. Below this file no configuration object exists.

Everything that is wrong is found before anything is done, and reported at once, by full key.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from regexp.component import Component
from regexp.config.construction import construct
from regexp.config.target import component_class
from regexp.config.wording import NO_REGULARIZERS, ConfigError, Problem, Problems, not_chosen, unknown_key
from regexp.datasets.dataset import Dataset
from regexp.experiment import Experiment
from regexp.models.model import Model
from regexp.optim import Optimizer
from regexp.regularizers.regularizer import Regularizer
from regexp.settings import Settings

BASES: dict[str, type[Component]] = {"dataset": Dataset, "model": Model, "optimizer": Optimizer, "regularizer": Regularizer}
PARTS = ("dataset", "model", "optimizer")
SCALARS = [field.name for field in dataclasses.fields(Experiment) if field.name not in (*PARTS, "regularizers")]
SETTINGS = [field.name for field in dataclasses.fields(Settings)]
KEYS = [*BASES, *SCALARS, *SETTINGS, "compare", "study", "resume"]

_MADE: dict[tuple[type, str], Any] = {}


def build(cfg: Mapping[str, Any]) -> tuple[Experiment, Settings]:
    """The experiment that a configuration describes, and how to carry it out.

    ``cfg``: a composed configuration, or plain values such as ``Experiment.to_dict()`` and a run's ``config.yaml``; fields left
    out have the defaults of their classes. Raises :class:`ConfigError` with all that is wrong.

    >>> from regexp.experiment import Experiment
    >>> experiment, settings = build({
    ...     "dataset": {"_target_": "regexp.datasets.synthetic_regression.SyntheticRegression", "features": 3},
    ...     "model": {"_target_": "regexp.models.linear.Linear"},
    ...     "optimizer": {"_target_": "regexp.optim.SGD", "lr": 0.1},
    ...     "device": "cpu",
    ... })
    >>> experiment.dataset.features, settings.device
    (3, 'cpu')
    """
    plain = plain_values(cfg)
    problems: Problems = {name: unknown_key(name, KEYS) for name in plain if name not in KEYS}
    parts = {group: _component(plain.get(group), group, group, problems) for group in PARTS}
    regularizers = _regularizers(plain.get("regularizer", {}), problems)
    experiment = _experiment(_choose(plain, SCALARS), parts, regularizers, problems)
    settings = _made_once(Settings, _choose(plain, SETTINGS), "", problems)
    if problems:
        raise ConfigError(Problem(key, f"{key} {text}") for key, text in problems.items())
    return experiment, settings


def plain_values(cfg: Mapping[str, Any]) -> dict[str, Any]:
    """A configuration as dicts and lists, interpolations resolved, without Hydra's own node."""
    if not OmegaConf.is_config(cfg) and "${" not in repr(cfg):
        return {str(name): node for name, node in cfg.items() if name != "hydra"}
    config = cfg if OmegaConf.is_config(cfg) else OmegaConf.create(dict(cfg))
    try:
        nodes = {str(name): node for name, node in config.items() if name != "hydra"}
        return {k: OmegaConf.to_container(v, resolve=True) if OmegaConf.is_config(v) else v for k, v in nodes.items()}
    except OmegaConfBaseException as error:
        raise ConfigError([Problem(error.full_key or "", f"{error.full_key} {str(error).splitlines()[0]}")]) from error


def _component(node: Any, key: str, group: str, problems: Problems) -> Any:
    """The component that a node describes; if there is no class for it, a bare object of the group's base."""
    base = BASES[group]
    if not isinstance(node, Mapping):
        problems[key] = f"must be a choice with fields of its own, got {node!r}"
        return object.__new__(base)
    try:
        kind = component_class(node.get("_target_"), base)
    except ValueError as error:
        problems[f"{key}._target_"] = str(error)
        return object.__new__(base)
    return _made_once(kind, {name: value for name, value in node.items() if name != "_target_"}, f"{key}.", problems)


def _made_once(kind: type, given: Mapping[str, Any], prefix: str, problems: Problems) -> Any:
    """The same object for the same values: the runs of a sweep differ in few components."""
    key = kind, repr(given)
    if key not in _MADE:
        found: Problems = {}
        made = construct(kind, given, prefix, found)
        if found:
            problems |= found
            return made
        _MADE[key] = made
    return _MADE[key]


def forget() -> None:
    """Build components anew from now on: what they describe (a table's file) may have changed meanwhile."""
    _MADE.clear()


def _regularizers(nodes: Any, problems: Problems) -> dict[str, Regularizer]:
    """The regularizers that are sound in themselves, by the key under which they stand."""
    if not isinstance(nodes, Mapping):
        problems["regularizer"] = f"must be a list of choices, got {nodes!r}: {NO_REGULARIZERS}"
        return {}
    if "_target_" in nodes:
        target = nodes["_target_"]
        problems["regularizer"] = f"must hold each choice below its own name: indent the yaml with {target} below 'its_name:'"
        return {}
    chosen = [name for name, node in nodes.items() if isinstance(node, Mapping) and "_target_" in node]
    sound: dict[str, Regularizer] = {}
    for name, node in nodes.items():
        known = len(problems)
        if name not in chosen and isinstance(node, Mapping):
            problems[f"regularizer.{name}"] = not_chosen(name, chosen)
        else:
            found = _component(node, f"regularizer.{name}", "regularizer", problems)
            sound |= {name: found} if len(problems) == known else {}
    return sound


def _experiment(
    scalars: Mapping[str, Any], parts: Mapping[str, Any], regularizers: Mapping[str, Regularizer], problems: Problems
) -> Experiment:
    """The experiment. Whether its parts fit together is asked even where one is broken, and not where one has no class."""
    complete = all(type(parts[group]) is not BASES[group] for group in PARTS)
    found: Problems = {}
    listed = tuple(regularizers.values()) if complete else ()
    experiment = construct(Experiment, scalars, "", found, forgive=bool(problems), **parts, regularizers=listed)
    for key, text in found.items():
        if complete or (key in scalars and key not in ("loss", "objective")):
            problems.setdefault(_as_written(key, regularizers), text)
    return experiment


def _as_written(key: str, regularizers: Mapping[str, Regularizer]) -> str:
    """A regularizer's key as the configuration has it: an experiment knows it by the name of its class."""
    group, _, rest = key.partition(".")
    name, _, field = rest.partition(".")
    written = next((k for k, one in regularizers.items() if group == "regularizer" and one.name() == name), name)
    return ".".join(part for part in (group, written, field) if part)


def _choose(plain: Mapping[str, Any], names: list[str]) -> dict[str, Any]:
    return {name: plain[name] for name in names if name in plain}
