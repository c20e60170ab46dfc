"""Title, caption and the words for metrics and settings."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from regexp.comparison.figures.style import SPLITS
from regexp.comparison.reading import Run
from regexp.rules import is_number
from regexp.textbook.expression import Expression, Last, Place, Term, Until
from regexp.textbook.study import Study, count_diverged
from regexp.textbook.wording import lost, number

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FEW = 3
"""Seeds below which a picture has no intervals: they would be wider than the picture."""

OF_LOGARITHMS = "their 95 % t-intervals, taken of the logarithm"

_PLACES = {"final": "", "best": " at the best epoch", "end": " at the end", "start": " at the start"}
_PLACES |= {"smallest": ", smallest", "largest": ", largest"}
_NAMES = {"gap/loss": "test loss minus training loss", "weights/l2_norm": "L2 norm of the weights"}


def finish(figure: Figure, title: str, caption: str) -> int:
    """Title above, caption below, both as wide as the figure; how many lines they have."""
    width = figure.get_figwidth()
    above, below = _lines(title, round(8.6 * width)), _lines(caption, round(13.3 * width))
    figure.suptitle(above, fontsize=14, x=0.01, ha="left")
    figure.supxlabel(below, fontsize=9.5, color="0.35", x=0.01, ha="left")
    return above.count("\n") + below.count("\n") + 2


def _lines(text: str, letters: int) -> str:
    """As lines, none of which begins with the sign of a percentage."""
    return textwrap.fill(text.replace(" %", "\u00a0%"), letters).replace("\u00a0", " ")


def counted(n: int) -> str:
    """``n = 20 seeds``."""
    return f"n = {n} seed{'' if n == 1 else 's'}"


def condition(study: Study) -> str:
    """The first sentence of what the verdicts are conditional on; the page has all of them."""
    first, end, _ = " ".join(study.protocol.conditional.split()).partition(". ")
    return f"{first}." if end else first


def facts(study: Study, runs: Sequence[Run]) -> str:
    """``Tier standard: 500 training examples, 40 epochs.``, and what the verdicts are conditional on."""
    tier = ": ".join(filter(None, [f"Tier {study.tier}", recipe(runs)]))
    return f"{tier}. {condition(study)}".strip()


def recipe(runs: Sequence[Run]) -> str:
    """What runs were trained with: ``500 to 10,000 training examples in batches of 64, 40 epochs, learning rate 0.1``."""
    examples, batch, epochs = (_range(runs, key) for key in ("dataset.train_size", "batch_size", "epochs"))
    if any(run.fields.get("dataset.train_size", 0) is None for run in runs):
        examples = f"{examples.partition(' to ')[0]} to all" if examples else "all"
    batches, rate = f" in batches of {batch}" if batch else "", _range(runs, "optimizer.lr")
    parts = [f"{examples} training examples{batches}" if examples else "", f"{epochs} epochs" if epochs else ""]
    parts += [f"learning rate {rate}" if rate else ""]
    return ", ".join(filter(None, parts)).replace(", 1 epochs", ", 1 epoch")


def _range(runs: Sequence[Run], key: str) -> str:
    found: list[Any] = [value for run in runs if is_number(value := run.fields.get(key))]
    ends = dict.fromkeys((min(found), max(found))) if found else ()
    return " to ".join(f"{end:,}" if isinstance(end, int) else number(end) for end in ends)


def left_out(groups: Mapping[str, Sequence[Run]], labels: Mapping[str, str]) -> str:
    """What follows the number of seeds: ``; left out: 1 of 10 plain runs diverged``."""
    diverged = count_diverged({labels.get(name, name): runs for name, runs in groups.items()})
    return f"; left out: {lost(diverged)}" if diverged else ""


def worded(metric: str) -> str:
    """``test/loss`` as ``test loss``."""
    split, _, kind = metric.partition("/")
    plain = f"{SPLITS[split]['label']} {kind}" if split in SPLITS else metric.removeprefix("weights/")
    return _NAMES.get(metric, plain.replace("/", " ").replace("_", " "))


def measured(expression: Expression, labels: Mapping[str, str]) -> str:
    """What a claim measures, for its axis: ``test loss at the end: L2 minus none``. ``labels`` name quantities and settings."""
    quantities = [_quantity(term, labels) for term in expression.terms]
    settings = [
        " ".join(labels.get(term.setting, words(term.setting)).split()) if term.setting else "" for term in expression.terms
    ]
    if expression.joined and quantities[0] == quantities[1]:
        return f"{quantities[0]}: {f' {expression.joined} '.join(settings)}"
    parts = [f"{quantity} ({setting})" if setting else quantity for quantity, setting in zip(quantities, settings, strict=True)]
    return f" {expression.joined} ".join(parts)


def _quantity(term: Term, labels: Mapping[str, str]) -> str:
    """A quantity in words, with its place where it is a column's."""
    if isinstance(term.quantity, Until):
        metric, side = term.quantity.metric, "below" if term.quantity.below else "above"
        return f"epochs until {labels.get(metric, worded(metric))} is {side} {term.quantity.limit:g}"
    if term.diagnostic:
        return labels.get(term.quantity, ": ".join(map(words, term.diagnostic)))
    return labels.get(term.quantity, worded(term.quantity)) + _place(term.place)


def _place(place: Place) -> str:
    if isinstance(place, Last):
        return f" over the last {place.epochs} epochs"
    return f" after epoch {place}" if isinstance(place, int) else _PLACES[place]


def words(setting: str) -> str:
    """The name of a setting as a legend shows it."""
    return setting.replace("_", " ")
