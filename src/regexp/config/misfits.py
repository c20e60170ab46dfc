"""What a command line asks for that does not go together, each by itself right."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hydra.core.override_parser.types import Override
from omegaconf import OmegaConf

from regexp.config import diagnosis
from regexp.config.composing import Job
from regexp.config.folders import named_study
from regexp.config.grid import is_grid
from regexp.config.searching import is_search
from regexp.config.wording import STUDY_RULE
from regexp.files.naming import slug

_OF_ALL = ("study", "compare", "resume")


def misfits(head: Any, overrides: Sequence[Override], *, may_sweep: bool, multirun: bool, stacked: bool) -> list[str]:
    """Of the options, before any run is built. ``head``: the configuration of what is not swept.

    ``may_sweep``: whether several values are several runs. ``multirun``: whether there may be several runs for any reason.
    ``stacked``: whether we train them.
    """
    compare, resume = OmegaConf.select(head, "compare", default=True), OmegaConf.select(head, "resume")
    problems = [] if isinstance(compare, bool) else [f"compare must be true or false, got {compare!r}"]
    if not may_sweep:
        problems += [diagnosis.several_values(override) for override in overrides if override.is_sweep_override()]
    if multirun:
        problems += _of_many(head.hydra, named_study(head), stacked, overrides)
    if resume not in (None, "auto") or (resume and multirun):
        problems.append(f"resume must be null, auto or the folder of a run, got {resume!r}: study=NAME goes on with a sweep")
    if is_search(head.hydra) and not multirun:
        problems.append("hydra/sweeper=search trains many runs: add -m")
    return problems


def equal_runs(runs: Sequence[Job]) -> list[str]:
    """Runs that another of the sweep is already."""
    seen = [(job.experiment.hash(), job.settings) for job in runs]
    again = [(i, seen.index(run)) for i, run in enumerate(seen) if seen.index(run) < i]
    return [
        f"run {i} of the sweep must differ from run {first}, and both are the same: give every value once" for i, first in again
    ]


def _of_many(hydra: Any, study: Any, stacked: bool, overrides: Sequence[Override]) -> list[str]:
    """Ways to carry out a multirun."""
    swept = [override for override in overrides if override.is_sweep_override()]
    problems = [diagnosis.no_swept_key(o) for o in swept if o.key_or_group in _OF_ALL or (stacked and o.is_hydra_override())]
    if study is not None and (not isinstance(study, str) or slug(study) != study):
        problems.append(f"study {STUDY_RULE}, got {study!r}")
    if study is not None and not stacked:
        problems.append("study needs hydra/launcher=stacked: Hydra's own launchers cannot add to a folder")
    if is_search(hydra) and not stacked:
        problems.append("hydra/sweeper=search trains its settings as stacks: leave hydra/launcher=basic away")
    if stacked and not (is_grid(hydra) or is_search(hydra)):
        problems.append(f"hydra/sweeper ({hydra.sweeper._target_}) needs a launcher of Hydra's: add hydra/launcher=basic")
    if stacked and hydra.callbacks:
        problems.append("hydra.callbacks are called by Hydra's own launchers only: add hydra/launcher=basic")
    return problems
