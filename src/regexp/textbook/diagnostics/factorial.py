"""Two regularizers, alone and together: does each add what it is worth without the other?"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from regexp.metrics import lower_is_better
from regexp.textbook import measuring
from regexp.textbook.expression import Place, Term
from regexp.textbook.study import NotMeasured, Study, count_diverged, matches

QUANTITIES = ("first", "second", "both", "interaction", "mean_interaction", "shortfall", "beyond")

Levels = dict[str, list[Any]]


def of_study(study: Study, first: Levels, second: Levels, metric: str, place: Place) -> dict[str, Any]:
    """Gains over neither, within seeds: of the highest level of each regularizer alone (``first``, ``second``) and of the
    highest levels of ``both``. ``interaction``: ``both - (first + second)``; 0 is additive, less is diminishing;
    ``shortfall``: minus that. ``mean_interaction``: the same, the mean over all pairs of levels. ``beyond``: both minus the
    single one that gains more on average; below 0 they cancel.

    ``first``, ``second``: a key and its levels, the first of which is none.
    """
    ((key, levels),), ((other, others),) = first.items(), second.items()
    gains = {pair: _values(study, {key: pair[0], other: pair[1]}, metric, place) for pair in itertools.product(levels, others)}
    seeds, none = sorted(gains[levels[0], others[0]]), gains[levels[0], others[0]]
    sign = 1 if lower_is_better(metric) else -1
    table = {pair: np.array([sign * (none[seed] - values[seed]) for seed in seeds]) for pair, values in gains.items()}
    ends = {"first": (levels[-1], others[0]), "second": (levels[0], others[-1]), "both": (levels[-1], others[-1])}
    found = {name: table[pair] for name, pair in ends.items()}
    pairs = {(a, b): table[a, b] - table[a, others[0]] - table[levels[0], b] for a in levels[1:] for b in others[1:]}
    best = max(found["first"], found["second"], key=np.mean)
    found |= {"interaction": pairs[levels[-1], others[-1]], "mean_interaction": np.mean(list(pairs.values()), axis=0)}
    found |= {"shortfall": -found["interaction"], "beyond": found["both"] - best}
    lost = count_diverged({f"{key} and {other}": [run for run in study.runs if {key, other} <= run.fields.keys()]})
    return {"diverged": lost, **{name: dict(zip(seeds, map(float, values), strict=True)) for name, values in found.items()}}


def _values(study: Study, wanted: dict[str, Any], metric: str, place: Place) -> dict[Any, float]:
    found = {
        run.seed: measuring.of_run(Term(metric, None, place), run, study) for run in study.runs if matches(run.fields, wanted)
    }
    if not np.isfinite(list(found.values())).all():
        raise NotMeasured(f"a run with {wanted} diverged: what is infinite has no interaction")
    if len(found) < study.n:
        raise NotMeasured(f"{len(found)} of {study.n} seeds have a run with {wanted}")
    return found
