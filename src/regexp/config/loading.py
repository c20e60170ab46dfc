"""Hydra's loader of configuration files, outside ``hydra.main``."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hydra import version
from hydra._internal.hydra import Hydra
from hydra._internal.utils import create_config_search_path
from hydra.core.config_search_path import SearchPathQuery
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig

from regexp.config.wording import ConfigError

VERSION_BASE = "1.3"
"""The version of Hydra whose defaults hold."""


@contextlib.contextmanager
def loading(config_folder: str | Path, more: str | None = None) -> Iterator[Any]:
    """Hydra's loader, set up as ``hydra.main`` sets it up; ``more`` is the argument of ``--config-dir``."""
    version.setbase(VERSION_BASE)
    search_path = create_config_search_path(str(config_folder))
    if more is not None:
        folder = Path(more).absolute()
        if not folder.is_dir():
            raise ConfigError([f"--config-dir must be a folder, got {more!r}"])
        search_path.prepend("command-line", f"file://{folder}", SearchPathQuery(provider="schema"))
    try:
        yield Hydra.create_main_hydra2("train", search_path).config_loader
    finally:
        GlobalHydra.instance().clear()
        HydraConfig.instance().cfg = None
