"""The max-norm projection against its definition and against constrained least squares."""

import math

import numpy as np
import pytest
import torch
from scipy.optimize import minimize

from regexp.datasets import SyntheticRegression
from regexp.experiment import Experiment
from regexp.models import MLP, Linear
from regexp.optim import SGD, Adam
from regexp.regularizers import L2, MaxNorm
from regexp.rules import Invalid
from support import Blobs, arrays, distance, fit, same_bits
from test_user_model import Twin


def test_trained_to_convergence_it_is_least_squares_in_a_ball():
    data = SyntheticRegression(features=6, train_size=50, val_size=0, true_weight=1.0, true_bias=0.5, noise=0.5)
    limits = (0.5, 1.5, 100.0)
    results = fit([Experiment(data, Linear(), SGD(0.2), [MaxNorm(c)], 400, dtype="float64", eval_every=400) for c in limits])
    x, y = arrays(results[0].experiment)
    for limit, result in zip(limits, results, strict=True):
        best = minimize(
            lambda p: 0.5 * np.mean((x @ p[:-1] + p[-1] - y) ** 2),
            np.zeros(7),
            constraints={"type": "ineq", "fun": lambda p, limit=limit: limit**2 - p[:-1] @ p[:-1]},
            options={"ftol": 1e-14, "maxiter": 500},
        )
        weights = result.weights["final"]["output.weight"][:, 0].numpy()
        np.testing.assert_allclose(weights, best.x[:-1], atol=1e-5)
        assert np.linalg.norm(weights) <= limit * (1 + 1e-12)


@pytest.mark.parametrize("optimizer", [SGD(0.5, momentum=0.5), Adam(0.05)])
def test_the_weights_into_every_unit_of_every_run_obey_its_limit(optimizer):
    limits = (0.3, 1.0, math.inf)
    free, *_ = results = fit([Experiment(Blobs(), MLP((16, 8)), optimizer, [MaxNorm(c)], 5, 16) for c in limits[::-1]])
    for limit, result in zip(limits[::-1], results, strict=True):
        for name, weight in result.weights["last"].items():
            if name.endswith("weight"):
                norms = weight.norm(dim=0)
                assert norms.max() <= limit * (1 + 1e-6)
                assert (free.weights["last"][name].norm(dim=0) > 0.3).any()
    assert not same_bits(results[1].weights["last"], free.weights["last"])


def test_units_are_those_of_the_layer_whatever_its_layout():
    """Torch's own layers store (units, inputs), ours (inputs, units)."""
    ours = Experiment(Blobs(), MLP((16, 16)), Adam(0.01), [L2(0.01), MaxNorm(0.4)], 4, 16, dtype="float64")
    theirs = Experiment(Blobs(), Twin(), Adam(0.01), [L2(0.01), MaxNorm(0.4)], 4, 16, dtype="float64")
    (expected,), (found,) = fit([ours]), fit([theirs])
    assert torch.allclose(found.weights["last"]["4.weight"].T, expected.weights["last"]["hidden.1.weight"], rtol=1e-9)
    assert found.weights["last"]["4.weight"].norm(dim=1).max() <= 0.4 * (1 + 1e-9)


def test_stacked_is_alone():
    runs = [Experiment(Blobs(), MLP((16, 16)), SGD(0.3), [MaxNorm(c)], 4, 16, seed=s) for s in (0, 1) for c in (0.3, 0.6)]
    for run, stacked in zip(runs, fit(runs), strict=True):
        assert distance(stacked.weights["last"], fit([run])[0].weights["last"]) == 0


@pytest.mark.parametrize("limit", [0.0, -1.0, math.nan])
def test_wrong_limits_are_refused(limit):
    with pytest.raises(Invalid, match=r"limit must be a number > 0, or inf for no limit, got"):
        MaxNorm(limit)
