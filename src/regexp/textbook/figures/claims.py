"""The picture of one claim: every seed's value, the mean with its interval, and what the claim says."""

from __future__ import annotations

import math
import textwrap
from typing import TYPE_CHECKING

import numpy as np

from regexp.comparison.figures.style import new_figure, tidy
from regexp.textbook.figures.caption import counted, finish, measured
from regexp.textbook.judging import Judgement
from regexp.textbook.study import Study
from regexp.textbook.wording import number

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BLUE, ORANGE, GREEN = "#0072B2", "#D55E00", "#009E73"
WIDE = 86
"""Letters of the axis' name beside each other."""


def of_claim(judgement: Judgement, study: Study) -> Figure:
    """One horizontal axis, in the units of the claim."""
    figure, (axes,) = new_figure(8.0, 3.2, 1)
    _expected(axes, judgement)
    values = np.array([value for value in judgement.values if math.isfinite(value)])
    height = np.random.default_rng(0).uniform(-0.28, 0.28, len(values))
    axes.scatter(values, height, s=26, color=BLUE, alpha=0.55, linewidth=0, label="a seed")
    if math.isfinite(judgement.low) and math.isfinite(judgement.high):
        ends = [[judgement.center - judgement.low], [judgement.high - judgement.center]]
        axes.errorbar(
            [judgement.center], [0], xerr=ends, color="black", marker="D", capsize=7, linewidth=2.4, label=_what(judgement)
        )
    _scale(axes, values)
    tidy(axes, textwrap.fill(measured(judgement.claim.value, study.protocol.labels), WIDE), "")
    axes.set_yticks([])
    axes.set_ylim(-0.6, 0.9)
    axes.spines["left"].set_visible(False)
    axes.legend(frameon=False, fontsize=10, ncols=4, loc="upper left")
    out = judgement.n - len(values)
    lost = f", {judgement.diverged}" if judgement.diverged else ""
    lost += f", {out} of the values {'is' if out == 1 else 'are'} infinite and out of the picture" if out else ""
    caption = f"{counted(judgement.n)}{lost}; {number(judgement.center)} [{number(judgement.low)}, {number(judgement.high)}]"
    finish(figure, f"{judgement.claim.says}: {judgement.verdict}", f"{caption}. {study.protocol.title}, {study.tier}.")
    return figure


def _expected(axes: Axes, judgement: Judgement) -> None:
    """What would make the claim true, shaded; what was published, as a line."""
    claim = judgement.claim
    if claim.kind in ("direction", "equal"):
        axes.axvline(claim.target, color="0.3", linewidth=1, ymax=0.78)
    if claim.kind == "equal" and claim.margin:
        axes.axvspan(
            claim.target - claim.margin,
            claim.target + claim.margin,
            color=GREEN,
            alpha=0.15,
            linewidth=0,
            label="equal within the margin",
        )
    if claim.band:
        axes.axvspan(*claim.band, color=GREEN, alpha=0.15, linewidth=0, label="simulated range of the mean")
    if claim.printed is not None:
        axes.axvline(claim.printed, color=ORANGE, linewidth=2, linestyle=(0, (4, 1.5)), ymax=0.78, label="published")


def _what(judgement: Judgement) -> str:
    return "median, sign interval" if judgement.median else "mean, 95 % interval"


def _scale(axes: Axes, values: np.ndarray) -> None:
    """Logarithmic over decades; few and whole numbers where all are nearly one (an offset would lie on the axis' name)."""
    if len(values) and values.min() > 0 and values.max() > 20 * values.min():
        axes.set_xscale("log")
    elif len(values) and np.ptp(values) < 1e-3 * abs(values).max():
        axes.ticklabel_format(useOffset=False)
        axes.locator_params(axis="x", nbins=4)
