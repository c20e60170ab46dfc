"""The runs that a multirun asks for: Hydra's grid, and sets of regularizers each with a grid of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.override_parser.types import Override, ValueType

from regexp.config import diagnosis
from regexp.config.composing import Composer
from regexp.config.wording import ConfigError

STACKED = "regexp.sweep"
"""The launcher that trains stacks, as ``hydra/launcher/stacked.yaml`` names it."""


def is_stacked(hydra: Any) -> bool:
    """Whether a multirun is ours to train. ``hydra``: Hydra's own configuration."""
    return hydra.launcher._target_ == STACKED


def is_grid(hydra: Any) -> bool:
    """Whether Hydra's basic sweeper, which knows all runs beforehand, makes the runs."""
    return hydra.sweeper._target_ == f"{BasicSweeper.__module__}.{BasicSweeper.__qualname__}"


def jobs(composer: Composer, hydra: Any, overrides: Sequence[Override]) -> list[list[Override]]:
    """The overrides of every run; for a sweeper that chooses while it runs, those of one.

    Raises :class:`ConfigError` for a sweep that is no grid.
    """
    if not is_grid(hydra):
        return [composer.parse([diagnosis.one_value(override) for override in overrides])[0]]
    found = swept(composer, hydra, overrides)
    if endless := [override for override in found if override.value_type == ValueType.INTERVAL_SWEEP]:
        raise ConfigError(diagnosis.no_grid(override) for override in endless)
    (product,) = BasicSweeper.split_arguments(found, None)
    runs = [composer.parse(job)[0] for job in product]
    return own_grids(composer, runs) if is_stacked(hydra) else runs


def swept(composer: Composer, hydra: Any, overrides: Sequence[Override]) -> list[Override]:
    """The overrides of the command line, after those that the sweeper's own configuration has."""
    params, _ = composer.parse([f"{key}={value}" for key, value in (hydra.sweeper.params or {}).items()])
    return [*params, *overrides]


def own_grids(composer: Composer, jobs: list[list[Override]]) -> list[list[Override]]:
    """Each run without the values of regularizers that others hold and it does not; what becomes equal is one run.

    Raises :class:`ConfigError` for a value of a regularizer that none of several sets holds.
    """
    chosen = [composer.chosen(job) for job in jobs]
    known = set().union(*chosen)
    kept = [[o for o in job if _owner(o) not in known - set(held)] for job, held in zip(jobs, chosen, strict=True)]
    sets = list(dict.fromkeys(map(tuple, chosen)))
    if len(sets) > 1 and (problems := [text for job in kept for text in diagnosis.in_no_set(job, sets, composer.loader)]):
        raise ConfigError(problems)
    return list({tuple(override.input_line for override in job): job for job in kept}.values())


def beside_none(composer: Composer, jobs: list[list[Override]]) -> list[list[Override]]:
    """The runs of one set of regularizers, after the same without any; runs of several sets, or of none, as they are."""
    sets = {tuple(composer.chosen(job)) for job in jobs}
    if len(sets) != 1 or sets == {()}:
        return jobs
    (none,), _ = composer.parse(["regularizer=[]"])
    others = [[o for o in job if o.key_or_group.partition(".")[0] != "regularizer"] for job in jobs]
    return [*({tuple(o.input_line for o in job): [*job, none] for job in others}.values()), *jobs]


def _owner(override: Override) -> str | None:
    group, _, rest = override.key_or_group.partition(".")
    return rest.partition(".")[0] if group == "regularizer" and rest else None
