"""The machine a run trains on: device, threads, versions. None of it belongs to the experiment, all of it is recorded."""

from __future__ import annotations

import ctypes
import functools
import os
import platform
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

from regexp import memory
from regexp.lazy import torch
from regexp.rules import Invalid

RUNNING = ("src", "conf", "scripts")
"""The folders of a checkout that say what runs; reports may change while they are written."""
_OMP_PAUSE_HARD = 2


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
    try:
        with memory.keeping():
            yield torch.get_num_threads()
    finally:
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


def _git(root: Path, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["git", "-C", str(root), *words], capture_output=True, text=True, encoding="utf-8", check=check)


def _flushes_denormals() -> bool:
    """Whether the calling thread does."""
    smallest = torch.finfo(torch.float32).tiny
    return (torch.full((1,), smallest, dtype=torch.float32, device="cpu") / 2).item() == 0
