"""Gaussian noise against what chance and algebra say."""

import itertools
import math

import numpy as np
import pytest
import scipy.stats
import torch

from regexp import rng
from regexp.datasets import SyntheticRegression
from regexp.experiment import Experiment
from regexp.models import MLP, Linear
from regexp.optim import SGD
from regexp.program import Program, load_data
from regexp.regularizers import InputNoise
from regexp.rules import Invalid
from regexp.stack.noise import Draws
from support import CPU, Blobs, arrays, distance, fit
from test_user_model import Own


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_draws_are_normal_and_independent(dtype):
    draws = Draws(rng.keys([0, 1], "noise", device=CPU), step=3, runs=2)
    numbers = draws.normals(100, 1001, dtype=dtype)
    assert numbers.dtype == dtype
    for run in numbers.double().numpy():
        assert scipy.stats.kstest(run.ravel(), "norm").pvalue > 1e-4
        assert scipy.stats.kstest((run[:, :500] * run[:, 500:1000]).ravel(), _product_cdf).pvalue > 1e-4
    flat = numbers.double().flatten(1)
    halves = flat[:, :50_050], flat[:, 50_050:]  # the two coordinates of the points they were made from
    for first, second in ([*flat], halves, (flat[:, 1:], flat[:, :-1]), [h.square() for h in halves]):
        correlation = np.corrcoef(first.flatten(), second.flatten())[0, 1]
        assert abs(correlation) < 5 / math.sqrt(first.numel())


def _product_cdf(z):
    """Of the product of two independent standard normal numbers, whose density is K0(|z|) / pi."""
    from scipy.special import iti0k0

    tail = iti0k0(np.abs(z))[1] / math.pi
    return 0.5 + np.sign(z) * tail


def test_the_tails_are_those_of_a_normal_distribution():
    draws = Draws(rng.keys([0], "noise", device=CPU), step=1, runs=1)
    numbers = draws.normals(1000, 2000, dtype=torch.float32).double()
    for bound in (2.0, 3.0, 4.0):
        share = 2 * scipy.stats.norm.sf(bound)
        assert abs((numbers.abs() > bound).double().mean().item() - share) < 5 * math.sqrt(share / numbers.numel())
    assert numbers.isfinite().all()


def ridge(x, y, strength):
    """``(X'X + n strength I)^-1 X'y``, free intercept."""
    x = np.column_stack([x, np.ones(len(x))])
    penalty = len(x) * strength * np.diag([1.0] * (x.shape[1] - 1) + [0.0])
    return np.linalg.solve(x.T @ x + penalty, x.T @ y)


def test_on_a_linear_model_it_is_ridge_regression():
    """The steps are linear in the weights, so the mean of the last weights over seeds is the expected loss's minimum."""
    data = SyntheticRegression(features=5, train_size=24, val_size=0, true_weight=1.0, true_bias=0.5, noise=0.5, seed=3)
    stds, seeds, epochs = (0.5, 1.0), 300, 250
    results = fit(
        [
            Experiment(data, Linear(), SGD(0.05), [InputNoise(std)], epochs, None, seed, "float64", eval_every=epochs)
            for std, seed in itertools.product(stds, range(seeds))
        ]
    )
    x, y = arrays(results[0].experiment)
    last = np.array([[*r.weights["last"]["output.weight"][:, 0], r.weights["last"]["output.bias"][0]] for r in results])
    for std, weights in zip(stds, last.reshape(len(stds), seeds, -1), strict=True):
        error = weights.std(0, ddof=1) / math.sqrt(seeds)
        assert np.all(np.abs(weights.mean(0) - ridge(x, y, std**2)) < 5 * error)
        assert np.any(np.abs(weights.mean(0) - ridge(x, y, 0.0)) > 10 * error)


@pytest.mark.parametrize(("where", "noisy"), [("input", [0]), ("hidden", [1, 2]), ("all", [0, 1, 2])])
def test_noise_is_where_it_is_asked_for_with_every_runs_own_deviation(where, noisy):
    stds = [0.0, 0.5, 2.0]
    runs = [Experiment(Blobs(), MLP((16, 16)), SGD(0.1), [InputNoise(std, where)]) for std in stds]
    program = Program(runs, load_data(runs), CPU)
    slots = program.noise(1)
    assert [place for place, changes in enumerate(slots) if changes] == noisy
    seen = []
    for place in noisy:
        ((change, numbers, draws),) = slots[place]
        noise = change(torch.zeros(3, 200, 300), numbers, draws)
        assert noise.std((1, 2)).tolist() == pytest.approx(stds, rel=5 / math.sqrt(2 * 60_000))
        assert torch.equal(noise[2], 4 * noise[1])  # runs of one seed share their draws
        seen.append(noise[1].flatten())
    if len(seen) > 1:
        assert np.abs(np.corrcoef(torch.stack(seen)) - np.eye(len(seen))).max() < 5 / math.sqrt(60_000)


@pytest.mark.parametrize("model", [MLP((16, 16)), Own()])
def test_stacked_is_alone(model):
    runs = [
        Experiment(Blobs(), model, SGD(0.1), [InputNoise(std, "all")], 4, 16, seed=seed, dtype="float64")
        for seed, std in [(0, 0.1), (1, 0.0), (1, 0.5)]
    ]
    for run, stacked in zip(runs, fit(runs), strict=True):
        assert distance(stacked.weights["last"], fit([run])[0].weights["last"]) < 1e-10


def test_hidden_noise_needs_hidden_units():
    with pytest.raises(Invalid, match=r"input_noise.where names hidden units, and this model has none.*write where=input"):
        Experiment(Blobs(), Linear(), SGD(0.1), [InputNoise(0.1, "hidden")])


@pytest.mark.parametrize("fields", [{"std": -0.1}, {"std": 0.1, "where": "output"}])
def test_wrong_fields_are_refused(fields):
    with pytest.raises(Invalid):
        InputNoise(**fields)
