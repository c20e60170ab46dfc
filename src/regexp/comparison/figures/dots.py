"""Settings without a number to order them: one row each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from regexp.axes import short_tick
from regexp.comparison.figures.estimates import error_of, estimate_of
from regexp.comparison.figures.levels import levels
from regexp.comparison.figures.style import DECADE, LINES, keep_above_zero, legend, tidy, worded
from regexp.comparison.findings import Findings

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def height_of(found: Findings) -> float:
    """The inches that a picture with one row per setting takes."""
    return 2.4 + 0.34 * len(found.rows)


def draw_dots(axes: Axes, found: Findings, metric: str) -> None:
    """Without a number to order them: one row per setting, the mean and its interval."""
    chosen = found.choice.setting if found.choice else None
    means = []
    for height, row in enumerate(reversed(found.rows)):
        if (one := estimate_of(row.setting, metric, found)) is None:
            continue
        color = LINES[1]["color"] if row.setting is chosen else "0.25" if row.setting is found.baseline else LINES[0]["color"]
        axes.errorbar([one.mean], [height], xerr=error_of(one), color=color, marker="o", markersize=7, capsize=4, linewidth=2)
        means.append(float(one.mean))
    means += levels(axes, found, metric, upright=True)
    lost = [row.setting for row in found.rows if row.absent.get("diverged")]
    words = {**dict.fromkeys(lost, " (diverged)"), found.baseline: " (baseline)", **({chosen: " (chosen)"} if chosen else {})}
    axes.set_yticks(range(len(found.rows)), [r.setting.label + words.get(r.setting, "") for r in reversed(found.rows)])
    axes.set_ylim(-0.6, len(found.rows) - 0.4)
    tidy(axes, worded(metric, found), "")
    if means and min(means) > 0 and max(means) > DECADE * min(means):
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter(short_tick)
    keep_above_zero(axes, metric, means, along_x=True)
    legend(axes, least=height_of(found))
