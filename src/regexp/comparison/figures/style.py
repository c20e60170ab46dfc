"""What all pictures share: colours, scales, titles, captions, files."""

from __future__ import annotations

import textwrap
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from regexp.axes import logarithmic
from regexp.comparison.findings import Findings
from regexp.comparison.settings import Setting
from regexp.component import snake_case

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SPLITS: dict[str, dict[str, Any]] = {  # as in the curves of a single run
    "train": {"label": "training", "color": "#0072B2", "linestyle": "-"},
    "val": {"label": "validation", "color": "#D55E00", "linestyle": (0, (4, 1.5))},
    "test": {"label": "test", "color": "#009E73", "linestyle": "-"},
}
LINES: list[dict[str, Any]] = [  # Okabe and Ito; dashes and marks tell the lines apart in grey
    {"color": color, "linestyle": dash, "marker": mark}
    for color, dash, mark in zip(
        ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000"),
        ("-", (0, (5, 1.5)), (0, (1.5, 1)), (0, (4, 1, 1, 1)), (0, (9, 1.5)), (0, (4, 1, 1, 1, 1, 1)), (0, (1, 2.5))),
        "osD^vPX",
        strict=True,
    )
]
DECADE = 10
"""The factor from which on values need a logarithmic axis."""
DIFFERENCE = "difference"
"""Drawn like a metric: the compared metric's difference to the baseline."""

_SHORT = 20  # letters: two columns of such labels fit above a panel
_PARTS = ("model", "dataset", "optimizer")


def new_figure(width: float, height: float, panels: int, *, alike: bool = False, rows: int = 1) -> tuple[Figure, list[Axes]]:
    """A figure without pyplot, which is slow to import and keeps every figure. ``alike``: panels with one vertical scale."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure, list(figure.subplots(rows, panels // rows, squeeze=False, sharey="row" if alike else False).flat)


def finish(figure: Figure, title: str, found: Findings, shown: str, drawn: Collection[Setting] | None = None) -> None:
    """The title, and the caption below: n of the settings that are ``drawn`` (None: all), what bands are, and on what."""
    width = figure.get_figwidth()
    figure.suptitle(textwrap.fill(title, round(8.6 * width)), fontsize=14, x=0.01, ha="left")
    text = f"{counted(found, drawn)}; {shown}. {_context(found)}"
    figure.supxlabel(textwrap.fill(text, round(13.8 * width)), fontsize=9.5, color="0.35", x=0.01, ha="left")


def tidy(axes: Axes, xlabel: str, ylabel: str) -> None:
    """Labels large enough for a slide, a light grid, no box."""
    axes.set_xlabel(xlabel, fontsize=12)
    axes.set_ylabel(ylabel, fontsize=12)
    axes.tick_params(labelsize=11)
    axes.grid(color="0.92")
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)


def legend(axes: Axes, title: str | None = None, least: float = 4.5) -> None:
    """Above the axes, where it hides nothing; the figure has ``least`` inches of height, and its lines on top."""
    labels = axes.get_legend_handles_labels()[1]
    if labels:
        columns = 2 if max(map(len, labels)) <= _SHORT else 1
        axes.legend(
            loc="lower left", bbox_to_anchor=(0, 1.0), borderaxespad=0.2, ncols=columns,
            frameon=False, fontsize=10.5, handlelength=2.6, title=title, alignment="left",
        )  # fmt: skip
        figure = axes.get_figure(root=True)
        assert figure is not None
        lines = -(-len(labels) // columns) + (title is not None)
        figure.set_figheight(max(figure.get_figheight(), least + 0.22 * lines))


def scale_y(axes: Axes, shown: Sequence[float], wide: float = 20) -> bool:
    """A logarithmic axis where the means need one, with the means inside: an interval that reaches zero has no end there."""
    if not logarithmic(axes, shown, wide):
        return False
    axes.set_ylim(min(shown) / 1.6, max(shown) * 1.6)
    return True


def keep_above_zero(axes: Axes, metric: str, means: Sequence[float], *, along_x: bool = False) -> None:
    """Begin the axis of what is never negative at zero at the lowest, whatever the lower ends of its intervals."""
    low, _ = axes.get_xlim() if along_x else axes.get_ylim()
    if low < 0 < min(means, default=0.0) and metric != DIFFERENCE and not metric.startswith("gap/"):
        axes.set_xlim(left=0) if along_x else axes.set_ylim(bottom=0)


def worded(metric: str, found: Findings) -> str:
    """``test/loss`` as ``test loss``."""
    if metric == DIFFERENCE:
        return f"{worded(found.how.metric, found)} minus baseline"
    special = {"gap/loss": "test loss minus training loss", "weights/l2_norm": "L2 norm of the weights"}
    special["weights/zero_fraction"] = "fraction of weights that are zero"
    split, _, kind = metric.partition("/")
    plain = f"{SPLITS[split]['label']} {kind}" if split in SPLITS else metric.removeprefix("weights/")
    return special.get(metric, plain.replace("/", " ").replace("_", " "))


def counted(found: Findings, drawn: Collection[Setting] | None = None) -> str:
    """``n = 16 seeds per setting``."""
    counts = sorted({row.n for row in found.rows if row.n and (drawn is None or row.setting in drawn)}) or [0]
    number = f"{counts[0]}" if len(counts) == 1 else f"{counts[0]} to {counts[-1]}"
    return f"n = {number} seed{'' if counts == [1] else 's'} per setting"


@contextmanager
def ascii_text() -> Iterator[None]:
    """ASCII minus signs, and text in SVG files as text."""
    import matplotlib

    with matplotlib.rc_context({"axes.unicode_minus": False, "svg.fonttype": "none", "svg.hashsalt": "regexp"}):
        yield


def write(figures: dict[str, Figure], folder: Path) -> None:
    """Each figure as PNG and SVG; equal figures give equal files."""
    with ascii_text():
        for name, figure in figures.items():
            figure.savefig(folder / f"{name}.png", format="png", dpi=150)
            layout = figure.get_layout_engine()
            figure.set_layout_engine("none")  # the places found for the first file serve the second: half of the time
            figure.savefig(folder / f"{name}.svg", format="svg", metadata={"Date": None})
            figure.set_layout_engine(layout)


def _context(found: Findings) -> str:
    """Model, data set, optimizer and epochs, where they are the same for all."""
    fields, differing = found.baseline.fields, found.baseline.values
    names = {part: snake_case(str(fields.get(f"{part}._target_")).rpartition(".")[2]) for part in _PARTS}
    words = [f"{part} {name}" for part, name in names.items() if f"{part}._target_" not in differing]
    words += [] if "epochs" in differing else [f"{fields.get('epochs')} epochs"]
    return f"{', '.join(words).capitalize()}.".replace("_", " ") if words else ""
