"""Why a linear regression diverged, or soon would: the largest learning rate at which descent on its batches is stable.

Half the squared error of a linear model has one Hessian per batch, ``H = [X 1]' [X 1] / n``, whatever the weights are. A step
of plain SGD is ``w <- w - lr (H + strength D) w + const`` (D: 1 for what decays, 0 for the bias), under L2 and under decoupled
decay alike; whether steps grow follows from the inputs alone. On one batch they do not for ``lr < 2 / lambda_max``. With
momentum m it is ``2 (1 + m) / lambda_max``, and with decoupled decay, which stays outside the velocity,
``2 (1 + m) / (lambda + (1 + m) strength)``. Over many batches no formula holds (the border is above that of the worst one), and
it is found by taking the steps themselves.

Reference: Polyak, "Some methods of speeding up the convergence of iteration methods", 1964.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Hashable
from itertools import count, islice
from typing import Any

import torch
from jaxtyping import Float

from regexp.datasets.dataset import Data
from regexp.experiment import Experiment
from regexp.models.linear import Linear
from regexp.optim import SGD
from regexp.program.data import StackedData
from regexp.regularizers.regularizer import Regularizer, switches
from regexp.results import Row

_HARMLESS = {"l2", "weight_decay", "l1", "l1_subgradient", "early_stopping"}
"""Regularizers besides which the border is known, as are others that are switched off: noise on inputs or a ball around the
weights would change it.
"""
_WIDEST = 1000
_STEPS, _RATES, _EIGEN = 1000, 48, 64
_WORSE = 2
"""A training loss so many times that of the initial weights is no noise of the last mini-batches."""

Known = dict[Hashable, tuple[bool, float]]
"""By the steps of a run: the largest stable learning rate, and whether it is the formula's."""


@dataclasses.dataclass(frozen=True)
class Steps:
    """Steps of SGD on a linear regression, without their constant part."""

    batches: list[torch.Tensor]
    """The inputs of every batch, with a column of ones where there is a bias."""
    decays: Float[torch.Tensor, " features"]
    """1 for every coordinate that is decayed."""
    momentum: float
    nesterov: bool
    l2: float
    decoupled: float

    def bound(self) -> float | None:
        """The border by its formula; None for several batches, Nesterov's momentum and mixed decays, which have none."""
        mixed = self.momentum > 0 and self.decoupled > 0
        if len(self.batches) > 1 or self.nesterov or (mixed and (self.l2 > 0 or not self.decays.all())):
            return None
        decay = self.l2 + (1 + self.momentum if mixed else 1) * self.decoupled
        return 2 * (1 + self.momentum) / _largest(self.batches[0], decay * self.decays)

    def border(self) -> float:
        """The largest learning rate at which the steps do not grow, to one or two per cent."""
        decay = (self.l2 + self.decoupled) * self.decays
        low = 0.1 / max(_largest(batch, decay) for batch in self.batches[:_EIGEN])
        high = 8 / _largest(torch.cat(self.batches[:_EIGEN]), decay) / (1 - self.momentum)
        for _ in range(2):
            rates = torch.logspace(math.log10(low), math.log10(high), _RATES, dtype=torch.float64)
            unstable = self.grow(rates)
            first = int(unstable.int().argmax()) if unstable.any() else _RATES
            low, high = rates[max(first - 1, 0)].item(), rates[min(first, _RATES - 1)].item()
        return low

    def grow(self, rates: Float[torch.Tensor, " rates"]) -> torch.Tensor:
        """Whether the steps grow tenfold from the middle to the end, for every learning rate."""
        lr = rates.unsqueeze(1)
        w = torch.randn(len(rates), len(self.decays), dtype=torch.float64, generator=torch.Generator().manual_seed(0))
        v, logs, middle = torch.zeros_like(w), torch.zeros_like(rates), torch.zeros_like(rates)
        batches = self.batches * (_STEPS if len(self.batches) == 1 else 1)
        for step, x in enumerate(batches):
            gradient = (w @ x.T) @ x / len(x) + self.l2 * self.decays * w
            v = self.momentum * v + gradient
            w = (1 - lr * self.decoupled * self.decays) * w - lr * (gradient + self.momentum * v if self.nesterov else v)
            size = w.norm(dim=1, keepdim=True)
            w, v, logs = w / size, v / size, logs + size.squeeze(1).log()
            middle = logs if step == len(batches) // 2 else middle
        return logs - middle > 2.3


