"""What a command does about Python's garbage collector, and about Hydra's copies, while it starts."""

from __future__ import annotations

import copy
import gc
import subprocess
import sys

import pytest
from hydra.core.config_store import ConfigStore

from regexp.command.startup import SELDOM, one_store, seldom_collected


@pytest.fixture(autouse=True)
def thaw():
    yield
    gc.unfreeze()


@pytest.mark.parametrize("fails", [False, True])
def test_garbage_is_searched_for_seldom_and_then_as_before(fails):
    before, kept = gc.get_threshold(), []
    try:
        with seldom_collected():
            assert gc.get_threshold() == (SELDOM, *before[1:])
            kept.append([])
            if fails:
                raise KeyError
    except KeyError:
        pass
    assert gc.get_threshold() == before
    assert gc.get_freeze_count() > 1000
    assert not any(tracked is kept for tracked in gc.get_objects())  # those that are searched from now on


def test_at_the_end_everything_is_searched_again():
    """Libraries that count what is left of theirs would report leaks."""
    program = (
        "import atexit, gc\n"
        "atexit.register(lambda: print(gc.get_freeze_count()))\n"
        "from regexp.command.startup import seldom_collected\n"
        "with seldom_collected():\n"
        "    pass\n"
        "print(gc.get_freeze_count() > 1000)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, encoding="utf-8", check=True)
    assert done.stdout.split() == ["True", "0"]


def test_hydra_s_store_is_not_copied_inside_the_block_and_what_it_gives_is():
    store = ConfigStore.instance()
    with one_store():
        assert copy.deepcopy(store) is store
        store.load("hydra/config.yaml").node.verbose = True
        assert store.load("hydra/config.yaml").node.verbose is False
    assert copy.deepcopy(store) is not store
