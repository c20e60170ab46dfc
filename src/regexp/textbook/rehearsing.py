"""What a sweep of one seed shows to be wrong with a protocol, before any work."""

from __future__ import annotations

import dataclasses
import shlex
from collections.abc import Callable, Sequence

from regexp.comparison.reading import fields_of
from regexp.config import ConfigError
from regexp.config.planning import Plan
from regexp.textbook import columns
from regexp.textbook.protocol import Protocol


def rehearse(protocol: Protocol, tier: str, planned: Callable[[Sequence[str]], Plan]) -> list[str]:
    """Lines that do not compose, settings without runs, and columns that no run will have; nothing is trained.

    ``planned``: what ``regexp-train`` would train, given its arguments.
    """
    one = dataclasses.replace(protocol, tiers={tier: dataclasses.replace(protocol.tiers[tier], n=1)})
    runs, found, searches = [], [], False
    for line in one.lines(tier):
        try:
            asked = planned(["-m", *shlex.split(line)])
        except ConfigError as error:
            found.append(f"{protocol.name}.yaml: sweep: regexp-train -m {line}: {error}")
            continue
        searches |= asked.search is not None
        runs += [(fields_of(job.experiment.to_dict()), job.experiment) for job in asked.runs]
    missing = columns.missing(protocol, runs, some=searches) if runs and not found else []
    return [*found, *(f"{protocol.name}.yaml: {problem}" for problem in missing)]
