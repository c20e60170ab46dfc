"""``search``: ask for settings, train them with all seeds, choose, and train what was chosen with fresh seeds."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import logging
from collections.abc import Sequence
from pathlib import Path

from filelock import FileLock

from regexp import atomic
from regexp.comparison.reading import SEARCH
from regexp.config.composing import Job
from regexp.config.orders import orders
from regexp.config.planning import Plan
from regexp.config.searching import SearchPlan
from regexp.config.spaces import Space
from regexp.metrics import lower_is_better
from regexp.search import asking
from regexp.search.outcomes import ENDED, Outcome, Searched, outcome, told
from regexp.sweep import sweep
from regexp.sweep.study import held
from regexp.sweep.tally import Tally

log = logging.getLogger("regexp")

TUNING, FRESH = "search", "chosen"
"""The folders, below the study's, of the runs that choose and of those that are compared."""


class Unfinished(RuntimeError):
    """Some runs have not ended. The message says how many, and the way out."""


def search(plan: Plan) -> tuple[list[Searched], list[Path]]:
    """Give every space of ``plan`` its budget, train what is best by validation with fresh seeds, note which runs those are.

    Everything that the folder holds already is used: settings that were asked for, and runs that have ended. Returns what was
    tried, and the folders of runs that failed. Raises :class:`Unfinished`.
    """
    assert plan.search is not None
    _note(plan.folder, None)
    with asking.quiet():
        found, failed = _tune(plan, plan.search)
    seeds = fresh_seeds(plan.search)
    jobs = [one.space.build(plan.composer, one.chosen.values, seed) for one in found for seed in seeds]
    log.info("the chosen settings again, with fresh seeds %s", ", ".join(map(str, seeds)))
    known = _train(plan, FRESH, jobs)
    _note(plan.folder, sorted(f"{FRESH}/{known[job.experiment.hash()][0].name}" for job in jobs))
    return found, sorted({*failed, *_failed(known)})


def fresh_seeds(plan: SearchPlan) -> list[int]:
    """The seeds of the comparison: the first numbers above all tuning seeds, so that none of them has chosen anything."""
    tuning = {int(seed) for space in plan.spaces for seed in space.seeds}
    count = plan.options.fresh_seeds or len(tuning)
    return list(range(max(tuning) + 1, max(tuning) + 1 + count))


def _tune(plan: Plan, asked: SearchPlan) -> tuple[list[Searched], list[Path]]:
    """Ask, train and tell, in as many rounds as the sampler needs; then what came of every space's settings."""
    objectives = [_probes(plan, space)[0].experiment.objective for space in asked.spaces]
    askers = [_asker(plan, space, asked.options.sampler, one) for space, one in zip(asked.spaces, objectives, strict=True)]
    tried: list[dict[int, Outcome]] = [{} for _ in asked.spaces]
    failed: list[Path] = []
    for count in asked.options.rounds:
        with FileLock(plan.folder / ".search.lock"):
            settings = [asker.ask(count) for asker in askers]
        log.info("search: %d settings of %d sets", sum(map(len, settings)), len(settings))
        jobs = [
            {
                n: [space.build(plan.composer, values, seed) for seed in space.seeds]
                for n, values in found.items()
                if n not in known
            }
            for space, found, known in zip(asked.spaces, settings, tried, strict=True)
        ]
        ended = _train(plan, TUNING, [job for found in jobs for runs in found.values() for job in runs])
        failed += _failed(ended)
        for known, found, runs, asker, objective in zip(tried, settings, jobs, askers, objectives, strict=True):
            known |= {n: outcome(n, found[n], [job.experiment.hash() for job in runs[n]], ended, objective) for n in runs}
            asker.tell(told(known.values(), objective))
    searched = zip(asked.spaces, objectives, tried, strict=True)
    return [Searched(space, objective, list(known.values())) for space, objective, known in searched], failed


def _asker(plan: Plan, space: Space, sampler: str, objective: str) -> asking.Asker:
    """The space's settings, in a study that is known by all that its values depend on."""
    ranges = {key: dataclasses.astuple(found) for key, found in space.ranges.items()}
    known_as = json.dumps([[job.experiment.hash() for job in _probes(plan, space)], ranges, sampler], sort_keys=True)
    name = f"{space.label} [{sampler}, {hashlib.sha256(known_as.encode()).hexdigest()[:8]}]"
    file = plan.folder.absolute() / "search.db"
    return asking.Asker(file, name, space.ranges, sampler, lower_is_better=lower_is_better(objective))


def _probes(plan: Plan, space: Space) -> list[Job]:
    return [plan.composer.build(job) for job in space.probes(plan.composer)]


def _train(plan: Plan, part: str, jobs: Sequence[Job]) -> dict[str, tuple[Path, str]]:
    """Train what is missing of these runs; all runs' folders and status, by the hash of their experiment."""
    folder = plan.folder / part
    folder.mkdir(exist_ok=True)
    runs = orders(dataclasses.replace(plan, study=True, folder=folder, runs=list(jobs)))
    tally = Tally(folder, len(runs))
    try:
        sweep(runs, folder, tally, grows=True, max_stack=plan.head.hydra.launcher.max_stack)
    finally:
        tally.write()
        print(tally)
    ended = {known_as: found for known_as, found in held(folder).items() if found[1] in ENDED}
    hashes = {order.experiment.hash() for order in runs}
    if missing := len(hashes - set(ended)):
        raise Unfinished(f"{missing} of {len(hashes)} runs have not ended: repeat the command to go on with the search")
    return {known_as: ended[known_as] for known_as in hashes}


def _failed(runs: dict[str, tuple[Path, str]]) -> list[Path]:
    return [folder for folder, status in runs.values() if status == "failed"]


def _note(folder: Path, compared: Sequence[str] | None) -> None:
    """Say which runs a comparison of the folder is about; None: none as yet, unless an earlier command has said it."""
    if compared is not None or not (folder / SEARCH).exists():
        text = json.dumps({"compared": list(compared or ())}, indent=2, ensure_ascii=False)
        atomic.write(folder / SEARCH, f"{text}\n".encode())
