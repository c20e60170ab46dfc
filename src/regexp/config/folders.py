"""What the folders of runs are called: the resolvers behind ``hydra.run.dir`` and ``hydra.sweep.subdir`` in ``train.yaml``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hydra.core.global_hydra import GlobalHydra
from omegaconf import OmegaConf

from regexp.component import snake_case
from regexp.config.building import build, plain_values
from regexp.config.leftovers import key_of, without_leftovers
from regexp.config.wording import ConfigError
from regexp.files.naming import slug


def title(root: Any) -> str:
    """The experiment's name, or the data set's and the model's: ``weight_decay``, ``fashion_mnist_mlp``."""
    experiment = root.hydra.runtime.choices.get("experiment")
    classes = [OmegaConf.select(root, f"{group}._target_", default=group).rpartition(".")[2] for group in ("dataset", "model")]
    return slug(str(experiment) if experiment else "_".join(map(snake_case, classes)))


def study(now: str, root: Any) -> str:
    """A sweep: its study, or a folder by time."""
    name = named_study(root)
    return f"{title(root)}/{now}" if name is None else str(name)


def named_study(root: Any) -> Any:
    """The name of the study, also where it is written as a number; None without one."""
    name = OmegaConf.select(root, "study")
    return str(name) if isinstance(name, (int, float)) and not isinstance(name, bool) else name


def swept(root: Any) -> str:
    """A run of a sweep: the overrides in which it differs from the others, and the experiment's hash."""
    overrides = list(root.hydra.overrides.task)
    fixed = root.hydra.job.config.override_dirname.exclude_keys
    try:
        experiment, _ = build(without_leftovers(plain_values(root), overrides, GlobalHydra.instance().config_loader()))
    except ConfigError:  # a sweeper may propose what no run can be: the run itself will say so
        return run_name(overrides, fixed, "invalid")
    return run_name(overrides, fixed, experiment.hash())


def run_name(overrides: Sequence[str], fixed: Sequence[str], known_as: str) -> str:
    """The overrides that are not the same in all runs, and what keeps the name apart from others."""
    return f"{slug('+'.join(override.lstrip('+~') for override in overrides if key_of(override) not in fixed))}-{known_as}"
