"""Torch, imported when it is first used.

Importing torch takes seconds. Help, configuration and the reading of finished runs need the components' *specifications*,
not tensors, so every module that holds a specification takes torch from here.
"""

from __future__ import annotations

import importlib
import types
from typing import TYPE_CHECKING, Any


class _LazyModule(types.ModuleType):
    def __getattr__(self, name: str) -> Any:
        value = getattr(importlib.import_module(self.__name__), name)
        self.__dict__[name] = value  # found without this detour from now on
        return value


if TYPE_CHECKING:
    import torch
else:
    torch = _LazyModule("torch")
