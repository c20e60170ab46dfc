"""The memory of a process that trains: kept from step to step, and what is said where there is too little."""

from __future__ import annotations

import ctypes
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from regexp.lazy import torch

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # of glibc's malloc.h
_MIB = 1 << 20
_ADAPTIVE_LIMIT = 32 * _MIB
"""Up to here glibc's threshold of large blocks grows by itself, and mallopt(3) promises to take one that is asked for."""
_trainings = 0
"""How many are under way in this process: its memory is theirs together."""


class OutOfMemory(MemoryError):
    """The device does not hold what is trained together. The message says how to need less."""


def is_out_of_memory(error: Exception) -> bool:
    """Whether torch means by this error that the device has not enough memory."""
    return isinstance(error, (MemoryError, torch.OutOfMemoryError)) or "allocate memory" in str(error)


@contextmanager
def holding(runs: int, device: torch.device) -> Iterator[None]:
    """Inside the block, memory that the device does not have is an :class:`OutOfMemory`, whatever torch calls it."""
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        if not is_out_of_memory(error):
            raise
        asked = re.search(r"allocate (\d\S* (bytes|[KMGT]iB))", str(error))
        why = f"it asked for {asked[1]} more" if asked else str(error)
        together, smaller = (f"{runs} runs at once", ", batch_size or max_stack") if runs > 1 else ("the run", " or batch_size")
        text = f"{device} has not enough memory for {together} ({why}): choose a smaller network{smaller}"
        raise OutOfMemory(text) from error


@contextmanager
def keeping() -> Iterator[None]:
    """Inside the block, the memory of one step's tensors serves the next step's; after it, what is not used is given back.

    The C library gives large blocks back to the system as soon as they are free, and the system clears every page of the next
    ones. Inside the block this process keeps what it has had, in blocks of up to 1 GiB (where the library refuses that, of
    32 MiB). After it the library's two thresholds stay at 32 and 64 MiB, to which they would have grown by themselves. With
    other libraries than glibc nothing changes. (``mallopt(3)``; ``reports/benchmark`` has what it saves, and the peaks of
    memory with it and without.)
    """
    global _trainings
    _trainings += 1
    try:
        if _trainings == 1 and not _set_thresholds(1024 * _MIB, 2047 * _MIB):
            _set_thresholds(_ADAPTIVE_LIMIT, 2047 * _MIB)
        yield
    finally:
        _trainings -= 1
        if _trainings == 0:
            _set_thresholds(_ADAPTIVE_LIMIT, 2 * _ADAPTIVE_LIMIT)
            if trim := _c_library("malloc_trim"):
                trim(0)


def _set_thresholds(alone: int, unused: int) -> bool:
    """From how many bytes on a block comes from the system by itself, and how many unused ones are kept; False if refused."""
    set_option = _c_library("mallopt")
    return bool(set_option and set_option(_M_MMAP_THRESHOLD, alone) and set_option(_M_TRIM_THRESHOLD, unused))


def _c_library(function: str) -> Callable[..., int] | None:
    """A function of the C library, if this one has it."""
    return getattr(ctypes.CDLL(None), function, None) if sys.platform == "linux" else None