def what_grew(experiment: Experiment, first: Row, last: Row, data: Data, known: Known) -> str | None:
    """One sentence about a run whose losses are finite, but would not stay so; None where that is not certain.

    Certain it is where the training loss has at least doubled *and* the cause is known: either alone may be meant.
    """
    before, after = first["train/loss"], last["train/loss"]
    if not after > _WORSE * before or (why := why_diverged(experiment, data, known)) is None:
        return None
    return f"train/loss rose from {before:.3g} to {after:.3g}: {why}"


def why_diverged(experiment: Experiment, data: Data, known: Known) -> str | None:
    """One sentence, or None where the cause is not known. ``known`` spares runs with equal steps the same work.

    Known are a linear regression under SGD, and a decay that overshoots by itself (``lr * strength > 2``) in any model.
    """
    overshoot = _overshoot(experiment)
    linear = isinstance(experiment.model, Linear) and experiment.data_loss == "half_squared"
    known_here = all(one.name() in _HARMLESS or _is_off(one) for one in experiment.regularizers)
    if not linear or not isinstance(experiment.optimizer, SGD) or not known_here or data.inputs.shape[1] > _WIDEST:
        return overshoot
    optimizer = dataclasses.replace(experiment.optimizer, lr=1.0)
    key = id(data), experiment.seed, experiment.batch_size, optimizer, repr(experiment.regularizers)
    if key not in known:
        steps = _steps(experiment, data)
        bound = steps.bound()
        known[key] = bound is not None, steps.border() if bound is None else bound
    return _sentence(experiment, *known[key]) or overshoot


def _sentence(experiment: Experiment, has_formula: bool, border: float) -> str | None:
    optimizer, decays = experiment.optimizer, _strength(experiment, "l2") + _strength(experiment, "weight_decay") > 0
    assert isinstance(optimizer, SGD)
    if optimizer.lr <= border:
        return None
    formula = ("2 (1 + momentum)" if optimizer.momentum else "2") + (
        " / (lambda_max + strength)" if decays else " / lambda_max"
    )
    limit, of_one = (f"{formula} = ", "") if has_formula else ("", f" (of a single batch it is {formula})")
    return f"lr {optimizer.lr:.3g} exceeds {limit}{border:.3g}, the largest stable lr of these batches{of_one}"


def _overshoot(experiment: Experiment) -> str | None:
    """A decay that multiplies weights by less than -1 in every step, whatever the data are."""
    optimizer: Any = experiment.optimizer
    strength = _strength(experiment, "weight_decay")
    if isinstance(optimizer, SGD):
        strength += _strength(experiment, "l2")
    product = optimizer.lr * strength
    if product <= 2 or getattr(optimizer, "momentum", 0.0):
        return None
    factor = f"lr * strength = {product:.3g} exceeds 2: every step multiplies the weights by {1 - product:.3g}"
    if optimizer.lr > max(1.0, strength):  # below 2 / strength it could still be far too large for the data
        return f"{factor}; lower lr, which is large by itself: 0.1 or less is usual"
    return f"{factor}; lower lr to at most {2 / strength:.3g}, or the strength to {2 / optimizer.lr:.3g}"


def _steps(experiment: Experiment, data: Data) -> Steps:
    optimizer = experiment.optimizer
    assert isinstance(optimizer, SGD)
    bias = getattr(experiment.model, "bias", True)
    found = StackedData([data], [experiment.seed], torch.device("cpu"))
    drawn = (x[0].double() for epoch in count(1) for x, _ in found.batches(epoch, experiment.batch_size))
    one = (experiment.batch_size or len(data.rows["train"])) >= len(data.rows["train"])
    batches = [torch.cat([x, torch.ones(len(x), int(bias))], 1) for x in islice(drawn, 1 if one else _STEPS)]
    strengths = _strength(experiment, "l2"), _strength(experiment, "weight_decay")
    decays = torch.ones(batches[0].shape[1], dtype=torch.float64)
    if bias and not any(getattr(one, "biases", False) for one in experiment.regularizers):
        decays[-1] = 0.0
    return Steps(batches, decays, optimizer.momentum, optimizer.nesterov, *strengths)


def _is_off(regularizer: Regularizer) -> bool:
    off = switches(regularizer)
    return bool(off) and all(getattr(regularizer, name) == value for name, value in off.items())


def _strength(experiment: Experiment, name: str) -> float:
    return sum(getattr(one, "strength", 0.0) for one in experiment.regularizers if one.name() == name)


def _largest(x: Float[torch.Tensor, "n features"], decay: Float[torch.Tensor, " features"]) -> float:
    """The largest eigenvalue of ``X'X / n + diag(decay)``."""
    return torch.linalg.eigvalsh(x.T @ x / len(x) + decay.diag())[-1].item()
