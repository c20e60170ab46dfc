"""Metrics of settings: against the epoch, and against a swept number. Lines are means over seeds, bands 95 % intervals."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from regexp.comparison.figures.style import LINES, new_figure, scale_y, tidy
from regexp.comparison.labels import short_key
from regexp.comparison.reading import Run
from regexp.comparison.statistics import estimate
from regexp.rules import is_number
from regexp.textbook.expression import Term, measuring, parse, read_place
from regexp.textbook.figures.caption import FEW, SHOWN, condition, counted, finish, left_out, worded, words
from regexp.textbook.measuring import measure, of_run
from regexp.textbook.protocol import Picture
from regexp.textbook.study import NotMeasured, Study, count_diverged

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LETTERS = 40
"""Beside a panel."""
FAR = 0.1
"""The part of a mean at which the lower end of its interval is far below it."""

Groups = Mapping[str, Sequence[Run]]


def curves(picture: Picture, study: Study) -> Figure:
    """One panel per metric, one line per setting."""
    figure, panels = _panels(picture)
    groups = {setting: study.matching(setting) for setting in picture.settings or study.settings}
    lines = {setting: completed(runs) for setting, runs in groups.items()}
    for axes, metric in zip(panels, picture.metrics, strict=True):
        shown: list[float] = []
        for (setting, runs), style in zip(lines.items(), LINES * 3, strict=False):
            epochs, values = columns(runs, metric, picture.first_epoch)
            shown += _line(
                axes, epochs, values, {**style, "marker": None, "label": study.protocol.labels.get(setting, words(setting))}
            )
        tidy(axes, "epoch", _of_metric(metric, study))
        _scale(axes, picture, shown)
        _levels(axes, metric, picture, study)
    n = sum(map(len, groups.values())) // max(len(groups), 1)
    return _finished(figure, panels, picture, study, n, left_out(groups, study.protocol.labels))


def against(picture: Picture, study: Study) -> Figure:
    """One panel per metric, one line per setting, x the swept number."""
    figure, panels = _panels(picture)
    key = str(picture.x)
    groups = {setting: study.matching(setting) for setting in picture.settings} or {"": list(study.runs)}
    most, never, lost = 0, 0, dict[str, tuple[int, int]]()
    for axes, metric in zip(panels, picture.metrics, strict=True):
        shown: list[float] = []
        for (setting, runs), style in zip(groups.items(), LINES * 3, strict=False):
            points = _by_number([run for run in runs if run.status in ("completed", "diverged")], key)
            place = _places(axes, sorted(points))
            term = measuring(metric, setting, read_place(picture.place))
            values = _values(points, term, study)
            never += int(np.isinf(np.concatenate(values)).sum())
            label = study.protocol.labels.get(setting, words(setting))
            lost |= {f"{label} at {x:g}".strip(): one for x in points for one in count_diverged({"": points[x]}).values()}
            most = max(most, *map(len, points.values()))
            shown += _line(
                axes,
                *_parted([place(x) for x in sorted(points)], values, apart=min(points) == 0 != place(0.0)),
                {**style, "label": label},
            )
        tidy(
            axes,
            study.protocol.labels.get(key, _of_key(key)),
            _of_metric(metric, study),
        )
        _scale(axes, picture, shown)
        _upright(axes, picture, study)
    diverged = ", ".join(f"{n} of {of} {where}" for where, (n, of) in lost.items())
    out = f"; no point where a run diverged ({diverged})" if lost else ""
    out += f"; no point where a run never gets there ({never} do not)" if never else ""
    return _finished(figure, panels, picture, study, most, out)


def _values(points: Mapping[float, Sequence[Run]], term: Term, study: Study) -> list[list[float]]:
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


def _of_key(key: str) -> str:
    """``regularizer.l2.strength`` as ``l2 strength``."""
    return words(short_key(key, [])) if key.count(".") < 2 else words(" ".join(key.split(".")[1:]))


def _panels(picture: Picture) -> tuple[Figure, list[Axes]]:
    """At most two panels side by side: wider pictures cannot be read at half a slide."""
    wanted = len(picture.metrics)
    rows = math.ceil(wanted / 2)
    figure, panels = new_figure(9.2 if wanted > 1 else 6.6, 1.2 + 3.5 * rows, rows * min(wanted, 2), rows=rows)
    for unused in panels[wanted:]:
        unused.remove()
    return figure, panels[:wanted]


def _finished(figure: Figure, panels: Sequence[Axes], picture: Picture, study: Study, n: int, out: str) -> Figure:
    handles, labels = panels[0].get_legend_handles_labels()
    if len(labels) > 1 or picture.beside:
        columns = max(1, 40 // (5 + max(map(len, labels))))
        style = {"frameon": False, "fontsize": 11, "handlelength": 2.8, "ncols": columns, "borderaxespad": 0.2}
        panels[0].legend(handles, labels, loc="lower left", bbox_to_anchor=(0, 1), **style)
    caption = f"{counted(n)} per setting{out}; {SHOWN if n >= FEW else 'lines are means'}. Tier {study.tier}."
    finish(figure, picture.title, f"{caption} {condition(study)}".strip())
    return figure


def _line(axes: Axes, x: Sequence[float], values: Any, style: dict[str, Any]) -> list[float]:
    """Mean and band; values are rows of seeds, one per x, which some seeds may lack. Infinite ones have neither.

    Returns what the axis must show: the means, and 0 where an interval ends far below its mean, off any logarithmic axis.
    """
    found = [estimate(row if np.isfinite(row).all() else [math.nan]) for row in values]
    means = [float(one.mean) for one in found]
    low, high = ([getattr(one, end) if one.n >= FEW else math.nan for one in found] for end in ("low", "high"))
    axes.plot(x, means, linewidth=2, **style)
    if np.isfinite(low).any():
        axes.fill_between(x, low, high, color=style["color"], alpha=0.18, linewidth=0)
    ends = [0.0 for end, mean in zip(low, means, strict=True) if end < FAR * mean]
    return [*ends, *(mean for mean in means if math.isfinite(mean))]


def columns(runs: Sequence[Run], metric: str, first: int) -> tuple[list[float], list[list[float]]]:
    """A metric at the epochs that all runs were evaluated at."""
    columns = [
        dict(zip(r.history["epoch"].tolist(), r.history[metric].tolist(), strict=True)) for r in runs if metric in r.history
    ]
    epochs = [epoch for epoch in (columns[0] if columns else ()) if epoch >= first and all(epoch in c for c in columns)]
    if not epochs:
        raise NotMeasured(f"no run has {metric}")
    return epochs, [[column[epoch] for column in columns] for epoch in epochs]


def completed(runs: Sequence[Run]) -> list[Run]:
    """Those that a line may be drawn of."""
    return [run for run in runs if run.status == "completed"]


def _by_number(runs: Sequence[Run], key: str) -> dict[float, list[Run]]:
    found: dict[float, list[Run]] = {}
    for run in runs:
        value = run.fields.get(key)
        value = value[0] if isinstance(value, tuple) and value else value
        if is_number(value):
            found.setdefault(float(value), []).append(run)  # type: ignore[arg-type]
    if not found:
        raise NotMeasured(f"no run has {key}")
    return found


def _places(axes: Axes, grid: Sequence[float]) -> Any:
    """A logarithmic axis for positive numbers that span a decade, with zero a step left of them."""
    positive = [value for value in grid if value > 0]
    if len(positive) < 2 or min(grid) < 0 or positive[-1] < 10 * positive[0]:
        return lambda value: value
    zero = positive[0] ** 2 / positive[1]
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(lambda value, _: "0" if value == zero and grid[0] == 0 else f"{value:g}")
    if grid[0] == 0:
        decades = 10.0 ** np.arange(np.ceil(np.log10(positive[0]) - 1e-9), np.floor(np.log10(positive[-1]) + 1e-9) + 1)
        axes.set_xticks([zero, *decades])
        axes.minorticks_off()
        style: dict[str, Any] = {"transform": axes.get_xaxis_transform(), "fontsize": 10, "ha": "center", "va": "center"}
        axes.text(math.sqrt(zero * positive[0]), 0, "//", bbox={"facecolor": "white", "edgecolor": "none", "pad": 0}, **style)
    return lambda value: value if value > 0 else zero


def _parted(x: Sequence[float], values: Sequence[Sequence[float]], *, apart: bool) -> tuple[list[float], list[Any]]:
    """Without a line between the first point, zero, and the others: on a logarithmic axis it has no slope."""
    return ([x[0], x[0], *x[1:]], [values[0], [math.nan], *values[1:]]) if apart else (list(x), list(values))


def _levels(axes: Axes, metric: str, picture: Picture, study: Study) -> None:
    """A line at the target of every exact claim that the picture names and that is about this metric."""
    for claim in study.protocol.claims:
        if claim.name in picture.levels and claim.value.first.column == metric:
            axes.axhline(claim.target, color="0.35", linewidth=1.2, linestyle=":", zorder=1)
            name = claim.published.source if claim.published else f"{claim.target:g}"
            axes.text(0.99, claim.target, name, transform=axes.get_yaxis_transform(), ha="right", va="bottom", fontsize=10.5)


def _scale(axes: Axes, picture: Picture, shown: list[float]) -> None:
    if picture.limits:
        axes.set_ylim(*picture.limits)
    else:
        scale_y(axes, shown)
