"""Early stopping."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING

from jaxtyping import Float

from regexp.component import at_least, per_run, require, whole
from regexp.lazy import torch
from regexp.metrics import lower_is_better
from regexp.regularizers.regularizer import Regularizer, Verdict
from regexp.stack.numbers import Numbers

if TYPE_CHECKING:
    from regexp.experiment import Experiment


@dataclasses.dataclass(frozen=True)
class EarlyStopping(Regularizer):
    """Stops a run when ``monitor`` has not improved by more than ``min_delta`` for ``patience`` epochs.

    The run always ends with its best weights, also when the last epoch comes first. Patience counts epochs, whatever
    ``eval_every``. The monitor is a validation metric: the data loss without penalties, or the accuracy (higher is better).

    Reference: Prechelt, "Early stopping - but when?", 1998; Goodfellow et al., "Deep Learning", 2016, section 7.8.

    >>> EarlyStopping(patience=5).monitor
    'val/loss'
    """

    monitor: str = "val/loss"
    patience: int = per_run(10)
    min_delta: float = per_run(0.0)

    def __post_init__(self) -> None:
        require(self, monitor=_validation_metric, patience=whole(1), min_delta=at_least(0))

    def watch(
        self,
        epoch: int,
        metrics: Mapping[str, Float[torch.Tensor, " runs"]],
        state: dict[str, torch.Tensor],
        numbers: Numbers,
    ) -> Verdict:
        value = metrics[self.monitor] if lower_is_better(self.monitor) else -metrics[self.monitor]
        if not state:  # the best value; the value that patience compares with, and its epoch
            infinite = torch.full_like(value, torch.inf)
            state |= {"best": infinite, "mark": infinite, "epoch": torch.zeros_like(value, dtype=torch.int64)}
        better, progress = value < state["best"], value < state["mark"] - numbers["min_delta"]
        state["best"] = torch.where(better, value, state["best"])
        state["mark"] = torch.where(progress, value, state["mark"])
        state["epoch"] = torch.where(progress, epoch, state["epoch"])
        return Verdict(keep=better, go_on=epoch - state["epoch"] < numbers["patience"])

    def conflicts(self, experiment: Experiment) -> list[tuple[str, str]]:
        if not experiment.dataset.has_validation:
            why = f"must be measured on a validation split and there is none, got {self.monitor!r}"
            return [("monitor", f"{why}: set dataset.{experiment.dataset.validation} > 0")]
        if self.monitor not in experiment.objectives:
            return [("monitor", f"must be one of {', '.join(experiment.objectives)}, got {self.monitor!r}")]
        return []


def _validation_metric(monitor: str) -> str | None:
    if isinstance(monitor, str) and monitor.startswith("val/"):
        return None
    return f"must be a validation metric such as val/loss (the test split decides nothing), got {monitor!r}"
