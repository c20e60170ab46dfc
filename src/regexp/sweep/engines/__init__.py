"""Who trains stacks. Every engine is one file with a function ``run(waiting, work, launcher)``.

``run`` trains what ``waiting`` holds (and what joins it meanwhile: stacks that were lost are put there again), and yields each
stack with its outcome as it ends: how its runs ended, ``Lost`` if its worker has gone, or the exception that ``work`` raised.
When it is closed, nothing more starts and its workers end. ``work`` trains a stack in this process; other processes call
:func:`regexp.sweep.worker.train_parcel`, which does the same.
"""

from __future__ import annotations

import importlib
from collections import deque
from collections.abc import Callable

from regexp.launcher import Launcher
from regexp.sweep.stack import Endings, Outcome, Stack

MODULES = {"local": "local", "joblib": "with_joblib", "submitit": "with_submitit", "ray": "with_ray"}


def run(waiting: deque[Stack], work: Callable[[Stack], Outcome], launcher: Launcher) -> Endings:
    """What the engine of that name does; only its module is imported."""
    module = importlib.import_module(f"{__name__}.{MODULES[launcher.engine]}")
    yield from module.run(waiting, work, launcher)
