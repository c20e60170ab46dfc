"""The picture of performance against budget."""

from __future__ import annotations

import itertools
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float

from regexp.comparison.figures.style import LINES, SPLITS, ascii_text, new_figure, scale_y, tidy
from regexp.search.outcomes import Searched
from regexp.search.performance import expected, interval

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_CAPTION = (
    "Lines: mean over all draws of b settings, without replacement, of the one that is best by validation; bands: 95 % of the "
    "draws. Every setting has {seeds}, which also chose it, so that the values at the right are too good: only fresh seeds are "
    "compared. {lost}"
)
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
        text = _CAPTION.format(seeds=f"{counts[-1]} seed{'' if counts[-1] == 1 else 's'}", lost=lost)
        figure.supxlabel(textwrap.fill(text, 165), fontsize=9.5, color="0.35", x=0.01, ha="left")
    return figure


def _panel(axes: Axes, found: Sequence[Searched], metric: str, budget: int) -> None:
    from matplotlib.ticker import MaxNLocator

    shown: list[float] = []
    for one, style in zip(found, itertools.cycle(LINES), strict=False):
        ranked = _ranked(one, metric)
        if ranked is None:
            continue
        constant = len(ranked) == 1
        ranked = np.repeat(ranked, budget) if constant else ranked
        draws = np.arange(1, len(ranked) + 1)
        line = {"color": style["color"], "linestyle": style["linestyle"], "linewidth": 1.8}
        means = expected(ranked)
        axes.plot(draws, means, label=one.space.label + (" (one setting)" if constant and budget > 1 else ""), **line)
        if metric == one.objective and not constant:
            axes.fill_between(draws, *interval(ranked), color=style["color"], alpha=0.15, linewidth=0)
        shown += means.tolist()
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1, steps=[1, 2, 5, 10]))
    split, _, kind = metric.partition("/")
    tidy(axes, "settings tried, b", f"{SPLITS[split]['label']} {kind}" + (" of the same setting" if split == "test" else ""))
    scale_y(axes, shown)


def _ranked(one: Searched, metric: str) -> Float[np.ndarray, " tried"] | None:
    """The metric of all settings, best by validation first; lost ones have the worst value of the others, None without any."""
    ranked = one.ranked
    values = [outcome.mean if metric == one.objective else outcome.test_mean for outcome in ranked]
    kept = [value for value, outcome in zip(values, ranked, strict=True) if not outcome.lost and np.isfinite(value)]
    worst = (max if metric.endswith("loss") else min)(kept, default=np.nan)
    return np.array([*kept, *[worst] * (len(ranked) - len(kept))]) if kept else None
