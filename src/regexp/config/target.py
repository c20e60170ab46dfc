"""From the name in ``_target_`` to a component's class, and to nothing else.

A configuration may name code of the user's own, so what a name can reach is narrow: a frozen dataclass, derived from the base
of its group, at the top of a module that is neither Python's nor one of the numerical libraries'.
"""

from __future__ import annotations

import importlib
import sys
from typing import Any

from regexp.component import Component

LIBRARIES = {"torch", "torchvision", "numpy", "scipy", "sklearn", "matplotlib", "tensorboard", "hydra", "omegaconf"}
"""Top-level packages that hold no component, refused before anything of them is imported (the standard library too)."""


def component_class(target: Any, base: type[Component]) -> type[Component]:
    """The class that ``target`` names. Raises ValueError with what is wrong; only the user's own module is ever imported."""
    rule = f"must name a frozen dataclass deriving from regexp.{base.__name__} (package.module.Class), got {target!r}"
    module, _, name = target.rpartition(".") if isinstance(target, str) else ("", "", "")
    package = module.partition(".")[0]
    if not package:
        raise ValueError(rule)
    if package in sys.stdlib_module_names:
        raise ValueError(f"{rule}: {package} is Python's standard library, which holds none")
    if package in LIBRARIES:
        raise ValueError(f"{rule}: {package} holds none")
    try:
        found = getattr(importlib.import_module(module), name)
    except Exception as error:  # the user's module may fail in any way
        raise ValueError(f"{rule}: {type(error).__name__}: {error}") from error
    if not _is_component(found, base):
        raise ValueError(f"{rule}: that is {_describe(found)}")
    return found


def _is_component(found: Any, base: type[Component]) -> bool:
    own = vars(found).get("__dataclass_params__") if isinstance(found, type) else None
    return own is not None and own.frozen and issubclass(found, base) and found is not base


def _describe(found: Any) -> str:
    if not isinstance(found, type):
        return f"no class but a {type(found).__name__}"
    own = vars(found).get("__dataclass_params__")
    if own is None:
        return "a class that is no dataclass itself"
    frozen = "" if own.frozen else " that is not frozen"
    return f"a dataclass{frozen} deriving from " + ", ".join(base.__name__ for base in found.__bases__)
