"""Which of several settings is ahead of all others, and by how much."""

from __future__ import annotations

import statistics
from typing import Any

from regexp.metrics import lower_is_better
from regexp.textbook.expression import Term
from regexp.textbook.measuring import of_term
from regexp.textbook.study import Study, count_diverged
from regexp.textbook.verdicts import worst_of_two

QUANTITIES = ("first", "second", "gain", "lead")


def of_study(study: Study, settings: list[str], over: str, metric: str, place: str) -> dict[str, Any]:
    """``first`` and ``second``: the numbers among ``settings``, from 1, of those with the two best means of the metric.
    ``gain``: how much better the first is than ``over``, and ``lead``: than the second, both within seeds. The numbers that are
    compared have chosen the first: its gain is too high by a little, and nothing is tested by it.
    """
    found = {name: of_term(Term(metric, name, place), study) for name in (*settings, over)}
    sign = 1 if lower_is_better(metric) else -1
    first, second = sorted(settings, key=lambda name: sign * statistics.fmean(found[name].values()))[:2]

    def ahead_of(other: str) -> dict[Any, float]:
        return {seed: sign * float(worst_of_two(found[other][seed], value)) for seed, value in found[first].items()}

    numbers = {"first": [settings.index(first) + 1.0], "second": [settings.index(second) + 1.0]}
    lost = count_diverged({name: study.by_seed(name).values() for name in (first, second, over)})
    return {**numbers, "gain": ahead_of(over), "lead": ahead_of(second), "diverged": lost}
