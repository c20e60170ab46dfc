"""Early stopping."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING

from jaxtyping import Float

from regexp.component import per_run
from regexp.lazy import torch
from regexp.metrics import lower_is_better
from regexp.regularizers.regularizer import Regularizer, Verdict
from regexp.regularizers.stopping import CRITERIA, Evaluation
from regexp.rules import above, at_least, one_of, require, whole
from regexp.stack.numbers import Numbers

if TYPE_CHECKING:
    from regexp.experiment import Experiment


@dataclasses.dataclass(frozen=True)
class EarlyStopping(Regularizer):
    """Stops a run when its validation metric no longer improves. The run always ends with its best weights.

    ``monitor`` is a validation metric: the data loss without penalties, or the accuracy, whose error is ``1 - accuracy``.
    ``criterion`` says when, E being the monitor's error and ``E_opt`` the lowest one so far:

    - ``patience``: E has not improved by more than ``min_delta`` for ``patience`` epochs, whatever ``eval_every``;
    - ``gl``: ``GL = 100 (E / E_opt - 1) > alpha``, a generalization loss of alpha per cent;
    - ``pq``: ``GL / P > alpha`` at the end of a strip of ``strip_length`` epochs, with the training progress
      ``P = 1000 (mean of E_train in the strip / its minimum there - 1)``;
    - ``up``: E has risen in ``strips`` successive strips, from each one's end to the next one's.

    Slower criteria (larger numbers) find slightly better weights and take much longer.

    No number switches it off: even a run that never stops would end with its best weights instead of its last.

    Reference: Prechelt, "Early stopping - but when?", 1998; Goodfellow et al., "Deep Learning", 2016, section 7.8.

    >>> EarlyStopping(patience=5).monitor
    'val/loss'
    """

    monitor: str = "val/loss"
    criterion: str = "patience"
    patience: int = per_run(10)
    min_delta: float = per_run(0.0)
    alpha: float = per_run(5.0)
    strips: int = per_run(3)
    strip_length: int = per_run(5)

    def __post_init__(self) -> None:
        require(
            self,
            monitor=_validation_metric,
            criterion=one_of(*CRITERIA),
            patience=whole(1),
            min_delta=at_least(0),
            alpha=above(0),
            strips=whole(1),
            strip_length=whole(1),
        )

    def watch(
        self,
        epoch: int,
        metrics: Mapping[str, Float[torch.Tensor, " runs"]],
        state: dict[str, torch.Tensor],
        numbers: Numbers,
    ) -> Verdict:
        error, training = (_error(metrics, name) for name in (self.monitor, self.monitor.replace("val/", "train/")))
        lowest = state.get("best", torch.full_like(error, torch.inf))
        better = error < lowest
        state["best"] = torch.where(better, error, lowest)
        return Verdict(keep=better, go_on=CRITERIA[self.criterion](Evaluation(epoch, error, training), state, numbers))

    def conflicts(self, experiment: Experiment) -> list[tuple[str, str]]:
        if not experiment.dataset.has_validation:
            why = f"must be measured on a validation split and there is none, got {self.monitor!r}"
            return [("monitor", f"{why}: set dataset.{experiment.dataset.validation} > 0")]
        if self.monitor not in experiment.objectives:
            return [("monitor", f"must be one of {', '.join(experiment.objectives)}, got {self.monitor!r}")]
        return self._strip_conflicts(experiment.eval_every)

    def _strip_conflicts(self, eval_every: int) -> list[tuple[str, str]]:
        if self.criterion not in ("pq", "up") or not isinstance(eval_every, int) or eval_every < 1:
            return []
        if self.strip_length % eval_every:
            why = f"must be a multiple of eval_every ({eval_every}), got {self.strip_length}"
            return [("strip_length", f"{why}: a strip ends with an evaluation; set eval_every=1")]
        if self.criterion == "pq" and self.strip_length == eval_every:
            why = f"must hold two evaluations or more, got {self.strip_length} with eval_every {eval_every}"
            return [("strip_length", f"{why}: progress is measured within a strip; set eval_every=1")]
        return []


def _error(metrics: Mapping[str, Float[torch.Tensor, " runs"]], name: str) -> Float[torch.Tensor, " runs"]:
    return metrics[name] if lower_is_better(name) else 1 - metrics[name]


def _validation_metric(monitor: str) -> str | None:
    if isinstance(monitor, str) and monitor.startswith("val/"):
        return None
    return f"must be a validation metric such as val/loss (the test split decides nothing), got {monitor!r}"
