"""The files in which Hydra notes what a run was asked for, on a disk that is full."""

from __future__ import annotations

import contextlib
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hydra.core import utils
from omegaconf import OmegaConf

from regexp.files.atomic import naming


@contextlib.contextmanager
def told() -> Iterator[None]:
    """Inside the block a file that Hydra cannot write ends the program with its path and size, and frees the run's folder.

    Hydra itself would print a traceback that names neither.
    """
    original = utils._save_config

    def save(cfg: Any, filename: str, output_dir: Path) -> None:
        try:
            original(cfg, filename, output_dir)
        except OSError as error:
            shutil.rmtree(output_dir, ignore_errors=True)  # the run has not begun: its folder can be taken again
            _end(output_dir / filename, len(OmegaConf.to_yaml(cfg).encode()), error)

    utils._save_config = save
    try:
        yield
    finally:
        utils._save_config = original


def _end(file: Path, size: int, error: OSError) -> None:
    try:
        with naming(file, size):
            raise error
    except OSError as named:
        sys.exit(f"failed: {named}")
