"""What the run that Hydra is executing was asked for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode

from regexp.config.building import build, plain_values
from regexp.config.leftovers import key_of, without_leftovers
from regexp.order import Order
from regexp.settings import Settings
from regexp.words import quoted


def order(cfg: Any) -> Order:
    """The order behind the configuration that Hydra hands to its task."""
    node = HydraConfig.get()
    overrides = list(node.overrides.task)
    experiment, settings = build(without_leftovers(plain_values(cfg), overrides, GlobalHydra.instance().config_loader()))
    decided = settings.decided(sweep=node.mode == RunMode.MULTIRUN)
    return Order(experiment, decided, Path(node.runtime.output_dir), overrides, command(node, overrides, settings, decided))


def command(node: Any, overrides: list[str], asked: Settings, decided: Settings) -> str:
    """The line that repeats this run alone, on as many threads. ``node``: Hydra's own configuration."""
    if decided.threads != asked.threads:
        overrides = [*(override for override in overrides if key_of(override) != "threads"), f"threads={decided.threads}"]
    overrides = [override for override in overrides if key_of(override) not in ("study", "resume")]
    flags = []
    for source in node.runtime.config_sources:
        if source.provider == "command-line":
            flags += ["--config-dir", _from_here(Path(source.path))]
    if node.job.config_name != "train":
        flags += ["--config-name", node.job.config_name]
    search = [override for override in node.overrides.hydra if key_of(override) == "hydra.searchpath"]
    return " ".join(quoted(word) for word in ("regexp-train", *flags, *search, *overrides))


def _from_here(folder: Path) -> str:
    here = Path.cwd()
    return str(folder.relative_to(here)) if folder.is_relative_to(here) else str(folder)
