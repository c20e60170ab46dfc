"""The numbers that differ between settings: as lines, on an axis."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from regexp.comparison.findings import Findings
from regexp.comparison.labels import label, short_key
from regexp.comparison.settings import Setting

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def number_keys(settings: Sequence[Setting]) -> list[str]:
    """The numbers that differ between settings, those of regularizers first, then by how many values they have."""
    grids: dict[str, set[float]] = {}
    for setting in settings:
        for key, value in setting.numbers.items():
            grids.setdefault(key, set()).add(value)
    several = [key for key, grid in grids.items() if len(grid) > 1]
    regularizers = [key for key in several if key.startswith("regularizer.")]
    return sorted(regularizers or several, key=lambda key: -len(grids[key]))


def series(settings: Sequence[Setting], key: str) -> dict[str, list[Setting]]:
    """The settings that have this number, by everything else that they are."""
    lines: dict[str, list[Setting]] = {}
    for setting in settings:
        if key in setting.numbers:
            lines.setdefault(label({k: v for k, v in setting.values.items() if k != key}), []).append(setting)
    return {name: sorted(line, key=lambda setting: setting.numbers[key]) for name, line in lines.items()}


def places(axes: Axes, grid: Sequence[float]) -> Callable[[float], float]:
    """Where a number stands on the axis: logarithmic where positive numbers span a decade, with zero left of them."""
    positive = [value for value in grid if value > 0]
    if min(grid) < 0 or len(positive) < 2 or positive[-1] < 10 * positive[0]:
        return lambda value: value
    step = max(float(np.median([b / a for a, b in pairwise(positive)])), (positive[-1] / positive[0]) ** 0.08)
    zero = positive[0] / step
    axes.set_xscale("log")
    ticks = _ticks(positive)
    axes.set_xticks(ticks, [f"{value:g}" for value in ticks])
    axes.minorticks_off()
    if grid[0] == 0:
        axes.set_xticks([zero, *ticks], ["0", *(f"{value:g}" for value in ticks)])
        gap = zero * step**0.5  # the axis is broken between zero and the smallest strength
        axes.plot(
            [gap],
            [0],
            marker=[(-1, -2), (1, 2)],
            markersize=9,
            color="0.2",
            clip_on=False,
            transform=axes.get_xaxis_transform(),
        )
    return lambda value: value if value > 0 else zero


def _ticks(positive: Sequence[float]) -> list[float]:
    """Powers of ten where the axis has several, at most seven; else numbers of the grid with room for their labels."""
    low, high = math.log10(positive[0]), math.log10(positive[-1])
    powers = np.arange(math.ceil(low - 1e-9), math.floor(high + 1e-9) + 1)
    if len(powers) > 1:
        return [float(f"{10.0**power:.1g}") for power in powers[:: -(-len(powers) // 7)]]
    kept = [positive[0]]
    for value in positive[1:]:
        if math.log10(value / kept[-1]) >= (high - low) / 6:
            kept.append(value)
    return kept


def axis_name(key: str, found: Findings) -> str:
    """``regularizer.weight_decay.strength`` as ``weight decay strength``."""
    words = key.split(".")
    if words[0] == "regularizer":
        return f"{words[1].replace('_', ' ')} {words[2].replace('_', ' ')}"
    return short_key(key, found.baseline.values).replace("_", " ")
