"""The command line, ``regexp-train``: checks everything, then hands over to Hydra.

Hydra alone would report the first mistake only, and leave files behind.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import hydra
from hydra._internal.utils import get_args_parser
from omegaconf import OmegaConf

from regexp.command.startup import one_store, seldom_collected
from regexp.stopping import at_once

if TYPE_CHECKING:
    from regexp.config.planning import Plan
    from regexp.order import Order

CONFIG_NAME = "train"


def register_resolvers() -> None:
    """Make the functions in ``train.yaml`` known to OmegaConf, also after a program that uses it too has cleared them."""
    OmegaConf.register_new_resolver("regexp.title", lambda *, _root_: _folders().title(_root_), replace=True)
    OmegaConf.register_new_resolver("regexp.study", lambda now, *, _root_: _folders().study(now, _root_), replace=True)
    OmegaConf.register_new_resolver("regexp.swept", lambda *, _root_: _folders().swept(_root_), replace=True)


register_resolvers()


def main() -> None:
    """Train what the arguments describe.

    Exit status: 0 done, 1 refused or failed, 2 a wrong flag, 130 ended by Ctrl-C, 143 by SIGTERM, after saving.
    """
    import_from_here()
    arguments = get_args_parser().parse_intermixed_args()
    try:
        with at_once():
            if _asks_only(arguments):
                with seldom_collected(), one_store():
                    _hydra(sys.argv)
            else:
                _train(arguments)
    except KeyboardInterrupt as error:
        _exit("interrupted", status=getattr(error, "status", 130))


def job(cfg: Any) -> float | None:
    """What Hydra calls for every run."""
    from regexp.command.job import run

    return run(cfg)


def config_folder() -> Path:
    """The folder ``conf``: the package's own if it is installed, the checkout's beside ``src`` otherwise."""
    here = Path(__file__).resolve()
    places = [here.parent / "conf", here.parents[2] / "conf"]
    found = [place for place in places if (place / f"{CONFIG_NAME}.yaml").is_file()]
    if not found:
        _exit(f"no configuration: there is no {CONFIG_NAME}.yaml in {' or '.join(map(str, places))}: install regexp again")
    return found[0]


def planned(words: Sequence[str]) -> Plan:
    """What ``regexp-train`` would train, given these arguments. Raises :class:`regexp.config.ConfigError`."""
    from regexp.config.planning import plan

    return plan(get_args_parser().parse_args(list(words)), config_folder(), CONFIG_NAME)


def _train(arguments: argparse.Namespace) -> None:
    from regexp.config import ConfigError

    _refuse_flags(arguments)
    try:
        with seldom_collected():
            train = _prepared(arguments)
        train()
    except ConfigError as error:
        _exit(str(error))


def _prepared(arguments: argparse.Namespace) -> Callable[[], None]:
    """What is left to do when all has been checked and the folder is taken."""
    from regexp.command.folders import holds_run
    from regexp.command.rehearsal import rehearse
    from regexp.config.orders import orders
    from regexp.config.planning import plan
    from regexp.config.resuming import folder_of

    if folder := folder_of(arguments.overrides):
        return partial(_resume, folder, arguments)
    asked = plan(arguments, config_folder(), CONFIG_NAME)
    runs = orders(asked) if asked.stacked and not asked.search else []
    if asked.resumes and holds_run(asked.folder):
        return partial(_resume_same, asked)
    rehearse(asked)
    _claim(asked, arguments.overrides)
    if asked.search:
        return partial(_search, asked)
    return partial(_sweep, asked, runs) if asked.stacked else partial(_leave_to_hydra, asked, arguments)


def _search(asked: Plan) -> None:
    from regexp.command.multirun import train_search
    from regexp.search import Unfinished

    try:
        _judge(train_search(asked))
    except Unfinished as unfinished:
        _exit(str(unfinished))


def _sweep(asked: Plan, runs: Sequence[Order]) -> None:
    from regexp.command.multirun import train_grid

    _judge(train_grid(asked, runs))


def _claim(asked: Plan, overrides: Sequence[str]) -> None:
    """Take the folder, and note the command in that of a sweep."""
    from regexp.command.folders import Taken, claim

    try:
        claim(asked.folder, sweep=asked.multirun, grows=asked.study or asked.resumes)
        if asked.stacked:
            from regexp.command.multirun import begin

            begin(asked, overrides)
    except Taken as error:
        _exit(str(error))
    except OSError as error:
        whose, way_out = ("sweep", "study=NAME or hydra.sweep.dir=...") if asked.multirun else ("run", "hydra.run.dir=...")
        _exit(f"the {whose}'s folder must be one that can be written, got {error}: choose another by {way_out}")


def _resume(folder: Path, arguments: argparse.Namespace) -> None:
    from regexp.command.resuming import resume
    from regexp.config import ConfigError

    if arguments.multirun:
        raise ConfigError(["resume goes on with one run, got -m: a sweep goes on when its command with study=NAME is repeated"])
    if not resume(folder, arguments, config_folder(), CONFIG_NAME):
        _judge([folder])


def _resume_same(asked: Plan) -> None:
    from regexp.command.resuming import resume_same

    (job,) = asked.runs
    if not resume_same(asked.folder, job.experiment, job.settings.decided(sweep=False)):
        _judge([asked.folder])


def _leave_to_hydra(asked: Plan, arguments: argparse.Namespace) -> None:
    from regexp.command.folders import count, failed
    from regexp.words import counted, in_quotes

    key = "hydra.sweep.dir" if asked.multirun else "hydra.run.dir"
    own = [f"{key}={in_quotes(str(asked.folder))}"]
    if asked.multirun:
        own.append(f"hydra.job.config.override_dirname.exclude_keys=[{','.join(asked.fixed)}]")
    _hydra([sys.argv[0], *_flags(arguments), *arguments.overrides, *own])
    if asked.multirun:
        from regexp.command.multirun import conclude

        print(f"\n{counted(len(asked.runs), 'run')} in {asked.folder}\ntensorboard --logdir {asked.folder}")
        conclude(asked)
    _judge(failed(asked.folder, sweep=asked.multirun, divergence_fails=asked.divergence_fails))
    if asked.multirun and (found := count(asked.folder)) < len(asked.runs):
        _exit(f"only {found} of {len(asked.runs)} runs left a summary in {asked.folder}: see the messages above")


def _judge(losses: Sequence[Path]) -> None:
    if losses:
        from regexp.command.folders import why

        _exit("\n".join(["failed:", *(f"  {why(folder)}" for folder in losses)]))


def _hydra(argv: list[str]) -> None:
    from regexp.command.asked_files import told

    before, sys.argv = sys.argv, argv
    try:
        with told():
            hydra.main(config_path=str(config_folder()), config_name=CONFIG_NAME, version_base="1.3")(job)()
    finally:
        sys.argv = before


def _asks_only(arguments: argparse.Namespace) -> bool:
    """Whether nothing will be trained: help, a look at the configuration, completion in a shell."""
    return bool(
        arguments.help or arguments.hydra_help or arguments.cfg or arguments.shell_completion or arguments.info is not None
    )


def _refuse_flags(arguments: argparse.Namespace) -> None:
    if arguments.experimental_rerun is not None:
        _exit("--experimental-rerun would run a pickle: type the command in the run's summary.json instead")
    if arguments.config_path is not None:
        _exit("--config-path would replace our configuration: add yours by --config-dir")


def _flags(arguments: argparse.Namespace) -> list[str]:
    flags = ["--multirun"] if arguments.multirun else []
    for flag, value in (("--config-dir", arguments.config_dir), ("--config-name", arguments.config_name)):
        flags += [flag, value] if value is not None else []
    return flags


def import_from_here() -> None:
    """Let the user's own modules be found in the current folder, as ``python -m`` does and a console script does not."""
    here = str(Path.cwd())
    if here not in sys.path and "" not in sys.path:
        sys.path.insert(0, here)


def _folders() -> Any:
    from regexp.config import folders

    return folders


def _exit(message: str, status: int = 1) -> NoReturn:
    print(message, file=sys.stderr)
    sys.exit(status)


if __name__ == "__main__":
    from regexp.train import main as importable_main  # so that Hydra's task is importable by its name

    importable_main()
