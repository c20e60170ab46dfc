"""How a run is carried out and what it leaves on disk: everything in a configuration that is no part of the experiment."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from typing import Any

from regexp.files.checkpoint import Pace
from regexp.lazy import torch
from regexp.rules import Invalid, boolean, one_of, optional, require, whole


@dataclasses.dataclass(frozen=True)
class Settings:
    """Where a run trains and what it writes.

    ``device``: auto (CUDA if there is one), cpu, cuda or cuda:N. ``threads``: None means all cores for a single run and 1 in a
    sweep. ``on_divergence``: record (a diverged run is a result) or raise. ``tensorboard`` and ``curves``: whether the event
    file and the picture are written; for None no pictures in a sweep. ``save``: which weights stay on disk (all, best, last,
    none); None means all for a single run and none in a sweep. ``checkpoint``: how often a training that goes on is saved.
    """

    device: str = "auto"
    threads: int | None = None
    on_divergence: str = "record"
    tensorboard: bool = True
    curves: bool | None = None
    save: str | None = None
    checkpoint: Any = Pace()

    def __post_init__(self) -> None:
        object.__setattr__(self, "checkpoint", _pace(self.checkpoint))
        require(
            self,
            device=_device,
            threads=optional(whole(1)),
            on_divergence=one_of("record", "raise"),
            tensorboard=boolean(),
            curves=optional(boolean()),
            save=optional(one_of("all", "best", "last", "none")),
        )

    def decided(self, *, sweep: bool) -> Settings:
        """What was left open, decided for a single run or for those of a sweep."""
        single, many = {"curves": True, "save": "all"}, {"threads": 1, "curves": False, "save": "none"}
        decisions: dict[str, Any] = many if sweep else single
        return dataclasses.replace(self, **{name: v for name, v in decisions.items() if getattr(self, name) is None})

    def of_training(self) -> dict[str, Any]:
        """Those that say how a stack is trained, the same for all its runs."""
        return {name: getattr(self, name) for name in ("device", "threads", "on_divergence", "checkpoint")}


def absent_device(device: Any) -> str | None:
    """What to say of a CUDA device that this machine does not have; None for every other value.

    It is no rule of :class:`Settings`: the settings of a run that was trained elsewhere can be read everywhere.
    """
    if not isinstance(device, str) or not re.fullmatch(r"cuda(:\d+)?", device):
        return None
    count = torch.cuda.device_count()
    if int(device.partition(":")[2] or 0) < count:
        return None
    there = f"cuda:0 to cuda:{count - 1}" if count else "no CUDA device"
    return f"must be a device that this machine has ({there}), got {device!r}: write device=auto or device=cpu"


def _pace(given: Any) -> Pace:
    """From a configuration: ``{"every": 5}``."""
    names = [field.name for field in dataclasses.fields(Pace)]
    if isinstance(given, Pace):
        return given
    if not isinstance(given, Mapping):
        raise Invalid("Settings", [("checkpoint", f"must have the keys {' and '.join(names)}, got {given!r}")])
    if unknown := [name for name in given if name not in names]:
        raise Invalid("Settings", [(f"checkpoint.{unknown[0]}", f"is no key: there are {', '.join(names)}")])
    try:
        return Pace(**given)
    except Invalid as invalid:
        raise Invalid("Settings", [(f"checkpoint.{name}", text) for name, text in invalid.problems]) from None


def _device(device: Any) -> str | None:
    if isinstance(device, str) and re.fullmatch(r"auto|cpu|cuda(:\d+)?", device):
        return None
    return f"must be one of auto, cpu, cuda, cuda:N, got {device!r}"
