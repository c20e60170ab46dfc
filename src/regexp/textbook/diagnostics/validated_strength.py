"""How well validation chooses a strength: seed by seed, against the strength that is best on the test split."""

from __future__ import annotations

import math
from typing import Any

from regexp.textbook.measuring import at_place
from regexp.textbook.study import NotMeasured, Study

QUANTITIES = ("chosen", "optimal", "excess", "gain", "distance")
NONNEGATIVE = ("chosen", "optimal", "excess", "distance")

Found = dict[str, dict[Any, float]]


def of_study(study: Study, key: str, by: str = "val/loss", metric: str = "test/loss", place: str = "end") -> Found:
    """``chosen``: the strength with the lowest validation loss. ``optimal``: the one with the lowest test loss. ``excess``: the
    test loss of the chosen over that of the optimal, minus 1. ``gain``: the test loss of the weakest minus that of the chosen.
    ``distance``: |log10(chosen / optimal)| over positive strengths. ``place``: where both losses are taken.
    """
    curves: dict[Any, dict[float, tuple[float, float]]] = {}
    for run in study.runs:
        if key in run.fields and run.status == "completed":
            values = at_place(run, by, place), at_place(run, metric, place)
            curves.setdefault(run.seed, {})[float(run.fields[key])] = values
    if len(curves) < study.n:
        raise NotMeasured(f"{len(curves)} of {study.n} seeds have runs with {key}")
    found: Found = {name: {} for name in QUANTITIES}
    for seed, curve in sorted(curves.items()):
        for name, value in _of_seed(curve).items():
            found[name][seed] = value
    return found


def _of_seed(curve: dict[float, tuple[float, float]]) -> dict[str, float]:
    chosen = min(curve, key=lambda strength: curve[strength][0])
    optimal = min(curve, key=lambda strength: curve[strength][1])
    least = curve[min(curve)][1]
    floor = min(strength for strength in curve if strength > 0)
    apart = abs(math.log10(max(chosen, floor) / max(optimal, floor)))
    excess = curve[chosen][1] / curve[optimal][1] - 1
    return {"chosen": chosen, "optimal": optimal, "excess": excess, "gain": least - curve[chosen][1], "distance": apart}
