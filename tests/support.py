"""What the tests share: a small classification task, and ways to look at data and results."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
import pytest
import torch

import regexp
from regexp import rng
from regexp.component import per_run
from regexp.datasets.dataset import Data, Dataset
from regexp.experiment import Experiment
from regexp.results import Result
from regexp.textbook.protocol import Protocol, Tier
from regexp.textbook.study import Study

CPU = torch.device("cpu")


@dataclasses.dataclass(frozen=True)
class Blobs(Dataset):
    """Gaussian clouds around random centres, one per class. All sizes are multiples of 16, so that bits can be compared."""

    features: int = 32
    classes: int = 4
    train_size: int = 48
    val_size: int = 32
    test_size: int = 32
    spread: float = per_run(2.0)
    seed: int | None = per_run(None)

    task = "classification"

    @property
    def image(self) -> tuple[int, int]:
        return 4, self.features // 4

    def load(self, seed: int, dtype: torch.dtype) -> Data:
        generator = rng.generator(seed, "blobs")
        sizes = {"train": self.train_size, "val": self.val_size, "test": self.test_size}
        count = sum(sizes.values())
        targets = torch.randint(self.classes, (count,), generator=generator)
        centers = torch.randn(self.classes, self.features, generator=generator, dtype=torch.float64)
        noise = torch.randn(count, self.features, generator=generator, dtype=torch.float64)
        rows = dict(zip(sizes, torch.arange(count).split(list(sizes.values())), strict=True))
        return Data((centers[targets] + self.spread * noise).to(dtype), targets, rows, classes=self.classes)


def fit(experiments: Sequence[Experiment]) -> list[Result]:
    """``regexp.fit`` in one thread: small stacks have no work for more, and would wait for a busy machine's other cores."""
    return regexp.fit(experiments, threads=1)


def arrays(experiment: Experiment, split: str = "train") -> tuple[np.ndarray, np.ndarray]:
    """Inputs and targets of one split, as the model sees them."""
    data = experiment.dataset.load(experiment.data_seed, torch.float64)
    inputs, targets = data.inputs[data.rows[split]], data.targets[data.rows[split]]
    return ((inputs - data.center) / data.scale).numpy(), targets.squeeze(-1).numpy()


def initial_model(experiment: Experiment, features: int, outputs: int) -> torch.nn.Module:
    """The module with which the run starts."""
    with rng.seeded(experiment.seed, "init"):
        return experiment.model.build(features, outputs).to(experiment.stored_dtype)


def same_bits(ours: dict[str, torch.Tensor], theirs: dict[str, torch.Tensor]) -> bool:
    """Whether two sets of weights are equal in every bit; NaN, of diverged runs, equals NaN."""
    pairs = [(ours[name], theirs[name]) for name in ours if name in theirs]
    return ours.keys() == theirs.keys() and all(torch.allclose(a, b, rtol=0, atol=0, equal_nan=True) for a, b in pairs)


def distance(ours: dict[str, torch.Tensor], theirs: dict[str, torch.Tensor]) -> float:
    """The largest difference of two sets of weights, relative to the largest weight."""
    assert ours.keys() == theirs.keys()
    largest = max(w.abs().max().item() for w in theirs.values())
    return max((ours[name] - theirs[name]).abs().max().item() for name in ours) / largest


def assert_equal_alone(runs: Sequence[Experiment], results: Sequence[Result], tolerance: float = 0.0) -> None:
    """Weights and history of every stacked run are those of the run alone."""
    for run, stacked in zip(runs, results, strict=True):
        (alone,) = fit([run])
        assert (stacked.status, stacked.epochs_run, stacked.final_epoch) == (alone.status, alone.epochs_run, alone.final_epoch)
        for which in alone.weights:
            if tolerance:
                assert distance(stacked.weights[which], alone.weights[which]) < tolerance
            else:
                assert same_bits(stacked.weights[which], alone.weights[which])
        assert [row.keys() for row in stacked.rows] == [row.keys() for row in alone.rows]
        for ours, theirs in zip(stacked.rows, alone.rows, strict=True):
            assert ours == pytest.approx(theirs, rel=max(10 * tolerance, 1e-6), abs=1e-7, nan_ok=True)


def study_of(n, runs=(), first_seed=0, **settings) -> Study:
    """A study of n seeds at the standard tier."""
    tiers = {name: Tier(n) for name in ("quick", "standard", "full")}
    protocol = Protocol("mine", "test", "Mine", "Does it?", "nobody", tiers, first_seed=first_seed, settings=settings)
    return Study(protocol, "standard", list(runs))
