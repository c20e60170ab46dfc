"""The picture of exact statements: the largest error of each, beside what is tolerated."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import numpy as np

from regexp.comparison.figures.style import new_figure, tidy
from regexp.textbook.figures.caption import counted, finish
from regexp.textbook.measuring import measure
from regexp.textbook.protocol import Picture
from regexp.textbook.study import Study

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LEAST = 1e-17
"""Where no error at all is drawn."""


def exact(picture: Picture, study: Study) -> Figure:
    """One line per claim of kind exact, on a logarithmic axis."""
    claims = [claim for claim in study.protocol.claims if claim.kind == "exact" and claim.tolerance]
    errors = [max(float(np.abs(measure(claim.value, study) - claim.target).max()), LEAST) for claim in claims]
    figure, (axes,) = new_figure(11.0, 1.6 + 0.42 * len(claims), 1)
    rows = np.arange(len(claims))[::-1]
    axes.scatter([claim.tolerance or LEAST for claim in claims], rows, marker="|", s=240, color="#D55E00", label="tolerated")
    axes.scatter(errors, rows, s=48, color="#0072B2", label="largest error")
    axes.set_xscale("log")
    axes.set_xlim(LEAST / 3, None)
    tidy(axes, "error (the least one drawn means none)", "")
    axes.set_yticks(rows, [textwrap.fill(claim.says, 64) for claim in claims], fontsize=10)
    axes.legend(frameon=False, fontsize=11, ncols=2, loc="lower left", bbox_to_anchor=(0, 1))
    finish(figure, picture.title, f"The largest of {counted(study.n)} (data, networks or both). Tier {study.tier}.")
    return figure
