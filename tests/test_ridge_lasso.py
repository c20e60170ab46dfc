"""Penalised linear regression, trained to convergence, against closed forms and scikit-learn's solvers."""

import numpy as np
import pytest
import torch
from sklearn.linear_model import ElasticNet, Lasso, Ridge

from regexp.datasets import SyntheticRegression
from regexp.experiment import Experiment
from regexp.models import Linear
from regexp.optim import SGD, Adam
from regexp.regularizers import L1, L2, L1Subgradient, WeightDecay
from support import arrays, fit

DATA = SyntheticRegression(features=10, train_size=100, val_size=0, true_weight=0.8, true_bias=0.5, noise=0.5, nonzero=4)
STRENGTHS = (0.03, 0.1, 0.3)

# Optimizers, and the epochs in which they converge. With eps well above rounding Adam's elementwise step stays bounded where
# the gradient vanishes: without that it never settles.
OPTIMIZERS = {
    "sgd": (SGD(0.6), 100),
    "momentum": (SGD(0.1, momentum=0.8), 300),
    "nesterov": (SGD(0.1, momentum=0.8, nesterov=True), 300),
    "adam": (Adam(0.02, betas=(0.9, 0.99), eps=0.05), 800),
}


def converge(optimizer, regularizers):
    """Full-batch training of one run per list of regularizers: coefficients and intercept of each."""
    spec, epochs = OPTIMIZERS[optimizer]
    runs = [
        Experiment(DATA, Linear(), spec, chosen, epochs=epochs, dtype="float64", eval_every=epochs) for chosen in regularizers
    ]
    trained = [result.weights["final"] for result in fit(runs)]
    x, y = arrays(runs[0])
    return [(w["output.weight"][:, 0].numpy(), w["output.bias"].item()) for w in trained], x, y


def closed_form(x, y, strength, biases=False):
    """``(X'X + n strength I)^-1 X'y`` with a column of ones, whose weight is penalised only if ``biases``."""
    x = np.column_stack([x, np.ones(len(x))])
    penalty = len(x) * strength * np.diag([1.0] * (x.shape[1] - 1) + [float(biases)])
    solution = np.linalg.solve(x.T @ x + penalty, x.T @ y)
    return solution[:-1], solution[-1]


def lasso_of(x, y, strength):
    return Lasso(alpha=strength, tol=1e-14, max_iter=100_000).fit(x, y)


def assert_close(found, coefficients, intercept):
    relative = 1e-6 * np.abs(coefficients).max()
    np.testing.assert_allclose(found[0], coefficients, rtol=0, atol=relative)
    np.testing.assert_allclose(found[1], intercept, rtol=0, atol=relative)


@pytest.mark.parametrize("optimizer", ["sgd", "momentum", "nesterov"])
def test_l2_is_ridge_regression(optimizer):
    found, x, y = converge(optimizer, [[L2(s)] for s in STRENGTHS])
    for solution, strength in zip(found, STRENGTHS, strict=True):
        assert_close(solution, *closed_form(x, y, strength))
        ridge = Ridge(alpha=len(x) * strength).fit(x, y)
        assert_close(solution, ridge.coef_, ridge.intercept_)


def test_l2_with_biases_penalises_the_intercept_too():
    (found,), x, y = converge("sgd", [[L2(0.1, biases=True)]])
    assert_close(found, *closed_form(x, y, 0.1, biases=True))
    assert abs(found[1] - closed_form(x, y, 0.1)[1]) > 1e-2


@pytest.mark.parametrize(("optimizer", "factor"), [("sgd", 1.0), ("momentum", 1 - 0.8)])
def test_weight_decay_is_ridge_and_momentum_weakens_it(optimizer, factor):
    found, x, y = converge(optimizer, [[WeightDecay(s)] for s in STRENGTHS])
    for solution, strength in zip(found, STRENGTHS, strict=True):
        assert_close(solution, *closed_form(x, y, strength * factor))


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_l1_is_the_lasso_and_with_l2_the_elastic_net(optimizer):
    pairs = [(0.03, 0.0), (0.1, 0.0), (0.3, 0.0), (0.03, 0.1), (0.1, 0.3)]
    found, x, y = converge(optimizer, [[L1(a), L2(b)] for a, b in pairs])
    for solution, (a, b) in zip(found, pairs, strict=True):
        net = ElasticNet(alpha=a + b, l1_ratio=a / (a + b), tol=1e-14, max_iter=100_000)
        oracle = net.fit(x, y) if b else lasso_of(x, y, a)
        assert_close(solution, oracle.coef_, oracle.intercept_)
        np.testing.assert_array_equal(solution[0] == 0, oracle.coef_ == 0)
        assert 0 < np.sum(oracle.coef_ == 0) < len(oracle.coef_)


def test_l1_by_subgradient_comes_near_the_lasso_without_its_zeros():
    strength = 0.1
    (found,), x, y = converge("momentum", [[L1Subgradient(strength)]])
    lasso = lasso_of(x, y, strength)

    def objective(coefficients, intercept):
        return np.mean((x @ coefficients + intercept - y) ** 2) / 2 + strength * np.abs(coefficients).sum()

    assert 0 < objective(*found) - objective(lasso.coef_, lasso.intercept_) < 0.01
    assert np.any(lasso.coef_ == 0)
    assert not np.any(found[0] == 0)


def test_the_subgradient_at_zero_is_zero():
    weight = torch.tensor([[[-2.0], [0.0], [3.0]]], requires_grad=True)
    L1Subgradient(0.5).penalty([weight], {"strength": torch.tensor([0.5])}).sum().backward()
    assert torch.equal(weight.grad, torch.tensor([[[-0.5], [0.0], [0.5]]]))
