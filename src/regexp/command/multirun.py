"""``regexp-train -m``: the runs that we train ourselves, and what is said at their end."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from regexp import notes
from regexp.command.folders import note_command
from regexp.config.orders import prepare
from regexp.config.planning import Plan
from regexp.order import Order
from regexp.sweep import sweep
from regexp.sweep.study import status_of
from regexp.sweep.tally import Tally


def begin(asked: Plan, overrides: Sequence[str]) -> None:
    """Note the command in the folder, and say what of it cannot be trained, and what its data have to say."""
    note_command(asked.folder, sys.argv[1:])
    prepare(asked, overrides)
    for problem in dict.fromkeys(one for several in asked.refused for one in several):
        print(f"refused: {problem}", file=sys.stderr)
    notes.say(job.experiment for job in asked.runs)


def train_grid(asked: Plan, runs: Sequence[Order]) -> list[Path]:
    """Train what the folder lacks, say how it ended and what it shows; the folders of runs that failed."""
    tally, way_on = Tally(asked.folder, len(runs), len(asked.refused)), ""
    try:
        sweep(runs, asked.folder, tally, grows=asked.study, launcher=asked.launcher)
    except KeyboardInterrupt:
        way_on = _way_on(asked)
        raise
    finally:
        tally.write()
        print(f"\n{tally}\n{way_on or f'tensorboard --logdir {asked.folder}'}")
    if tally.with_status("queued"):
        print("queued runs are trained without this process; to collect them, repeat the command")
    else:
        conclude(asked)
    return [*tally.with_status("failed"), *(_diverged(tally) if asked.divergence_fails else [])]


def train_search(asked: Plan) -> list[Path]:
    """Search, and say what was found; the folders of runs that failed. Raises :class:`regexp.search.Unfinished`."""
    from regexp.search import answer, search

    try:
        found, failed = search(asked)
    except KeyboardInterrupt:
        print(_way_on(asked))
        raise
    print(answer(found, asked))
    return failed


def conclude(asked: Plan) -> None:
    """Compare the runs, unless ``compare=false``."""
    from regexp.command import conclusion

    if asked.compare:
        conclusion.conclude(asked.folder)


def _diverged(tally: Tally) -> list[Path]:
    """The runs that diverged, now or in an earlier command."""
    there = [folder for folder in tally.with_status("reused") if status_of(folder) == "diverged"]
    return [*tally.with_status("diverged"), *there]


def _way_on(asked: Plan) -> str:
    """What to do after an interruption."""
    if asked.study:
        return f"repeat the command to go on: what {asked.folder} holds is not trained again"
    return "the runs stay there; the same command begins anew, and one with study=NAME goes on when it is repeated"
