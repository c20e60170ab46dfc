"""``run``: the command line from Python, in this process."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from hydra._internal.utils import get_args_parser
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from hydra.version import VersionBase

from regexp import notes
from regexp.command.folders import claim, note_command
from regexp.command.rehearsal import rehearse
from regexp.config import ConfigError
from regexp.config.building import forget
from regexp.config.orders import orders
from regexp.config.planning import Plan, plan
from regexp.files.history import read_summary
from regexp.launcher import Launcher
from regexp.order import Order
from regexp.results import Result
from regexp.runs import Runs, of_folders, runs_below
from regexp.train import CONFIG_NAME, config_folder, register_resolvers
from regexp.words import counted

_FLAGS = (
    "run() takes key=value words only, got {given}: leave flags out. Values separated by commas make a grid without -m, "
    "config_dir=... is --config-dir, and everything else (--help, --cfg, ...) is for regexp-train on the command line"
)

_FOLDER = "which writes nothing, or into outputs/NAME where study=NAME is given: write study=NAME instead"


def run(*overrides: str, config_dir: str | Path | None = None, **keywords: object) -> Runs:
    """Train what these strings, those of ``regexp-train -m``, ask for: ``run("experiment=weight_decay", "seed=range(20)")``.

    Values separated by commas, ``range(...)`` and lists of regularizers make a grid, and runs of one structure are trained as
    one stack, on one thread unless ``threads=`` is given. Nothing is written unless ``study=NAME`` names a folder below
    ``outputs``, which grows as it does under the command line: runs that it holds are read, not trained. ``config_dir``: a
    folder with yaml files of your own, as with ``--config-dir``. Other keywords are refused: fields are strings.

    ``hydra/sweeper=search`` and engines other than ``local`` keep what they do in a folder, and need ``study=``. Of a search
    the runs are those of the chosen settings with fresh seeds, at their best epochs.

    A call neither needs nor changes Hydra's global state, and may stand inside a program that uses Hydra itself.
    Raises ``regexp.config.ConfigError`` with everything that is wrong, before any work (with ``study=`` also where none of
    the runs can begin: a model that is refused, data that are nowhere); :class:`regexp.runner.Diverged` after it, where a run
    diverged and ``on_divergence=raise`` is asked for; and :class:`regexp.search.Unfinished` where a search's runs have not all
    ended.
    """
    if odd := [word for word in overrides if not isinstance(word, str) or not word.strip()]:
        raise ConfigError(
            [f"run() takes key=value words, each a string of its own, got {odd[0]!r}: write run(*words) for a list"]
        )
    if keywords:
        words = ", ".join(f'"{name}={value}"' for name, value in keywords.items())
        raise ConfigError([f"run() takes strings, as on the command line, got keywords ({', '.join(keywords)}): write {words}"])
    if given := [word for word in overrides if word.startswith("-")]:
        raise ConfigError([_FLAGS.format(given=", ".join(map(repr, given)))])
    flags = ["--config-dir", str(config_dir)] if config_dir is not None else []
    arguments = get_args_parser().parse_args(["--multirun", *flags, *overrides])
    with _undisturbed():
        forget()
        asked = plan(arguments, config_folder(), CONFIG_NAME)
        if problems := _misfits(asked, overrides):
            raise ConfigError(problems)
        notes.say(job.experiment for job in asked.runs)
        if asked.search:
            return _search(asked, [*flags, *overrides])
        wanted = orders(asked)
        runs = _into_folder(asked, wanted, [*flags, *overrides]) if asked.study else Runs(_train(wanted, asked.launcher))
        _judge(asked, [run.reason or "" for run in runs if run.status == "diverged"])
        return runs


def _misfits(asked: Plan, overrides: Sequence[str]) -> list[str]:
    """What the command line can do and a call cannot."""
    if not asked.stacked:
        return ["hydra/launcher must be stacked, because run() trains its runs itself: leave it out"]
    given = {word.lstrip("+~").partition("=")[0] for word in overrides}
    ignored = ("hydra.run.dir",) if asked.study else ("hydra.run.dir", "hydra.sweep.dir", "hydra.sweep.subdir")
    problems = [f"{key} is no folder of run(), {_FOLDER}" for key in ignored if key in given]
    if asked.study:
        return problems
    engine = asked.launcher.engine
    problems += [] if engine == "local" else [f"hydra.launcher.engine={engine} writes its runs into a folder: add study=NAME"]
    return problems + (["hydra/sweeper=search keeps what it tries in a folder: add study=NAME"] if asked.search else [])


def _train(wanted: Sequence[Order], launcher: Launcher) -> list[Result]:
    """All results in the order in which they were asked for."""
    from regexp.recording.training import train_stack
    from regexp.sweep.stacks import remark, stacks

    done: dict[str, Result] = {}
    parts = stacks(wanted, launcher.max_stack)
    remark(parts)
    for stack in parts:
        how = stack[0].settings.of_training()
        results = train_stack([order.experiment for order in stack], [], how, lambda *seen: None)
        done |= {result.experiment.hash(): result for result in results}
    return [done[order.experiment.hash()] for order in wanted]


def _into_folder(asked: Plan, wanted: Sequence[Order], words: Sequence[str]) -> Runs:
    from regexp.sweep import sweep
    from regexp.sweep.tally import Tally

    rehearse(asked)
    _claim(asked.folder, words)
    tally = Tally(asked.folder, len(wanted))
    try:
        sweep(wanted, asked.folder, tally, grows=True, launcher=asked.launcher)
    finally:
        tally.write()
    return of_folders(list(tally.status))


def _search(asked: Plan, words: Sequence[str]) -> Runs:
    from regexp.search import AT, answer, search

    rehearse(asked)
    _claim(asked.folder, words)
    found, failed = search(asked)
    answer(found, asked)
    ended = [read_summary(folder) for folder in failed]
    _judge(asked, [summary["reason"] for summary in ended if summary["status"] == "diverged"])
    return of_folders(runs_below(asked.folder), at=AT)


def _judge(asked: Plan, diverged: Sequence[str]) -> None:
    """Where ``on_divergence=raise`` asks for it, runs that diverged are an error. ``diverged``: their reasons."""
    from regexp.runner import Diverged

    if diverged and asked.divergence_fails:
        raise Diverged(f"{counted(len(diverged), 'run')} diverged: {diverged[0]}")


def _claim(folder: Path, words: Sequence[str]) -> None:
    claim(folder, sweep=True, grows=True)
    note_command(folder, ["-m", *words])


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Hydra without a past inside the block, and as it was behind it."""
    register_resolvers()
    outer, config, base = GlobalHydra.instance(), HydraConfig.instance(), VersionBase.instance()
    before = outer.hydra, config.cfg, base.version_base
    outer.hydra = config.cfg = None
    try:
        yield
    finally:
        outer.hydra, config.cfg, base.version_base = before
