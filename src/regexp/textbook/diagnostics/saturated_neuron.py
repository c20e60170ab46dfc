"""One sigmoid neuron that is to learn 1 -> 0, from a good and from a saturated start: exact arithmetic, no data.

Reference: Nielsen, "Neural Networks and Deep Learning", 2015, chapter 3, the cross-entropy cost function.
"""

from __future__ import annotations

import functools
import math
from typing import TYPE_CHECKING, Any

from regexp.textbook.study import Study

if TYPE_CHECKING:
    from matplotlib.figure import Figure

QUANTITIES = ("quadratic_good", "quadratic_saturated", "entropy_good", "entropy_saturated", "entropy_slow", "gradient_ratio")
NONNEGATIVE = QUANTITIES

STARTS = {"good": (0.6, 0.9), "saturated": (2.0, 2.0)}
STEPS = 300
RATE = 0.15
SLOW = 0.005
"""At which the book shows cross-entropy."""


def of_study(study: Study) -> dict[str, list[float]]:
    """Outputs after 300 steps at rate 0.15 (``entropy``: cross-entropy at that same rate, ``slow``: at 0.005); the ratio of the
    two gradients at the saturated start, ``1 / (a (1 - a))``, from the gradients themselves.
    """
    found = {f"{cost}_{start}": [path(cost, start)[-1]] for cost in ("quadratic", "entropy") for start in STARTS}
    found["entropy_slow"] = [path("entropy", "saturated", SLOW)[-1]]
    w, b = STARTS["saturated"]
    ratio = gradient("entropy", sigmoid(w + b)) / gradient("quadratic", sigmoid(w + b))
    return {**found, "gradient_ratio": [ratio]}


def recipe() -> str:
    """For captions."""
    return _recipe(f"{RATE:g} (cross-entropy also at {SLOW:g})")


def _recipe(rates: str = f"{RATE:g}") -> str:
    starts = ", ".join(f"{name} ({w:g}, {b:g})" for name, (w, b) in STARTS.items())
    return f"input 1, target 0, starts (w, b) {starts}, learning rate {rates}, {STEPS} steps"


@functools.cache
def path(cost: str, start: str, rate: float = RATE) -> list[float]:
    """The neuron's output before every step and after the last."""
    w, b = STARTS[start]
    outputs = [sigmoid(w + b)]
    for _ in range(STEPS):
        step = rate * gradient(cost, outputs[-1])
        w, b = w - step, b - step  # the input is 1
        outputs.append(sigmoid(w + b))
    return outputs


def gradient(cost: str, a: float) -> float:
    """The derivative by the weighted input z at target 0: ``a``, and for the quadratic cost ``a * a (1 - a)``."""
    return a if cost == "entropy" else a * a * (1 - a)


def sigmoid(z: float) -> float:
    """``1 / (1 + exp(-z))``."""
    return 1 / (1 + math.exp(-z))


def draw(study: Study, title: str) -> Figure:
    """The output against the step, a panel per start."""
    from regexp.comparison.figures.style import LINES, new_figure, tidy
    from regexp.textbook.figures.caption import finish

    figure, panels = new_figure(11.0, 4.9, 2, alike=True)
    for axes, start in zip(panels, STARTS, strict=True):
        for (cost, words), style in zip(
            {"quadratic": "quadratic cost", "entropy": "cross-entropy"}.items(), LINES, strict=False
        ):
            line: dict[str, Any] = {**style, "marker": None, "label": words}
            axes.plot(path(cost, start), linewidth=2, **line)
        axes.set_title(f"{start} start, output {path('quadratic', start)[0]:.2f}", fontsize=12, loc="left")
        tidy(axes, "step", "output (target 0)" if start == "good" else "")
    panels[0].legend(frameon=False, fontsize=11)
    finish(
        figure,
        title,
        f"One neuron, both costs: {_recipe()}; exact arithmetic, nothing is drawn at random.",
    )
    return figure
