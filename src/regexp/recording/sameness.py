"""Whether what was saved is what is to go on: refused where it is another run, and warned of where only bits may differ."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from regexp.experiment import Experiment
from regexp.files.naming import flatten
from regexp.rules import Invalid

log = logging.getLogger("regexp")


BITS = "the bits may differ from those of a run that was never cut"


class _Nothing:
    """Stands for the value of a key that one of two runs does not have."""

    def __repr__(self) -> str:
        return "nothing"


_NOTHING = _Nothing()


def other_run(saved: Mapping[str, Any], asked: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What keeps an experiment from being the saved one, both by identity; only the number of epochs may grow."""
    found = differences(saved, asked)
    before, now = found.pop("epochs", (0, 0))
    other = [key.removesuffix("_target_") for key in found if key.endswith("._target_")]
    told = {key: pair for key, pair in found.items() if key.endswith("._target_") or not key.startswith(tuple(other))}
    problems = [(key, refusal(*pair)) for key, pair in told.items()]
    return problems + ([("epochs", f"may only be raised, and were {before}, got {now}")] if now < before else [])


def differences(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Both values of every key, in dots, where they differ; lists and tuples are equal."""
    first, second = flatten(dict(ours)), flatten(dict(theirs))
    keys = [*first, *(key for key in second if key not in first)]
    pairs = {key: (first.get(key, _NOTHING), second.get(key, _NOTHING)) for key in keys}
    return {key: (a, b) for key, (a, b) in pairs.items() if _plain(a) != _plain(b)}


def refusal(saved: Any, asked: Any) -> str:
    """What to say of a value that would make it another run."""
    return f"must be that of the saved run ({saved!r}), got {asked!r}: leave it out, or start a new run"


def require_same_runs(saved: Mapping[str, Any], experiments: Sequence[Experiment]) -> None:
    """Refuse experiments that are not those of the snapshot, naming what differs."""
    for run, experiment in zip(saved["runs"], experiments, strict=True):
        if problems := other_run(run["experiment"], experiment.identity()):
            raise Invalid("resume", problems)


def require_same_data(saved: Mapping[str, Any], hashes: Sequence[Mapping[str, str]]) -> None:
    """Refuse data files that are not those with which the runs were begun."""
    for run, found in zip(saved["runs"], hashes, strict=True):
        if other := differences(run["data_hashes"], found):
            raise Invalid("resume", [(f"data {key}", refusal(*values)) for key, values in other.items()])


def warn_of_other_machine(saved: Mapping[str, Any], about: Mapping[str, Any]) -> None:
    """Say in the log which version, device or number of threads has changed."""
    names = ("versions", "device", "device_name", "threads")
    before, now = ({name: one[name] for name in names} for one in (saved["about"], about))
    if found := differences(before, now):
        changes = ", ".join(f"{key} {a} -> {b}" for key, (a, b) in found.items())
        log.warning("going on with %s: %s", changes, BITS)


def other_stack(saved: Mapping[str, Any]) -> str | None:
    """What to say of runs that go on in another stack than that in which they were saved; None if it is the same.

    Matrix products round by alignment, that is, by a run's place in its stack.
    """
    now = {run["known_as"] for run in saved["runs"]}
    before = [run["together"] for run in saved["runs"] if set(run.get("together", now)) != now]
    if not before:
        return None
    sizes = " and ".join(map(str, sorted({len(together) for together in before})))
    after = "alone" if len(now) == 1 else f"in a stack of {len(now)}"
    changes = f"{after} after epoch {saved['epoch']}, before in a stack of {sizes}"
    return f"going on {changes}: {BITS}, and are equal to rounding"


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
