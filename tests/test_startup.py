"""What a command does about Python's garbage collector while it starts."""

from __future__ import annotations

import gc

import pytest

from regexp.startup import SELDOM, seldom_collected


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
