"""The axes of all pictures: whole epochs, powers of ten, and a beginning that would flatten all that follows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, SupportsFloat

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis

_WIDE = 20  # a factor that a linear axis does not show well
_MARGIN = 0.07


def whole_epochs(axes: Axes) -> None:
    """Ticks at whole numbers."""
    from matplotlib.ticker import MaxNLocator

    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1, steps=[1, 2, 5, 10]))


def logarithmic(axes: Axes, shown: Sequence[float], wide: float = _WIDE, *, along_x: bool = False) -> bool:
    """A logarithmic vertical axis, labelled in plain numbers, if all values are positive and span more than that factor.

    ``along_x``: a horizontal one.
    """
    if not shown or min(shown) <= 0 or max(shown) <= wide * min(shown):
        return False
    axes.set_xscale("log") if along_x else axes.set_yscale("log")
    _decades(axes.xaxis if along_x else axes.yaxis, shown)
    return True


def _decades(axis: Axis, shown: Sequence[float]) -> None:
    """The ticks of a logarithmic axis as plain numbers, with 2 and 5 between few powers of ten."""
    from matplotlib.ticker import LogLocator, NullFormatter

    few = max(shown) < 1000 * min(shown)
    axis.set_minor_locator(LogLocator(subs=(2, 5) if few else "auto"))
    axis.set_minor_formatter(short_tick if few else NullFormatter())
    axis.set_major_formatter(short_tick)


def focus(axes: Axes, first: Sequence[float], later: Sequence[float]) -> bool:
    """Show the later values where the first ones, before training, would take more than half of the axis.

    What the first ones are is then written beside their end of the axis.
    """
    if len(later) < 2 or not first:
        return False
    low, high = min(later), max(later)
    above, below = max(first) - high, low - min(first)
    if max(above, below) <= high - low:
        return False
    margin = _MARGIN * (high - low) or 0.05 * abs(high)
    axes.set_ylim(low - margin, high + margin)
    start, end = f"{min(first):.3g}", f"{max(first):.3g}"
    text = f"epoch 0, beyond this axis: {start}" + ("" if start == end else f" to {end}")
    place, side = (0.985, "top") if above > below else (0.015, "bottom")  # on the right, where lines have left that end
    axes.text(0.985, place, text, transform=axes.transAxes, ha="right", va=side, fontsize=9.5, color="0.35")
    return True


def short_tick(value: SupportsFloat, _: object) -> str:
    """``0.001``, ``1e-05``."""
    return f"{float(value):g}"
