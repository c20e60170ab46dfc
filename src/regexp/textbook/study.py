"""The finished runs of an experiment at one tier, by setting and seed."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from regexp.comparison.reading import Run, lost_rows, read_run
from regexp.files.naming import SEARCH_TUNING
from regexp.textbook.protocol import Protocol

TUNING = 1000
"""Seeds from here on tune, and judge nothing; the runs by which a search chooses do the same, whatever their seeds."""

ABSENT = "-"
"""In a setting: the value of a field that its runs do not have."""


Diverged = Mapping[str, tuple[int, int]]
"""By setting: how many of how many runs diverged."""


class NotMeasured(ValueError):
    """A quantity that these runs do not give. The message says why."""


@dataclasses.dataclass(frozen=True, eq=False)
class Study:
    """An experiment's runs, and how many seeds each setting must have."""

    protocol: Protocol
    tier: str
    runs: Sequence[Run]
    tuning: Sequence[Run] = ()
    """Runs that only tune."""
    unread: Sequence[str] = ()
    """Why runs are in neither of the two."""
    seen: dict[Any, Any] = dataclasses.field(default_factory=dict, init=False)
    """What diagnostics have found: several claims and pictures ask for the same."""

    def once(self, key: Any, find: Callable[[], Any]) -> Any:
        """What ``find`` gives, which is called for a key only once."""
        if key not in self.seen:
            self.seen[key] = find()
        return self.seen[key]

    @property
    def seeds(self) -> range:
        """Those that are judged, of every setting."""
        return self.protocol.seeds(self.tier)

    @property
    def n(self) -> int:
        """Seeds per setting."""
        return len(self.seeds)

    def matching(self, setting: str) -> list[Run]:
        """All runs of a setting, in the order of their seeds."""
        wanted = self.protocol.settings[setting]
        return sorted((run for run in self.runs if matches(run.fields, wanted)), key=lambda run: run.seed)

    def by_seed(self, setting: str) -> dict[Any, Run]:
        """One run per seed. Raises :class:`NotMeasured` if a seed has several, or some have none."""
        runs = self.matching(setting)
        found = {run.seed: run for run in runs if run.status in ("completed", "diverged")}
        if len(runs) > len({run.seed for run in runs}):
            raise NotMeasured(f"setting {setting} must match one run per seed, got several: tell them apart by another field")
        if len(found) < self.n:
            raise NotMeasured(f"setting {setting} has {len(found)} finished runs of {self.n}")
        return found

    @property
    def settings(self) -> list[str]:
        """The names of all settings."""
        return list(self.protocol.settings)

    def label(self, setting: str) -> str:
        """What pictures call a setting."""
        return self.protocol.labels.get(setting, setting.replace("_", " "))

    def arguments(self, diagnostic: str) -> dict[str, Any]:
        """What the protocol gives to a diagnostic."""
        return dict(self.protocol.arguments.get(diagnostic) or {})


def count_diverged(groups: Mapping[str, Iterable[Run]]) -> Diverged:
    """The groups of runs, by name, of which some diverged."""
    found = {name: [run.status == "diverged" for run in runs] for name, runs in groups.items()}
    return {name: (sum(lost), len(lost)) for name, lost in found.items() if any(lost)}


def matches(fields: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    """Whether a run's fields have these values; lists and tuples are one."""
    return all(fields.get(key, ABSENT) == (tuple(v) if isinstance(v, list) else v) for key, v in wanted.items())


def read_study(protocol: Protocol, tier: str, folders: Sequence[Path]) -> Study:
    """The runs in these folders; those that cannot be read whole are left out, and counted as missing by who needs them."""
    runs, unread = [], []
    for folder in folders:
        try:
            runs.append(_whole(read_run(folder)))
        except (OSError, ValueError) as error:
            unread.append(str(error))
    judged = [run for run in runs if not _tunes(run)]
    return Study(protocol, tier, judged, [run for run in runs if _tunes(run)], unread)


def _whole(run: Run) -> Run:
    """The run, if no row or column of its history was lost; else ``ValueError``."""
    if problem := lost_rows(run):
        raise ValueError(problem)
    return run


def _tunes(run: Run) -> bool:
    """Whether a run was there to choose a setting only: by its seed, or as one of a search."""
    return run.seed[0] >= TUNING or run.folder.parent.name == SEARCH_TUNING
