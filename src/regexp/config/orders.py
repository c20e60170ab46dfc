"""The runs of a multirun that we train ourselves, as orders, and what Hydra would write and log around them."""

from __future__ import annotations

import collections
import dataclasses
import logging
from collections.abc import Sequence

from hydra.core.utils import configure_log
from omegaconf import OmegaConf, read_write

from regexp.config.asked import Words
from regexp.config.composing import Job
from regexp.config.folders import run_name
from regexp.config.planning import Plan
from regexp.config.running import command
from regexp.config.wording import ConfigError
from regexp.order import Order

log = logging.getLogger("regexp")

OUR_NAME = "${regexp.swept:}"
"""How ``train.yaml`` names the folders of a sweep's runs."""


def orders(plan: Plan) -> list[Order]:
    """One order for every experiment: jobs that differ only in how they are carried out, or not at all, are one run."""
    words = Words(plan)
    jobs = {job.experiment.hash(): (number, job) for number, job in reversed(list(enumerate(plan.runs)))}
    found = [_order(plan, words, number, job, known_as) for known_as, (number, job) in reversed(jobs.items())]
    counted = collections.Counter(order.folder for order in found)
    if shared := [folder for folder, count in counted.items() if count > 1]:
        raise ConfigError([f"hydra.sweep.subdir must give every run its own folder, got {shared[0]} for several"])
    return found


def prepare(plan: Plan, arguments: Sequence[str]) -> None:
    """Note the command in the sweep's folder, and log into it from now on."""
    head, folder = plan.head, plan.folder
    with read_write(head.hydra):
        values = {"sweep.dir": str(folder), "overrides.task": list(arguments), "runtime.output_dir": str(folder.absolute())}
        for key, value in values.items():
            OmegaConf.update(head, f"hydra.{key}", value, force_add=True)
    if not (folder / "multirun.yaml").stat().st_size:
        OmegaConf.save(head, folder / "multirun.yaml")
    configure_log(head.hydra.job_logging, head.hydra.verbose)
    if text := _merged(plan.runs):
        log.warning(text)


def _merged(runs: Sequence[Job]) -> str | None:
    """What to say where jobs are trained as one run, since they ask for one experiment."""
    first: dict[str, Job] = {}
    keys = set()
    for job in runs:
        other = dataclasses.asdict(first.setdefault(job.experiment.hash(), job).settings)
        keys |= {key for key, value in dataclasses.asdict(job.settings).items() if value != other[key]}
    if len(first) == len(runs):
        return None
    why = f"they differ in {', '.join(sorted(keys))} only, which is no part of an experiment: " if keys else ""
    return f"{len(runs)} jobs are {len(first)} runs: {why}each is trained once, as the first of its jobs asks"


def _order(plan: Plan, words: Words, number: int, job: Job, known_as: str) -> Order:
    if plan.study or plan.head.hydra.sweep._get_node("subdir")._value() == OUR_NAME:
        name = run_name(job.lines, plan.fixed, known_as)
    else:
        name = words.folder_name(job, number)
    settings = job.settings.decided(sweep=True)
    line = command(plan.head.hydra, job.lines, job.settings, settings)
    asked = None if plan.head.hydra.output_subdir is None else words.of(job, number)
    return Order(job.experiment, settings, plan.folder / name, job.lines, line, asked)
