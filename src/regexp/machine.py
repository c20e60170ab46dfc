"""The machine a run trains on: device, threads, versions. None of it belongs to the experiment, all of it is recorded."""

from __future__ import annotations

import ctypes
import functools
import os
import platform
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

from regexp.lazy import torch
from regexp.rules import Invalid

RUNNING = ("src", "conf", "scripts")
"""The folders of a checkout that say what runs; reports may change while they are written."""
_OMP_PAUSE_HARD = 2
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # of glibc's malloc.h


def find_device(name: str) -> torch.device:
    """``auto`` (CUDA if there is one), ``cpu``, ``cuda`` or ``cuda:N``; a device that is absent is an error."""
    available = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if name == "auto":
        return torch.device("cuda" if available else "cpu")
    if not re.fullmatch(r"cpu|cuda(:\d+)?", name):
        raise Invalid("fit", [("device", f"must be auto, cpu, cuda or cuda:N, got {name!r}")])
    device = torch.device(name)
    if device.type == "cuda" and (device.index or 0) >= available:
        raise Invalid("fit", [("device", f"must be on this machine ({available} CUDA devices), got {name!r}: use cpu")])
    return device


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


def cores() -> int:
    """The processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def using(threads: int | None) -> Iterator[int]:
    """Train with this many threads (None: torch's choice) and without what slows down every step: denormal numbers, and memory
    that is given back only to be asked for again.
    """
    threads_before, flushing_before = torch.get_num_threads(), _flushes_denormals()
    torch.set_num_threads(threads or threads_before)
    flush_denormals(True)
    keep_memory()
    try:
        yield torch.get_num_threads()
    finally:
        give_memory_back()
        flush_denormals(flushing_before)
        torch.set_num_threads(threads_before)


def flush_denormals(on: bool) -> None:
    """Denormal numbers as zeros, or as they are, in every thread that computes for this one.

    ``torch.set_flush_denormal`` says so to the calling thread, and a thread starts in the mode of the one that starts it
    (POSIX, ``pthread_create``). Threads that torch has already started keep theirs, so they are ended, by OpenMP 5.0's
    ``omp_pause_resource_all``, and start anew when they are needed. (On Linux, where this was seen; elsewhere they go on.)
    """
    torch.set_flush_denormal(on)
    library = ctypes.CDLL(torch._C.__file__) if sys.platform == "linux" else None
    if end_threads := getattr(library, "omp_pause_resource_all", None):
        end_threads(_OMP_PAUSE_HARD)


def keep_memory() -> None:
    """Let the memory of one step's tensors serve the next step's.

    The C library gives large blocks back to the system as soon as they are free, and the system clears every page of the next
    ones. From here on this process keeps what it has had, up to 1 GiB a block; :func:`give_memory_back` empties the store.
    (glibc's ``mallopt``; with other libraries nothing changes. ``reports/benchmark`` has what it saves.)
    """
    if set_option := _c_library("mallopt"):
        set_option(_M_MMAP_THRESHOLD, 1 << 30)
        set_option(_M_TRIM_THRESHOLD, (1 << 31) - 1)


def give_memory_back() -> None:
    """Return to the system what is kept and not used."""
    if trim := _c_library("malloc_trim"):
        trim(0)


def about(device: torch.device, threads: int) -> dict[str, Any]:
    """What a run's summary says of the machine."""
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else platform.machine()
    return {"device": str(device), "device_name": name, "threads": threads, "versions": versions(), "commit": commit()}


@functools.cache
def versions() -> dict[str, str]:
    """Versions of what computes."""
    return {"python": platform.python_version(), **{name: version(name) for name in ("regexp", "torch", "numpy")}}


@functools.cache
def commit() -> str | None:
    """The commit of the checkout that regexp runs from, ``-dirty`` if what runs was changed; None for an installed package."""
    root = Path(__file__).parents[2]
    if not (root / ".git").exists():
        return None
    try:
        name = _git(root, "rev-parse", "--short=12", "HEAD").stdout.strip()
        changed = _git(root, "diff", "--quiet", "HEAD", "--", *RUNNING, check=False).returncode
    except (OSError, subprocess.CalledProcessError):
        return None
    return f"{name}-dirty" if changed else name


def _c_library(function: str) -> Callable[..., int] | None:
    """A function of the C library, if this one has it."""
    return getattr(ctypes.CDLL(None), function, None) if sys.platform == "linux" else None


def _git(root: Path, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["git", "-C", str(root), *words], capture_output=True, text=True, encoding="utf-8", check=check)


def _flushes_denormals() -> bool:
    """Whether the calling thread does."""
    smallest = torch.finfo(torch.float32).tiny
    return (torch.full((1,), smallest, dtype=torch.float32, device="cpu") / 2).item() == 0
