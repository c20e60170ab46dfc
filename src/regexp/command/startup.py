"""The start of a command: most of it is imports, and Python's garbage collector would search what they make time and again.

Of ``--help`` a third is copies that nobody changes.
"""

from __future__ import annotations

import atexit
import gc
from collections.abc import Iterator
from contextlib import contextmanager

from hydra.core.config_store import ConfigStore

SELDOM = 100_000
"""New objects between two searches for garbage, where Python's own 700 make a seventh of the smallest run's time."""


@contextmanager
def seldom_collected() -> Iterator[None]:
    """Inside the block garbage is searched for seldom; what is there at its end stays, and is not searched any more.

    For a process of our own only: in a program that imports regexp, its objects are not ours to keep.
    """
    before = gc.get_threshold()
    gc.set_threshold(SELDOM, *before[1:])
    try:
        yield
    finally:
        gc.freeze()
        atexit.register(gc.unfreeze)  # else libraries that count their objects at the end report leaks
        gc.set_threshold(*before)


@contextmanager
def one_store() -> Iterator[None]:
    """Inside the block Hydra's store of structured configurations is not copied, which it is 80 times for the groups in a help.

    Hydra copies the places where it looks, for a search path of their own; the store is only read, and hands out copies.
    """
    setattr(ConfigStore, "__deepcopy__", lambda store, _: store)  # noqa: B010 (typed, the class has no such method)
    try:
        yield
    finally:
        delattr(ConfigStore, "__deepcopy__")
