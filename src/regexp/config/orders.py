"""The runs of a multirun that we train ourselves, as orders, and what Hydra would write and log around them."""

from __future__ import annotations

import collections
import functools
from collections.abc import Sequence

from hydra.core.utils import configure_log
from omegaconf import OmegaConf, read_write

from regexp.config.asked import Asked
from regexp.config.composing import Job
from regexp.config.folders import run_name
from regexp.config.planning import Plan
from regexp.config.running import Order, command
from regexp.config.wording import ConfigError

OUR_NAME = "${regexp.swept:}"
"""How ``train.yaml`` names the folders of a sweep's runs."""


def orders(plan: Plan) -> list[Order]:
    """One order for every experiment: jobs that differ only in how they are carried out, or not at all, are one run."""
    asked = Asked(plan)
    jobs = {job.experiment.hash(): (number, job) for number, job in reversed(list(enumerate(plan.runs)))}
    found = [_order(plan, asked, number, job, known_as) for known_as, (number, job) in reversed(jobs.items())]
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


def _order(plan: Plan, asked: Asked, number: int, job: Job, known_as: str) -> Order:
    if plan.study or plan.head.hydra.sweep._get_node("subdir")._value() == OUR_NAME:
        name = run_name(job.lines, plan.fixed, known_as)
    else:
        name = asked.subfolder(job, number)
    settings = job.settings.decided(sweep=True)
    line = command(plan.head.hydra, job.lines, job.settings, settings)
    return Order(job.experiment, settings, plan.folder / name, job.lines, line, functools.partial(asked.write, job, number))
