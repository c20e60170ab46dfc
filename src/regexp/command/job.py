"""One run of the command line, inside Hydra."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Any

from regexp.config import ConfigError
from regexp.config.running import order
from regexp.datasets.dataset import DataError
from regexp.memory import OutOfMemory
from regexp.report import report
from regexp.rules import Invalid

log = logging.getLogger("regexp")


def run(cfg: Any) -> float | None:
    """Train what the composed configuration describes, print the result, return the objective.

    A failure is written to the run's log and is no exception, so that the other runs of a sweep go on; that the run did not end
    well is then seen from its folder (:func:`regexp.command.folders.failed`).
    """
    from regexp.runner import Diverged, fit

    try:
        this = order(cfg)
        (result,) = fit(
            [this.experiment],
            this.folder,
            **vars(this.settings),
            command=this.command,
            overrides=this.overrides,
            progress=True,
        )
    except (ConfigError, DataError, Diverged, Invalid, OSError, OutOfMemory) as error:
        log.error("failed: %s", error)
        return None
    except Exception:
        log.exception("failed")
        return None
    print(report(result, Path(os.path.relpath(this.folder)), tensorboard=this.settings.tensorboard))
    return result.objective
