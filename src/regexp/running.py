"""``run``: the command line from Python, in this process."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from hydra._internal.utils import get_args_parser
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from hydra.version import VersionBase

from regexp.config import ConfigError
from regexp.config.building import forget
from regexp.config.orders import orders
from regexp.config.planning import Plan, plan
from regexp.config.running import Order
from regexp.naming import quoted
from regexp.results import Result
from regexp.runs import Runs, of_folders
from regexp.train import CONFIG_NAME, config_folder, register_resolvers


def run(*overrides: str, config_dir: str | Path | None = None) -> Runs:
    """Train what these strings, those of ``regexp-train -m``, ask for: ``run("experiment=weight_decay", "seed=range(20)")``.

    Values separated by commas, ``range(...)`` and lists of regularizers make a grid, and runs of one structure are trained as
    one stack, on one thread unless ``threads=`` is given. Nothing is written unless ``study=NAME`` names a folder below
    ``outputs``, which grows as it does under the command line: runs that it holds are read, not trained. ``config_dir``: a
    folder with yaml files of your own, as with ``--config-dir``.

    A call neither needs nor changes Hydra's global state, and may stand inside a program that uses Hydra itself.
    Raises ``regexp.config.ConfigError`` with everything that is wrong, before any work.
    """
    flags = ["--config-dir", str(config_dir)] if config_dir is not None else []
    arguments = get_args_parser().parse_args(["--multirun", *flags, *overrides])
    with _undisturbed():
        forget()
        asked = plan(arguments, config_folder(), CONFIG_NAME)
        if not asked.stacked:
            raise ConfigError(["hydra/launcher must be stacked, because run() trains its runs itself: leave it out"])
        wanted = orders(asked)
        return _into_folder(asked, wanted, [*flags, *overrides]) if asked.study else Runs(_train(wanted))


def _train(wanted: Sequence[Order]) -> list[Result]:
    """All results in the order in which they were asked for."""
    from regexp.runner import train_stack
    from regexp.sweep.stacks import stacks

    done: dict[str, Result] = {}
    for stack in stacks(wanted, None):
        settings = stack[0].settings
        how = {"device": settings.device, "threads": settings.threads, "on_divergence": settings.on_divergence}
        results = train_stack([order.experiment for order in stack], [], how, lambda *seen: None)
        done |= {result.experiment.hash(): result for result in results}
    return [done[order.experiment.hash()] for order in wanted]


def _into_folder(asked: Plan, wanted: Sequence[Order], words: Sequence[str]) -> Runs:
    from regexp.run_folders import claim
    from regexp.sweep import sweep
    from regexp.sweep.tally import Tally

    claim(asked.folder, sweep=True, grows=True)
    with (asked.folder / "commands.txt").open("a", encoding="utf-8") as file:
        file.write(" ".join(map(quoted, ["regexp-train", "-m", *words])) + "\n")
    tally = Tally(asked.folder, len(wanted))
    try:
        sweep(wanted, asked.folder, tally, grows=True, max_stack=asked.head.hydra.launcher.max_stack)
    finally:
        tally.write()
    return of_folders(list(tally.status))


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
