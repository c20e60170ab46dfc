"""What ``hydra/sweeper=search`` asks for, checked before anything is done."""

from __future__ import annotations

import dataclasses
import importlib.util
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hydra.core.override_parser.types import Override
from omegaconf import OmegaConf

from regexp.config.composing import Composer, Job, build_all
from regexp.config.construction import construct
from regexp.config.grid import swept
from regexp.config.spaces import Space, spaces
from regexp.config.wording import Problem, Problems
from regexp.files.naming import SEARCH_NOTE
from regexp.metrics import is_loss
from regexp.rules import one_of, optional, require, whole

SEARCH = "regexp.search"
"""The sweeper that searches, as ``hydra/sweeper/search.yaml`` names it."""

SAMPLERS: dict[str, tuple[str, ...]] = {
    "qmc": (),
    "random": (),
    "tpe": (),
    "gp": ("torch",),
    "cmaes": ("cmaes",),
    "nsgaii": (),
    "nsgaiii": (),
}
"""Optuna's samplers of numbers, by our names, and the packages that each needs beside it."""

ADAPTIVE = tuple(name for name in SAMPLERS if name not in ("qmc", "random"))
"""Those whose settings depend on the outcomes of earlier ones."""


@dataclasses.dataclass(frozen=True)
class SearchOptions:
    """``budget``: settings of every set. ``batch``: how many of them an adaptive sampler asks for at once.

    ``fresh_seeds``: how many seeds the chosen settings are trained with again; None: as many as they were chosen by, and
    where that is a single one, which would decide nothing, 10. ``baseline``: whether a set that is the only one is compared
    with no regularizer.
    """

    budget: int = 16
    sampler: str = "qmc"
    batch: int = 4
    fresh_seeds: int | None = None
    baseline: bool = True

    def __post_init__(self) -> None:
        require(self, budget=whole(1), sampler=one_of(*SAMPLERS), batch=whole(1), fresh_seeds=optional(whole(1)))

    @property
    def rounds(self) -> list[int]:
        """How many settings every set has after each round of asking."""
        step = self.batch if self.sampler in ADAPTIVE else self.budget
        return [*range(step, self.budget, step), self.budget]


@dataclasses.dataclass(frozen=True)
class SearchPlan:
    """A search for the best numbers of every set of regularizers."""

    options: SearchOptions
    spaces: list[Space]


def is_search(hydra: Any) -> bool:
    """Whether our sweeper chooses the settings. ``hydra``: Hydra's own configuration."""
    return hydra.sweeper._target_ == SEARCH


def plan_search(
    composer: Composer, head: Any, overrides: Sequence[Override]
) -> tuple[SearchPlan, list[Job], list[list[Problem]], list[str]]:
    """The search; the runs of all seeds at one setting of every space; what is wrong with spaces that cannot be; what is
    wrong with the search itself. ``head``: the configuration of what is not swept.
    """
    options, problems = _options(head.hydra)
    found, wrong = spaces(
        composer, swept(composer, head.hydra, overrides), head.get("seed", 0), baseline=bool(options.baseline)
    )
    right, runs, refused = [], [], []
    for space in [] if wrong else found:
        jobs, misfits = build_all(composer, space.probes(composer))
        if jobs and not jobs[0].experiment.dataset.has_validation:
            key = f"dataset.{jobs[0].experiment.dataset.validation}"
            misfits.append([Problem(key, f"a search chooses by the validation split, and there is none: set {key} > 0")])
        if misfits:
            refused.append(list(dict.fromkeys(one for several in misfits for one in several)))
        else:
            right.append(space)
            runs += jobs[: len(space.seeds)]
    problems += _without_one_scale(runs)
    return SearchPlan(options, right), runs, refused, [*problems, *wrong]


def mixed(folder: Path, *, searches: bool) -> str | None:
    """What to say of a search in a folder of other runs, or of other runs in the folder of a search."""
    if searches and any(folder.glob("*/summary.json")):
        return f"{folder} holds runs that no search chose, and would compare with none of them: give the search another study"
    if not searches and (folder / SEARCH_NOTE).exists():
        return f"{folder} holds a search, which is compared by itself: give the sweep another study"
    return None


def _without_one_scale(runs: Sequence[Job]) -> list[str]:
    """What is wrong with sets that would be compared by losses of different kinds."""
    losses = list(dict.fromkeys(run.experiment.data_loss for run in runs))
    if len(losses) < 2 or not any(is_loss(run.experiment.objective) for run in runs):
        return []
    return [
        f"a search must not compare sets by their loss where they differ in it, got loss={','.join(losses)} (values on "
        "different scales): set objective=val/accuracy, or search with one loss"
    ]


def _options(hydra: Any) -> tuple[SearchOptions, list[str]]:
    """The options, and what is wrong with them or missing for them."""
    node: Any = OmegaConf.to_container(hydra.sweeper, resolve=True)
    problems: Problems = {}
    given = {name: value for name, value in node.items() if name not in ("_target_", "params")}
    options = construct(SearchOptions, given, "hydra.sweeper.", problems)
    needed = {"optuna": 'hydra/sweeper=search needs Optuna: pip install "regexp[search]"'}
    for package in SAMPLERS.get(options.sampler, ()):
        needed[package] = f"hydra.sweeper.sampler={options.sampler} needs the package {package}: pip install {package}"
    absent = [text for package, text in needed.items() if importlib.util.find_spec(package) is None]
    return options, [*(f"{key} {text}" for key, text in problems.items()), *absent]
