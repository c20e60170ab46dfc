"""The picture of one claim: every seed's value, the mean with its interval, and what would make the claim true."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from regexp.axes import short_tick
from regexp.comparison.figures.style import new_figure, tidy
from regexp.textbook import diagnostics, remarks
from regexp.textbook.figures.caption import condition, counted, finish, measured, recipe
from regexp.textbook.figures.expected import draw_expected, expected
from regexp.textbook.judging import Judgement
from regexp.textbook.measuring import trained
from regexp.textbook.protocol import NAMED, Claim
from regexp.textbook.study import Study
from regexp.textbook.wording import number, reference

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BLUE = "#0072B2"
CENTER: dict[str, Any] = {"color": "black", "marker": "D", "zorder": 4}
WIDE = 86
"""Letters of the axis' name beside each other."""
LEGEND = 86
"""Letters of the legend beside each other."""
DECADES = 20
"""The factor from which on ratios need a logarithmic axis."""
TINY = 1e-3
"""Numbers below it are written in full: matplotlib's own factor for them would lie on the axis' name."""


def of_claim(judgement: Judgement, study: Study) -> Figure:
    """One horizontal axis, in the units of the claim."""
    seen = [value for value in judgement.values if math.isfinite(value)]
    title, caption = f"{judgement.claim.says}: {judgement.verdict}", _caption(judgement, study, judgement.n - len(seen))
    figure, (axes,) = new_figure(8.0, 3.0, 1)
    draw_expected(axes, judgement)
    height = np.random.default_rng(0).uniform(-0.28, 0.28, len(seen))
    axes.scatter(seen, height, s=26, color=BLUE, alpha=0.55, linewidth=0, label=_dot(judgement), zorder=3)
    _center(axes, judgement)
    _scale(axes, judgement, seen)
    tidy(axes, textwrap.fill(measured(judgement.claim.value, study.protocol.labels), WIDE), "")
    axes.set_yticks([])
    axes.set_ylim(-0.45, 0.45)
    axes.spines["left"].set_visible(False)
    lines = _legend(axes) + finish(figure, title, caption)
    figure.set_figheight(1.75 + 0.2 * lines + 0.2 * axes.get_xlabel().count("\n"))
    return figure


def _dot(judgement: Judgement) -> str:
    """What a dot is: a seed, unless the diagnostic says otherwise, or there is nothing to draw."""
    if judgement.n == 1:
        return "the value"
    measured = [term.diagnostic for term in judgement.claim.value.terms if term.diagnostic]
    named = (getattr(diagnostics.find(name), "DOTS", {}).get(quantity) for name, quantity in measured)
    return next(filter(None, named), "a seed")


def _center(axes: Axes, judgement: Judgement) -> None:
    """The mean or median with its interval; of what is exact the seed that is furthest off, which decides."""
    if judgement.n == 1:
        return
    if judgement.claim.kind == "exact":
        worst = max(judgement.values, key=lambda value: abs(value - judgement.claim.target))
        axes.plot([worst], [0], linestyle="none", markersize=7, label="the seed that is furthest off", **CENTER)
    elif judgement.constant:
        axes.plot([judgement.center], [0], linestyle="none", markersize=7, label="all agree", **CENTER)
    elif math.isfinite(judgement.low) and math.isfinite(judgement.high):
        both = [[judgement.center - judgement.low], [judgement.high - judgement.center]]
        of_values = "median, sign interval" if judgement.median else "mean, 95 % interval"
        what = remarks.SHARE if judgement.claim.share else of_values
        axes.errorbar([judgement.center], [0], xerr=both, capsize=7, linewidth=2.4, label=what, **CENTER)
    if judgement.of_medians is not None:
        style: dict[str, Any] = {"markersize": 9, "markerfacecolor": "white", "markeredgewidth": 2, "linestyle": "none"}
        what = "difference of the medians"
        axes.plot([judgement.of_medians], [0.2], marker="s", markeredgecolor="black", label=what, zorder=5, **style)


