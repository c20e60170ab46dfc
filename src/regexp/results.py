"""What a finished run gives back: from ``fit``, or from its folder by ``load``."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from regexp import rng
from regexp.experiment import Experiment
from regexp.page import page
from regexp.report import SPLITS, facts_and_table, held
from regexp.words import counted

if TYPE_CHECKING:
    from torch import nn

Row = dict[str, float]


@dataclasses.dataclass(repr=False)
class Result:
    """One run's history and weights. ``print`` it for its table."""

    experiment: Experiment
    status: str
    """``completed`` or ``diverged``."""
    reason: str | None
    rows: list[Row]
    """The metrics of every evaluated epoch, ``epoch`` first; epoch 0 is before training."""
    final_epoch: int
    """The epoch whose weights the run ends with: the last one, or early stopping's best."""
    best_epoch: int | None
    """The epoch with the best objective; None without a validation split."""
    weights: dict[str, Any]
    """Parameters by which weights they are: ``final``, ``last``, and ``best`` where there is one."""
    sizes: tuple[int, int]
    """Features and outputs of the data."""
    seconds: float = 0.0
    """Wall time until the run's end, divided by the number of runs in its stack."""
    machine: dict[str, Any] = dataclasses.field(default_factory=dict)
    """Versions, device, threads, hashes of data files."""
    snapshot: dict[str, Any] = dataclasses.field(default_factory=dict)
    """All that is needed to train on (see :mod:`regexp.recording.snapshot`)."""
    baselines: dict[str, Row] = dataclasses.field(default_factory=dict)
    """Metrics of what needs no training, by name: ``constant``, and ``ridge`` or ``logistic`` with its ``strength``. Only for
    data sets of your own (see :mod:`regexp.baselines`)."""
    warning: str | None = None
    """Why a run that completed was about to diverge, where that is certain (see :mod:`regexp.stability`)."""

    @property
    def epochs_run(self) -> int:
        """How many epochs were trained."""
        return int(self.rows[-1]["epoch"])

    @property
    def final(self) -> Row:
        """The metrics of the weights the run ends with."""
        return self._at(self.final_epoch)

    @property
    def last(self) -> Row:
        """The metrics after the last epoch trained."""
        return self.rows[-1]

    @property
    def best(self) -> Row | None:
        """The metrics at the best epoch by the objective."""
        return None if self.best_epoch is None else self._at(self.best_epoch)

    @property
    def objective(self) -> float | None:
        """What the run returns to a sweep: the best value of the objective, None without a validation split."""
        return None if self.best is None else self.best[self.experiment.objective]

    def model(self, which: str = "final") -> nn.Module:
        """The trained model as an ordinary ``nn.Module`` for one run.

        ``which`` is final (the weights that the run ends with), best or last. It returns scores: apply softmax or sigmoid for
        probabilities, as the loss does. Raises ``ValueError`` where those weights were not saved.
        """
        if not self.weights:
            raise ValueError(
                "no weights of this run were saved: train with save=all (in a study none are kept unless you say so)"
            )
        if which not in self.weights:
            if which == "best" and self.best_epoch is None:
                why = "no epoch of this run was better than another, because it has no validation split"
                raise ValueError(f"{why}: write model(), or give the data set one ({self.experiment.dataset.validation} > 0)")
            kept = " or ".join(f'model("{name}")' for name in self.weights)
            raise ValueError(f"there are no {which} weights of this run (save=all keeps all there are): write {kept}")
        with rng.seeded(self.experiment.seed, "init"):
            module = self.experiment.model.build(*self.sizes).to(self.experiment.stored_dtype)
        module.load_state_dict(self.weights[which], strict=False)
        return module.eval()

    def __str__(self) -> str:
        return facts_and_table(self)

    def __repr__(self) -> str:
        losses = ", ".join(f"{name} {self.final[name]:.4g}" for split in SPLITS if (name := f"{split}/loss") in self.final)
        what = f"{held(self.experiment.regularizers) or 'no regularizer'}, seed {self.experiment.seed}"
        return f"Result({what}: {self.status} after {counted(self.epochs_run, 'epoch')}, {losses})"

    def _repr_html_(self) -> str:
        return page(str(self), None)

    def _at(self, epoch: int) -> Row:
        return next(row for row in self.rows if row["epoch"] == epoch)
