"""The best of several settings by validation, against one setting on the test split."""

from __future__ import annotations

import statistics
from typing import Any

from regexp.metrics import lower_is_better
from regexp.textbook.expression import Term
from regexp.textbook.measuring import of_term
from regexp.textbook.study import Study, count_diverged
from regexp.textbook.verdicts import worst_of_two

QUANTITIES = ("gain", "chosen")


def of_study(study: Study, settings: list[str], over: str, by: str, metric: str, place: str) -> dict[str, Any]:
    """``gain``: how much better the metric is than that of ``over``, within seeds, for the setting whose mean of ``by``, a
    validation metric, is best. What chooses and what is compared are different splits of the same runs. ``chosen``: the
    number of that setting among ``settings``, from 1.
    """
    sign = 1 if lower_is_better(by) else -1
    best = min(settings, key=lambda name: sign * statistics.fmean(of_term(Term(by, name, place), study).values()))
    base, found = (of_term(Term(metric, name, place), study) for name in (over, best))
    better = 1 if lower_is_better(metric) else -1
    lost = count_diverged({name: study.by_seed(name).values() for name in (over, best)})
    gain = {seed: better * float(worst_of_two(base[seed], value)) for seed, value in found.items()}
    return {"gain": gain, "chosen": [settings.index(best) + 1.0], "diverged": lost}
