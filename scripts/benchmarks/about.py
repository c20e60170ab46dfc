"""The machine, the versions and the command: what a figure is worth nothing without. No host names, no paths."""

from __future__ import annotations

import datetime
import os
import platform
import shlex
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import torch

from regexp import machine

PACKAGES = (
    *("regexp", "torch", "torchvision", "numpy", "hydra-core", "hydra-joblib-launcher", "joblib"),
    *("lightning", "scikit-learn", "jax", "pandas", "tensorboard"),
)


def about() -> dict[str, Any]:
    """What was measured, where, by which command."""
    return {
        "commit": machine.commit(),
        "command": shlex.join(["python", "scripts/benchmark.py", *sys.argv[1:]]),
        "date": datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d"),
        "machine": {
            "processor": processor(),
            "cores": os.cpu_count(),
            "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9),
            "system": f"{platform.system()} {platform.machine()}",
            "torch threads": torch.get_num_threads(),
            "cuda": torch.cuda.get_device_name() if torch.cuda.is_available() else None,
            "load at the start": round(os.getloadavg()[0], 2),
        },
        "versions": {"python": platform.python_version(), **{name: found(name) for name in PACKAGES}},
    }


def found(package: str) -> str:
    """The version of a package."""
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def processor() -> str:
    """Its name."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())
