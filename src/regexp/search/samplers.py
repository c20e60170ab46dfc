"""Optuna's samplers by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import optuna
from optuna.distributions import BaseDistribution

SEED = 0
"""Fixed, so that a command that is repeated asks for the same settings."""


def make(name: str, number: int, distributions: Mapping[str, BaseDistribution]) -> optuna.samplers.BaseSampler:
    """The sampler for the setting of this number.

    Each setting has a sampler of its own, seeded by its number, so that asking can stop and go on anywhere. The scrambled Sobol
    sequence is one for all; its place in it is in Optuna's storage.
    """
    if name == "qmc":
        return _sobol(distributions)
    samplers: dict[str, Any] = {
        "random": optuna.samplers.RandomSampler,
        "tpe": optuna.samplers.TPESampler,
        "gp": optuna.samplers.GPSampler,
        "cmaes": optuna.samplers.CmaEsSampler,
        "nsgaii": optuna.samplers.NSGAIISampler,
        "nsgaiii": optuna.samplers.NSGAIIISampler,
    }
    batched = {"constant_liar": True} if name == "tpe" else {}  # settings asked for together keep away from each other
    return samplers[name](seed=SEED + number, **batched)


def _sobol(distributions: Mapping[str, BaseDistribution]) -> optuna.samplers.BaseSampler:
    """The Sobol sequence from its first point: left alone, Optuna draws the first setting at random to learn what there is."""
    sampler = optuna.samplers.QMCSampler(scramble=True, seed=SEED)
    known = dict(distributions)
    setattr(sampler, "infer_relative_search_space", lambda study, trial: known)  # noqa: B010
    return sampler
