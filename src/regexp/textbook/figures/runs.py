"""Metrics of settings: against the epoch, and against a swept number."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from regexp.comparison.figures.style import LINES, tidy
from regexp.comparison.reading import Run
from regexp.textbook.expression import Term, measuring, parse, read_place
from regexp.textbook.figures.caption import left_out, worded
from regexp.textbook.figures.histories import at_shared_epochs, beginning, completed
from regexp.textbook.figures.lines import draw_line, finished, new_panels, scale
from regexp.textbook.figures.swept import Points, by_number, name_axis, parted, places
from regexp.textbook.measuring import measure, of_run
from regexp.textbook.protocol import Picture
from regexp.textbook.study import Study, count_diverged

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LETTERS = 34
"""Beside a panel."""


def curves(picture: Picture, study: Study) -> Figure:
    """One panel per metric, one line per setting."""
    figure, panels = new_panels(len(picture.metrics))
    groups = {setting: study.matching(setting) for setting in picture.settings or study.settings}
    begun: list[float] = []
    for axes, metric in zip(panels, picture.metrics, strict=True):
        shown: list[float] = []
        for (setting, runs), style in zip(groups.items(), LINES * 3, strict=False):
            epochs, values = at_shared_epochs(completed(runs), metric, picture.first_epoch)
            line = {**style, "marker": None, "label": study.label(setting)}
            shown += draw_line(axes, epochs, values, line, median=picture.median)
            begun.append(epochs[0])
        tidy(axes, "epoch", _of_metric(metric, study))
        scale(axes, picture, shown)
        _levels(axes, metric, picture, study)
    runs = [run for group in groups.values() for run in group]
    out = left_out(groups, study.protocol.labels) + beginning(picture, begun)
    return finished(figure, panels, picture, study, len(runs) // max(len(groups), 1), out, runs)


def against(picture: Picture, study: Study) -> Figure:
    """One panel per metric, or one of all of them, one line per setting; x is the swept number."""
    figure, panels = new_panels(1 if picture.together else len(picture.metrics))
    groups = {setting: by_number(runs, str(picture.x)) for setting, runs in _groups(picture, study).items()}
    grid = sorted({x for points in groups.values() for x in points})
    place = {axes: places(axes, grid) for axes in panels}
    never, shown = 0, dict[Any, list[float]]()
    for axes, metric, setting, style in _lines(panels, picture, groups):
        points = groups[setting]
        values = _values(points, measuring(metric, setting, read_place(picture.place)), study)
        never += int(np.isinf(np.concatenate(values)).sum())
        at = parted([place[axes](x) for x in sorted(points)], values, apart=min(points) == 0 != place[axes](0.0))
        line = {**style, "label": _named(metric, setting, picture, study)}
        shown.setdefault(axes, []).extend(draw_line(axes, *at, line, median=picture.median))
    for axes, metric in zip(panels, picture.metrics, strict=False):
        tidy(axes, "", _beside(metric, picture, study))
        scale(axes, picture, shown[axes])
        _upright(axes, picture, study)
        name_axis(axes, grid, place[axes], picture, study)
    most = max(len(runs) for points in groups.values() for runs in points.values())
    runs = [run for points in groups.values() for group in points.values() for run in group]
    return finished(figure, panels, picture, study, most, _missing(groups, never, study), runs)


def _groups(picture: Picture, study: Study) -> dict[str, list[Run]]:
    """The runs of every line."""
    found = {setting: study.matching(setting) for setting in picture.settings} or {"": list(study.runs)}
    return {setting: [run for run in runs if run.status in ("completed", "diverged")] for setting, runs in found.items()}


def _lines(
    panels: Sequence[Axes], picture: Picture, groups: Mapping[str, Points]
) -> Iterator[tuple[Axes, str, str, dict[str, Any]]]:
    """Panel, metric, setting and style of every line."""
    for number, (metric, setting) in enumerate((metric, setting) for metric in picture.metrics for setting in groups):
        panel, line = (0, number) if picture.together else divmod(number, len(groups))
        yield panels[panel], metric, setting, LINES[line % len(LINES)]


def _named(metric: str, setting: str, picture: Picture, study: Study) -> str:
    """What the legend calls a line."""
    label = study.label(setting)
    return ", ".join(filter(None, [study.protocol.labels.get(metric, worded(metric)), label])) if picture.together else label


def _beside(metric: str, picture: Picture, study: Study) -> str:
    """The name of a vertical axis; of metrics that are together what they have in common."""
    kinds = {metric.partition("/")[2] for metric in picture.metrics}
    return (kinds.pop() if len(kinds) == 1 else "") if picture.together else _of_metric(metric, study)


def _missing(groups: Mapping[str, Points], never: int, study: Study) -> str:
    """What is not drawn, after the number of seeds."""
    lost = [
        f"{n} of {of} {f'{study.label(setting)} at {x:g}'.strip()}"
        for setting, points in groups.items()
        for x, runs in points.items()
        for n, of in count_diverged({"": runs}).values()
    ]
    out = f"; no point where a run diverged ({', '.join(lost)})" if lost else ""
    return out + (f"; no point where a run never gets there ({never} do not)" if never else "")


def _values(points: Points, term: Term, study: Study) -> list[list[float]]:
    """A row of seeds per x; not a number where one of them diverged: the mean of the others would flatter the setting."""
    rows = [points[x] for x in sorted(points)]
    return [[of_run(term, run, study) for run in row] if len(completed(row)) == len(row) else [math.nan] for row in rows]


def _upright(axes: Axes, picture: Picture, study: Study) -> None:
    """A line at each number that theory has for x."""
    for text in picture.beside:
        place = float(measure(parse(text), study).mean())
        axes.axvline(place, color="black", linewidth=1.2, linestyle=":", label=study.protocol.labels.get(text, text))


def _of_metric(metric: str, study: Study) -> str:
    """The name of a vertical axis, in lines that are no longer than it."""
    return textwrap.fill(study.protocol.labels.get(metric, worded(metric)), LETTERS)


def _levels(axes: Axes, metric: str, picture: Picture, study: Study) -> None:
    """A line at the target of every exact claim that the picture names and that is about this metric."""
    for claim in study.protocol.claims:
        if claim.name in picture.levels and claim.value.first.column == metric:
            axes.axhline(claim.target, color="0.35", linewidth=1.2, linestyle=":", zorder=1)
            name = claim.published.source if claim.published else f"{claim.target:g}"
            style: dict[str, Any] = {"ha": "right", "va": "bottom", "fontsize": 10.5}
            above: dict[str, Any] = {"xytext": (0, 2), "textcoords": "offset points"}
            axes.annotate(name, (0.99, claim.target), xycoords=axes.get_yaxis_transform(), **above, **style)