def _scale(axes: Axes, judgement: Judgement, seen: Sequence[float]) -> None:
    """Few and whole numbers where all are nearly one: an offset would lie on the axis' name."""
    if logarithmic(judgement):
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter(short_tick)
        return
    drawn = [*seen, *expected(judgement)]
    largest = np.abs(drawn).max(initial=0.0)
    if _compares_whole_numbers(judgement):
        axes.set_xlim(round(min(drawn)) - 1, round(max(drawn)) + 1)
        axes.locator_params(axis="x", integer=True, nbins=8)
        return
    alike = np.ptp(drawn) < 1e-3 * largest if drawn else False
    if alike:
        axes.ticklabel_format(useOffset=False)
    elif largest < TINY:
        axes.xaxis.set_major_formatter(short_tick)
    axes.locator_params(axis="x", nbins=3 if alike else 5)
    if judgement.claim.kind == "exact" and judgement.claim.target == 0 <= min(seen, default=0.0):
        axes.set_xlim(left=-0.04 * axes.get_xlim()[1])  # no error is negative: the tolerated range would be drawn twice


def _compares_whole_numbers(judgement: Judgement) -> bool:
    """Whether whole numbers are compared with one, such as ranks: between two of them a tolerance is nothing."""
    claim = judgement.claim
    near = claim.kind == "exact" and 0 < (claim.tolerance or 0.0) < TINY and claim.target >= 1
    return near and all(float(value).is_integer() for value in (*judgement.values, claim.target))


def logarithmic(judgement: Judgement) -> bool:
    """For ratios over decades, if all that is drawn has a place on such an axis."""
    drawn = [*judgement.values, judgement.low, judgement.high, *expected(judgement)]
    drawn = [value for value in drawn if math.isfinite(value)]
    return judgement.claim.value.joined == "over" and judgement.claim.kind != "exact" and 0 < DECADES * min(drawn) < max(drawn)


def _legend(axes: Axes) -> int:
    """Above the axes, where it hides nothing; how many lines it has."""
    names = axes.get_legend_handles_labels()[1]
    columns = max(1, min(len(names), LEGEND // (6 + max(map(len, names)))))
    columns = len(names) if sum(len(name) + 7 for name in names) <= LEGEND else columns
    axes.legend(frameon=False, fontsize=10, ncols=columns, loc="lower left", bbox_to_anchor=(0, 1), borderaxespad=0.2)
    return -(-len(names) // columns)


def _caption(judgement: Judgement, study: Study, out: int) -> str:
    """n and interval, what it is compared with, and on what the runs were trained and tested."""
    claim = judgement.claim
    said = [_counted(judgement, study), judgement.diverged]
    said += [f"{out} of the values {'is' if out == 1 else 'are'} infinite and out of the picture" if out else ""]
    first = ", ".join(filter(None, said))
    found = f"{number(judgement.center)} {'(all agree)' if judgement.constant else judgement.spread}".strip()
    if claim.kind in ("direction", "equal"):
        found += f", margin {number(claim.margin or 0.0)}"
    if claim.kind == "exact":
        what = "largest error" if judgement.n > 1 else "error"
        found = f"{what} {number(judgement.error)}, tolerated {number(claim.tolerance or 0.0)}"
    if claim.published:
        compared = f"{NAMED[claim.published.read]}: {reference(claim)}"
        found += f"; {', '.join(filter(None, [compared, remarks.outside(judgement)]))}"
    if judgement.of_medians is not None:
        found += f", of the medians here {number(judgement.of_medians)}"
    why = judgement.remark if judgement.verdict == "not decided" else remarks.tied(judgement)
    found = remarks.joined(found, why)
    runs = trained(claim.value, study)
    facts = [f"{study.protocol.title}, tier {study.tier}", recipe(runs) or _computed(claim, study)]
    conditions = f" {condition(study)}" if runs else ""
    return f"{first}; {found}. {': '.join(filter(None, facts))}.{conditions}"


def _computed(claim: Claim, study: Study) -> str:
    """What diagnostics compute where no run was trained."""
    named = {term.diagnostic[0] for term in claim.value.terms if term.diagnostic}
    found = {name: diagnostics.find(name) for name in sorted(named)}
    return "; ".join(one.recipe(**study.arguments(name)) for name, one in found.items() if hasattr(one, "recipe"))


def _counted(judgement: Judgement, study: Study) -> str:
    """How many seeds there are; where a seed has several values, how many of what."""
    if judgement.n == 1:
        return "n = 1"
    each, rest = divmod(judgement.n, study.n)
    if each < 2 or rest:
        return counted(judgement.n)
    return f"n = {judgement.n} {_dot(judgement).removeprefix('a ')}s, {each} for each of {study.n} seeds"
