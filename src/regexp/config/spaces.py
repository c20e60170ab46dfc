"""What a search varies: for every set of regularizers, in every context, the ranges of its numbers."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.override_parser.types import Override

from regexp.config import diagnosis
from regexp.config.composing import Composer, Job
from regexp.config.grid import beside_none, own_grids
from regexp.config.ranges import Range, chosen, declared, is_interval, typed

SEED = "seed"


@dataclasses.dataclass(frozen=True)
class Space:
    """One search: a set of regularizers in a context, and the ranges of its numbers by key (none: one setting)."""

    label: str
    overrides: list[Override]
    ranges: dict[str, Range]
    seeds: list[str]
    """Every setting is trained with all of them."""

    def build(self, composer: Composer, values: Mapping[str, float], seed: int | str) -> Job:
        """The run of one setting and one seed. Raises :class:`ConfigError`."""
        return composer.build(self.job(composer, values, seed))

    def job(self, composer: Composer, values: Mapping[str, float], seed: int | str) -> list[Override]:
        """The overrides of that run."""
        lines = [*(f"{key}={value!r}" for key, value in values.items()), f"{SEED}={seed}"]
        return [*self.overrides, *composer.parse(lines)[0]]

    def probes(self, composer: Composer) -> list[list[Override]]:
        """The runs at the low ends of all ranges, one for each seed, and one at the high ends: if they are right, all are."""
        low = {key: found.low for key, found in self.ranges.items()}
        high = {key: found.high for key, found in self.ranges.items()}
        corners = [(low, seed) for seed in self.seeds] + [(high, self.seeds[0])] * bool(high)
        return [self.job(composer, values, seed) for values, seed in corners]


def spaces(composer: Composer, swept: Sequence[Override], seed: int, *, baseline: bool = True) -> tuple[list[Space], list[str]]:
    """All searches that these overrides ask for, and what is wrong with their ranges. ``seed``: the one if none is given.

    ``baseline``: whether a set of regularizers that would be searched alone is compared with none.
    """
    seeds, problems = _seeds(swept, seed)
    intervals = {override.get_key_element(): override for override in swept if is_interval(override)}
    others = [override for override in swept if override.key_or_group != SEED]
    lines = [diagnosis.one_value(o) if is_interval(o) else o.input_line or "" for o in others]
    (product,) = BasicSweeper.split_arguments(composer.parse(lines)[0], None)
    contexts = {o.key_or_group for o in others if o.is_sweep_override() and not is_interval(o)} - {"regularizer"}
    jobs, found = own_grids(composer, [composer.parse(one)[0] for one in product]), []
    for job in beside_none(composer, jobs) if baseline else jobs:
        tree, _ = composer.values(job)
        ranges, wrong = typed([intervals[o.get_key_element()] for o in job if o.get_key_element() in intervals], tree)
        problems += wrong
        fixed = [override for override in job if override.get_key_element() not in ranges]
        ranges |= declared(tree, {override.key_or_group for override in job})
        context = [override.input_line or "" for override in fixed if override.key_or_group in contexts]
        found.append(Space(_label(context, chosen(tree)), fixed, ranges, seeds))
    return found, problems


def _seeds(swept: Sequence[Override], default: int) -> tuple[list[str], list[str]]:
    """The seeds that settings are chosen by, and what is wrong with them."""
    given = next((override for override in reversed(swept) if override.key_or_group == SEED), None)
    if given is None:
        return [str(default)], []
    if is_interval(given):
        return ["0"], [f"{SEED} must be a list of whole numbers, got {given.get_value_string()}: write {SEED}=range(5)"]
    if given.is_sweep_override():
        return list(dict.fromkeys(given.sweep_string_iterator())), []
    return [given.get_value_string()], []


def _label(context: Sequence[str], names: Sequence[str]) -> str:
    """``noise=0.1, weight_decay + dropout``; ``none`` without a regularizer."""
    pairs = [line.lstrip("+").partition("=") for line in context]
    return ", ".join([*(f"{key.rpartition('.')[2]}={value}" for key, _, value in pairs), " + ".join(names) or "none"])
