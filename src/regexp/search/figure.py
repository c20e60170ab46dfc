"""The picture of performance against budget."""

from __future__ import annotations

import itertools
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float

from regexp.axes import logarithmic, short_tick
from regexp.comparison.figures.style import LINES, SPLITS, ascii_text, new_figure, tidy
from regexp.search.outcomes import Searched
from regexp.search.performance import expected, interval
from regexp.words import counted

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_CAPTION = (
    "Lines: mean over all draws of b settings, without replacement, of the one that is best by validation; bands: 95 % of the "
    "draws. Every setting has {seeds}, which also chose it, so that the values at the right are too good: only fresh seeds are "
    "compared. In the legend: the validation value of the best of all. {lost}"
)
_WIDE = 1.5  # a factor from which differences at the right are hard to see on a linear axis
_LOST = "A setting of which a seed diverged or failed counts as the worst of its set."


def performance(found: Sequence[Searched]) -> Figure:
    """Validation, and beside it the test metric of the same settings, against the number of settings that were tried."""
    budget = max(len(one.outcomes) for one in found)
    with ascii_text():
        figure, panels = new_figure(12.6, 4.9, 2)
        for axes, metric in zip(panels, (found[0].objective, found[0].test_metric), strict=True):
            _panel(axes, found, metric, budget)
        handles, labels = panels[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside right upper", frameon=False, fontsize=11, handlelength=2.8)
        figure.suptitle("The best setting found, against the budget", fontsize=14, x=0.01, ha="left")
        counts = sorted({len(one.space.seeds) for one in found})
        lost = _LOST if any(outcome.lost for one in found for outcome in one.outcomes) else ""
        text = _CAPTION.format(seeds=counted(counts[-1], "seed"), lost=lost)
        figure.supxlabel(textwrap.fill(text, 174), fontsize=9.5, color="0.35", x=0.01, ha="left")
    return figure


def _panel(axes: Axes, found: Sequence[Searched], metric: str, budget: int) -> None:
    shown: list[float] = []
    for one, style in zip(found, itertools.cycle(LINES), strict=False):
        ranked = _ranked(one, metric)
        if ranked is None:
            continue
        constant = len(ranked) == 1
        ranked = np.repeat(ranked, budget) if constant else ranked
        draws, means = np.arange(1, len(ranked) + 1), expected(ranked)
        line = {"color": style["color"], "linestyle": style["linestyle"], "linewidth": 1.8}
        tries = "one setting" if constant else f"b = {len(ranked)}"
        marks = {"marker": style["marker"]} if budget == 1 else {}
        axes.plot(draws, means, label=f"{one.space.label}: {means[-1]:.4g} ({tries})", **line, **marks)
        if metric == one.objective and not constant:
            axes.fill_between(draws, *interval(ranked), color=style["color"], alpha=0.15, linewidth=0)
        shown += means.tolist()
    split, _, kind = metric.partition("/")
    tidy(axes, "settings tried, b", f"{SPLITS[split]['label']} {kind}" + (" of the same setting" if split == "test" else ""))
    _scale(axes, shown, budget)


def _scale(axes: Axes, shown: Sequence[float], budget: int) -> None:
    """Both axes logarithmic: most happens in the first few settings, and what is left then is small beside where it began."""
    ticks = [2**power for power in range(budget.bit_length())]
    axes.set_xscale("log", base=2)
    axes.set_xticks(ticks if ticks[-1] > 0.75 * budget else [*ticks, budget])
    axes.xaxis.set_major_formatter(short_tick)
    if logarithmic(axes, shown, wide=_WIDE):
        axes.set_ylim(min(shown) / 1.1, max(shown) * 1.1)


def _ranked(one: Searched, metric: str) -> Float[np.ndarray, " tried"] | None:
    """The metric of all settings, best by validation first; lost ones have the worst value of the others, None without any."""
    ranked = one.ranked
    values = [outcome.mean if metric == one.objective else outcome.test_mean for outcome in ranked]
    kept = [value for value, outcome in zip(values, ranked, strict=True) if not outcome.lost and np.isfinite(value)]
    worst = (max if metric.endswith("loss") else min)(kept, default=np.nan)
    return np.array([*kept, *[worst] * (len(ranked) - len(kept))]) if kept else None
