"""What a person sees while a stack trains: one log line per evaluation, and a bar on a terminal."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext

import torch
from tqdm import tqdm
from tqdm.contrib.logging import logging_redirect_tqdm

from regexp.evaluation import Metrics
from regexp.program import Program
from regexp.training import Observe, State

log = logging.getLogger("regexp")


@contextmanager
def reporting(epochs: int, *, bar: bool) -> Iterator[Observe]:
    """An ``observe`` for :func:`regexp.training.train` that logs; with a progress bar if ``bar`` and on a terminal."""
    hidden = not (bar and sys.stderr.isatty())
    above_the_bar = nullcontext() if hidden else logging_redirect_tqdm()
    with tqdm(total=epochs, unit="epoch", disable=hidden, leave=False) as shown, above_the_bar:

        def observe(_: Program, state: State, metrics: Metrics, trained: torch.Tensor) -> None:
            log.info("epoch %d/%d  %s", state.epoch, epochs, _line(metrics, trained))
            shown.update(state.epoch - shown.n)

        yield observe


def _line(metrics: Metrics, trained: torch.Tensor) -> str:
    """Losses and accuracies: of one run, or the medians of many."""
    figures = figures_of({name: float(values[trained].median()) for name, values in metrics.items()})
    return figures if len(trained) == 1 else f"{int(trained.sum())} runs, medians: {figures}"


def figures_of(row: Mapping[str, float]) -> str:
    """The losses and accuracies of an evaluation."""
    names = [name for name in row if name.endswith(("/loss", "/accuracy")) and not name.startswith("gap/")]
    return "  ".join(f"{name} {row[name]:.4g}" for name in names)
