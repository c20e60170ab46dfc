"""What a person sees while a stack trains: one log line per evaluation, and a bar on a terminal."""

from __future__ import annotations

import logging
import sys

import torch
from tqdm import tqdm

from regexp.evaluation import Metrics
from regexp.program import Program
from regexp.training import State

log = logging.getLogger("regexp")


class Progress:
    """Called after every evaluation, like :class:`regexp.recorder.Recorder`."""

    def __init__(self, program: Program, *, shown: bool):
        hidden = not (shown and sys.stderr.isatty())
        self.bar = tqdm(total=program.spec.epochs, unit="epoch", disable=hidden, leave=False)

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_: object) -> None:
        self.bar.close()

    def __call__(self, program: Program, state: State, metrics: Metrics, trained: torch.Tensor) -> None:
        shown = [name for name in metrics if name.endswith(("/loss", "/accuracy")) and not name.startswith("gap")]
        many = "" if len(trained) == 1 else f"{int(trained.sum())} runs, medians: "
        text = "  ".join(f"{name} {metrics[name][trained].median():.4g}" for name in shown)
        log.info("epoch %d/%d  %s%s", state.epoch, program.spec.epochs, many, text)
        self.bar.update(state.epoch - self.bar.n)
        self.bar.set_postfix_str(text)
