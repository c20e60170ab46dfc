"""``search``: ask for settings, train them with all seeds, choose, and train what was chosen with fresh seeds."""

from __future__ import annotations

import dataclasses
import json
import logging
from collections.abc import Sequence
from pathlib import Path

from filelock import FileLock

from regexp.config.composing import Job
from regexp.config.orders import orders
from regexp.config.planning import Plan
from regexp.config.searching import SearchPlan
from regexp.files import atomic
from regexp.files.naming import SEARCH_CHOSEN, SEARCH_NOTE, SEARCH_TUNING
from regexp.search.contest import Contest
from regexp.search.outcomes import ENDED, Searched
from regexp.sweep import sweep
from regexp.sweep.study import held
from regexp.sweep.tally import Tally
from regexp.words import counted

log = logging.getLogger("regexp")


FRESH = 10
"""Seeds of the comparison where settings were chosen by a single one."""


class Unfinished(RuntimeError):
    """Some runs have not ended. The message says how many, and the way out."""


def search(plan: Plan) -> tuple[list[Searched], list[Path]]:
    """Give every space of ``plan`` its budget, train what is best by validation with fresh seeds, note which runs those are.

    Everything that the folder holds already is used: settings that were asked for, and runs that have ended. Returns what was
    tried, and the folders of runs that failed, or diverged where ``on_divergence=raise``. Raises :class:`Unfinished`.
    """
    assert plan.search is not None
    _note(plan.folder, None)
    found, failed = _tune(plan, plan.search)
    seeds = fresh_seeds(plan.search)
    jobs = [one.space.build(plan.composer, one.chosen.values, seed) for one in found for seed in seeds]
    log.info("the chosen settings again, with fresh seeds %s", ", ".join(map(str, seeds)))
    known = _train(plan, SEARCH_CHOSEN, jobs)
    _note(plan.folder, sorted(f"{SEARCH_CHOSEN}/{known[job.experiment.hash()][0].name}" for job in jobs))
    return found, sorted({*failed, *_failed(known, plan)})


def fresh_seeds(plan: SearchPlan) -> list[int]:
    """The seeds of the comparison: the first numbers above all tuning seeds, so that none of them has chosen anything."""
    tuning = {int(seed) for space in plan.spaces for seed in space.seeds}
    count = plan.options.fresh_seeds or (len(tuning) if len(tuning) > 1 else FRESH)
    return list(range(max(tuning) + 1, max(tuning) + 1 + count))


def _tune(plan: Plan, asked: SearchPlan) -> tuple[list[Searched], list[Path]]:
    """Ask, train and tell, in as many rounds as the sampler needs; what came of every space, and the runs that failed."""
    one_at_a_time = alone(plan.folder)
    file, sampler = plan.folder.absolute() / "search.db", asked.options.sampler
    with one_at_a_time:
        contests = [Contest(space, plan.composer, sampler, file) for space in asked.spaces]
    failed: list[Path] = []
    for count in asked.options.rounds:
        with one_at_a_time:
            jobs = [job for contest in contests for job in contest.ask(count)]
        sizes = counted(len(contests), "set"), counted(count, "setting"), counted(len(jobs), "run")
        log.info("search: %s, at most %s of each, %s", *sizes)
        ended = _train(plan, SEARCH_TUNING, jobs)
        failed += _failed(ended, plan)
        with one_at_a_time:
            for contest in contests:
                contest.end(ended)
    return [contest.searched for contest in contests], failed


def _train(plan: Plan, part: str, jobs: Sequence[Job]) -> dict[str, tuple[Path, str]]:
    """Train what is missing of these runs; all runs' folders and status, by the hash of their experiment."""
    folder = plan.folder / part
    folder.mkdir(exist_ok=True)
    runs = orders(dataclasses.replace(plan, study=True, folder=folder, runs=list(jobs)))
    tally = Tally(folder, len(runs))
    try:
        sweep(runs, folder, tally, grows=True, launcher=plan.launcher)
    finally:
        with alone(plan.folder):
            tally.write()
        print(tally)
    ended = {known_as: found for known_as, found in held(folder).items() if found[1] in ENDED}
    hashes = {order.experiment.hash() for order in runs}
    if missing := len(hashes - set(ended)):
        raise Unfinished(f"{missing} of {len(hashes)} runs have not ended: repeat the command to go on with the search")
    return {known_as: ended[known_as] for known_as in hashes}


def _failed(runs: dict[str, tuple[Path, str]], plan: Plan) -> list[Path]:
    bad = ("failed", "diverged") if plan.divergence_fails else ("failed",)
    return [folder for folder, status in runs.values() if status in bad]


def _note(folder: Path, compared: Sequence[str] | None) -> None:
    """Say which runs a comparison of the folder is about; None: none as yet, unless an earlier command has said it."""
    with alone(folder):
        if compared is not None or not (folder / SEARCH_NOTE).exists():
            text = json.dumps({"compared": list(compared or ())}, indent=2, ensure_ascii=False)
            atomic.write(folder / SEARCH_NOTE, f"{text}\n".encode())


def alone(folder: Path) -> FileLock:
    """Keeps other processes on this study from asking, telling and writing at the same time."""
    return FileLock(folder / ".search.lock")
