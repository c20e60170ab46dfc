"""A horizontal axis for swept numbers: where each lies, which of them are written below it, and what was chosen among them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from regexp.axes import short_tick
from regexp.comparison.labels import short_key
from regexp.comparison.reading import Run
from regexp.rules import is_number
from regexp.textbook.expression import parse
from regexp.textbook.figures.caption import words
from regexp.textbook.measuring import measure
from regexp.textbook.protocol import Picture
from regexp.textbook.study import NotMeasured, Study

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Points = dict[float, list[Run]]
"""The runs of a setting by their x."""
Place = Callable[[float], float]
"""From a swept number to where it lies on the axis."""

INCH = 9
"""Letters of the numbers below an axis, per inch."""
STEP = 0.15
"""The part of a logarithmic axis between its least number and zero, where the first two numbers are nearer to each other."""
BESIDE = 0.9
"""Inches of a panel that are no axis."""


def by_number(runs: Sequence[Run], key: str) -> Points:
    """The runs by the swept number; of a list, such as the widths of layers, by its first. Raises :class:`NotMeasured`."""
    found: Points = {}
    for run in runs:
        value = run.fields.get(key)
        value = value[0] if isinstance(value, tuple) and value else value
        if is_number(value):
            found.setdefault(float(value), []).append(run)  # type: ignore[arg-type]
    if not found:
        raise NotMeasured(f"no run has {key}")
    return found


def places(axes: Axes, grid: Sequence[float]) -> Place:
    """A logarithmic axis for positive numbers that span a decade, with zero a step left of them."""
    positive = [value for value in grid if value > 0]
    if len(positive) < 2 or min(grid) < 0 or positive[-1] < 10 * positive[0]:
        return lambda value: value
    zero = positive[0] / max(positive[1] / positive[0], (positive[-1] / positive[0]) ** STEP)
    left = [zero] if grid[0] == 0 else []
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(lambda value, _: "0" if value in left else short_tick(value, None))
    if _fit(axes, [*left, *positive]):
        axes.set_xticks([*left, *positive])
        axes.minorticks_off()
    elif left:
        axes.set_xticks([zero, *_powers_of_ten(positive[0], positive[-1])])
        axes.minorticks_off()
    if left:
        style: dict[str, Any] = {"transform": axes.get_xaxis_transform(), "fontsize": 10, "ha": "center", "va": "center"}
        axes.text(math.sqrt(zero * positive[0]), 0, "//", bbox={"facecolor": "white", "edgecolor": "none", "pad": 0}, **style)
    return lambda value: value if value > 0 else zero


def _powers_of_ten(low: float, high: float) -> np.ndarray:
    """Those from one number to the other, both included."""
    return 10.0 ** np.arange(np.ceil(np.log10(low) - 1e-9), np.floor(np.log10(high) + 1e-9) + 1)


def _fit(axes: Axes, placed: Sequence[float]) -> bool:
    """Whether there is room for every number below its place on a logarithmic axis."""
    panel, figure = axes.get_subplotspec(), axes.get_figure(root=True)
    assert panel is not None and figure is not None
    letters = INCH * (figure.get_figwidth() / panel.get_gridspec().ncols - BESIDE)
    apart = letters * np.diff(np.log10(placed)) / np.log10(placed[-1] / placed[0])
    wide = np.array([len(short_tick(value, None)) for value in placed])
    return bool((apart > (wide[1:] + wide[:-1]) / 2 + 1).all())


def parted(x: Sequence[float], values: Sequence[Sequence[float]], *, apart: bool) -> tuple[list[float], list[Any]]:
    """Without a line between the first point, zero, and the others: on a logarithmic axis it has no slope."""
    return ([x[0], x[0], *x[1:]], [values[0], [math.nan], *values[1:]]) if apart else (list(x), list(values))


def name_axis(axes: Axes, grid: Sequence[float], place: Place, picture: Picture, study: Study) -> None:
    """The name of what is swept; below each number of how many seeds it is the ``chosen`` one, if the picture asks."""
    name = study.protocol.labels.get(str(picture.x), _of_key(str(picture.x)))
    if picture.chosen:
        values = measure(parse(picture.chosen), study)
        counts = [int(np.isclose(values, number).sum()) for number in grid]
        axes.set_xticks([place(x) for x in grid], [f"{x:g}\n{n}" for x, n in zip(grid, counts, strict=True)])
        axes.minorticks_off()
        name = f"{name}\n(below it: {study.protocol.labels.get(picture.chosen, picture.chosen)})"
    axes.set_xlabel(name, fontsize=12)


def _of_key(key: str) -> str:
    """``regularizer.l2.strength`` as ``l2 strength``."""
    return words(short_key(key, [])) if key.count(".") < 2 else words(" ".join(key.split(".")[1:]))
