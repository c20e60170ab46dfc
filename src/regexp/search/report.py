"""The end of a search in words and as a table: what was chosen, by how much, and whether its range should be wider."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from regexp.comparison.comparison import Comparison
from regexp.comparison.labels import short_key
from regexp.comparison.statistics import paired
from regexp.comparison.wording import number
from regexp.config import ConfigError
from regexp.config.composing import Composer
from regexp.config.ranges import Range
from regexp.files import atomic
from regexp.metrics import lower_is_better
from regexp.report import aligned
from regexp.search.hints import how_to_search, is_the_constant
from regexp.search.outcomes import Outcome, Searched
from regexp.words import exact, quoted

NEAR = 0.1
"""A chosen value within this part of its range from an end is near it."""

TIE = 1e-3
"""Means that differ by no more than this part of themselves are equal."""


def table(found: Sequence[Searched]) -> str:
    """One row per space: how many settings, which was chosen, its mean metrics over the tuning seeds."""
    lost = any(outcome.lost for one in found for outcome in one.outcomes)
    header = ["set", "settings", "chosen", found[0].objective, found[0].test_metric, *["settings with a lost seed"] * lost]
    rows = [
        [
            one.space.label,
            str(len(one.outcomes)),
            _words(one.chosen) or "nothing to search",
            number(one.chosen.mean),
            number(one.chosen.test_mean),
            *[str(sum(outcome.lost > 0 for outcome in one.outcomes))] * lost,
        ]
        for one in found
    ]
    return "\n".join(["Chosen by validation, means over the tuning seeds at the best epoch:", *aligned([header, *rows])])


def remarks(found: Sequence[Searched], budget: int, composer: Composer, compared: Comparison | None = None) -> list[str]:
    """What is to be known beside the table: sets without a search, lost seeds, choices near the end of a range.

    ``compared``: the chosen settings with fresh seeds, where they were compared.
    """
    single = [one.space for one in found if not one.space.ranges] if budget > 1 else []
    names = ", ".join(space.label for space in single)
    said = [f"{names}: nothing to search, one setting instead of {budget}"] if single else []
    said += [f"{space.label}: {text}" for space in single if (text := how_to_search(space, composer))]
    if len(found) == 1:
        said.append(
            'there is one set of regularizers, and nothing to compare it with: name several, as in "regularizer=[],[l2]"'
        )
    for one in found:
        if one.chosen.lost:
            said.append(f"{one.space.label}: {one.chosen.lost} of {len(one.space.seeds)} seeds of the chosen setting are lost")
        for key in one.chosen.values:
            if (end := leading_end(one, key)) is not None:
                constant = compared is not None and is_the_constant(one, key, end, composer, compared)
                said.append(f"{one.space.label}: {_at_the_end(one, key, end, None if constant else composer)}")
    return said


def near_end(value: float, found: Range) -> str | None:
    """``upper`` or ``lower`` if the value is near an end of its range; the end 0 is absence, beyond which there is nothing.

    >>> near_end(9.0, Range(1e-6, 10.0, log=True)), near_end(1.0, Range(1e-6, 10.0, log=True)), near_end(0.01, Range(0, 1))
    ('upper', None, None)
    """
    low, high, at = (math.log(x) for x in (found.low, found.high, value)) if found.log else (found.low, found.high, value)
    part = (at - low) / (high - low)
    if part > 1 - NEAR:
        return "upper"
    return "lower" if part < NEAR and found.low != 0 else None


def leading_end(one: Searched, key: str) -> str | None:
    """The end of its range that the chosen value is near, unless a setting elsewhere in the range is as good."""
    found, sign = one.space.ranges[key], 1 if lower_is_better(one.objective) else -1
    end = near_end(one.chosen.values[key], found)
    others = [outcome for outcome in one.ranked if near_end(outcome.values[key], found) != end]
    return None if end is None or not others or _tied(one.chosen, others[0], sign) else end


def _tied(chosen: Outcome, other: Outcome, sign: int) -> bool:
    """Whether the better mean is none: equal but for a thousandth, or within its standard error over the seeds (the rule of
    one standard error of Breiman et al., "Classification and regression trees", 1984).
    """
    if other.lost > chosen.lost or math.isnan(other.mean):
        return False
    gain = sign * (other.mean - chosen.mean)
    if not gain > TIE * abs(chosen.mean):
        return True
    alike = len(chosen.validation) == len(other.validation) > 1 and not chosen.lost
    return alike and not abs(paired(other.validation, chosen.validation).t) > 1


def widened(found: Range, end: str, part: float = 1.0) -> Range:
    """The range, twice as long beyond one end, by a factor of 100 on a logarithmic scale; ``part``: of that, 0 to 1."""
    reach = found.high - found.low
    up = found.high * 100**part if found.log else found.high + part * reach
    down = found.low / 100**part if found.log else found.low - part * reach
    low, high = (found.low, up) if end == "upper" else (down, found.high)
    return Range(math.floor(low), math.ceil(high), found.log, True) if found.whole else Range(low, high, found.log)


def write(found: Sequence[Searched], file: Path) -> None:
    """Every setting that was tried as a line of CSV."""
    keys = list(dict.fromkeys(key for one in found for key in one.space.ranges))
    lines = io.StringIO()
    writer = csv.writer(lines, lineterminator="\n")
    measured = [f"{name} {part}" for name in (found[0].objective, found[0].test_metric) for part in ("mean", "sd")]
    writer.writerow(["set", "setting", "chosen", *keys, "seeds", "lost seeds", *measured])
    for one in found:
        for outcome in one.outcomes:
            values = [outcome.values.get(key, "") for key in keys]
            numbers = [x for list_ in (outcome.validation, outcome.test) for x in _mean_and_sd(list_)]
            writer.writerow(
                [one.space.label, outcome.number, outcome is one.chosen, *values, len(one.space.seeds), outcome.lost, *numbers]
            )
    atomic.write(file, lines.getvalue().encode())


def _at_the_end(one: Searched, key: str, end: str, composer: Composer | None) -> str:
    """That the choice is near an end, and what to type; without a ``composer``, that beyond it lies the constant predictor."""
    found, value = one.space.ranges[key], one.chosen.values[key]
    shown = f"{key} {exact(value)} is near the {end} end of its range, {exact(found.low)} to {exact(found.high)}"
    if composer is None:
        return (
            f"{shown}, and the network is not shown to beat the constant predictor: the best network found is that constant, "
            "which a stronger one only comes closer to"
        )
    for halvings in range(8):  # a rate has a limit
        wider = widened(found, end, 0.5**halvings)
        if _is_possible(one, key, wider.high if end == "upper" else wider.low, composer):
            return f"{shown}: the best may lie beyond. Widen it: {quoted(f'{key}={wider}')}"
    return f"{shown}: the best may lie beyond"


def _is_possible(one: Searched, key: str, value: float, composer: Composer) -> bool:
    try:
        one.space.build(composer, {**one.chosen.values, key: value}, one.space.seeds[0])
    except ConfigError:
        return False
    return True


def _words(outcome: Outcome) -> str:
    return ", ".join(f"{short_key(key, outcome.values)} {exact(value)}" for key, value in outcome.values.items())


def _mean_and_sd(values: Sequence[float]) -> tuple[float | str, float | str]:
    return (float(np.mean(values)) if values else "", float(np.std(values, ddof=1)) if len(values) > 1 else "")
