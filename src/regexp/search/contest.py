"""One space's search while it goes on: settings asked for, their runs, and what came of them."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

from regexp.config.composing import Composer, Job
from regexp.config.spaces import Space
from regexp.metrics import lower_is_better
from regexp.search.asking import Asker, Setting
from regexp.search.outcomes import Outcome, Searched, outcome, told


class Contest:
    """Asks, and tells. ``file``: where Optuna keeps what was asked for."""

    def __init__(self, space: Space, composer: Composer, sampler: str, file: Path):
        self._space, self._composer = space, composer
        probes = [composer.build(job) for job in space.probes(composer)]
        self._objective = probes[0].experiment.objective
        name = f"{space.label} [{sampler}, {_known_as(probes, space, sampler)}]"
        self._asker = Asker(file, name, space.ranges, sampler, lower_is_better=lower_is_better(self._objective))
        self._outcomes: dict[int, Outcome] = {}
        self._open: dict[int, tuple[Setting, list[str]]] = {}

    def ask(self, count: int) -> list[Job]:
        """The runs of the first ``count`` settings, without those whose outcome is known."""
        jobs = []
        self._open = {}
        for number, values in self._asker.ask(count).items():
            if number not in self._outcomes:
                runs = [self._space.build(self._composer, values, seed) for seed in self._space.seeds]
                self._open[number] = values, [run.experiment.hash() for run in runs]
                jobs += runs
        return jobs

    def end(self, ended: Mapping[str, tuple[Path, str]]) -> None:
        """Note what came of those runs. ``ended``: folders and status by the hash of the experiment."""
        for number, (values, hashes) in self._open.items():
            self._outcomes[number] = outcome(number, values, hashes, ended, self._objective)
        self._asker.tell(told(self._outcomes.values(), self._objective))

    @property
    def searched(self) -> Searched:
        """All that was tried until now."""
        return Searched(self._space, self._objective, list(self._outcomes.values()))


def _known_as(probes: list[Job], space: Space, sampler: str) -> str:
    """Eight digits by which all that a search's values depend on is known: experiments, seeds, ranges, sampler."""
    ranges = {key: dataclasses.astuple(found) for key, found in space.ranges.items()}
    identity = json.dumps([[probe.experiment.hash() for probe in probes], ranges, sampler], sort_keys=True)
    return hashlib.sha256(identity.encode()).hexdigest()[:8]
