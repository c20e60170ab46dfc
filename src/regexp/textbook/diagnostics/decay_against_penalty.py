"""How far the weights of two kinds of runs are from each other: decay of the weights, and a penalty in the loss."""

from __future__ import annotations

from typing import Any

import regexp
from regexp.lazy import torch
from regexp.textbook.study import Study

QUANTITIES = ("sgd", "adam")
NONNEGATIVE = QUANTITIES


def of_study(study: Study) -> dict[str, dict[Any, float]]:
    """``|w - w'| / |w'|`` of the final weights, seed by seed, between the settings ``decay_sgd`` and ``penalty_sgd``, and the
    same for Adam.
    """
    return {name: _apart(study, *settings_of(name)) for name in QUANTITIES}


def settings_of(quantity: str) -> list[str]:
    """Of one optimizer: the decay, and the penalty."""
    return [f"decay_{quantity}", f"penalty_{quantity}"]


def _apart(study: Study, one: str, other: str) -> dict[Any, float]:
    first, second = study.by_seed(one), study.by_seed(other)
    pairs = {seed: (_weights(run), _weights(second[seed])) for seed, run in first.items() if seed in second}
    return {seed: ((a - b).norm() / b.norm()).item() for seed, (a, b) in pairs.items()}


def _weights(run: Any) -> torch.Tensor:
    return torch.cat([w.flatten() for w in regexp.load(run.folder).weights["final"].values()])
