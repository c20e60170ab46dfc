"""Synthetic regression data against the distributions that they are said to have, and against recoveries of the truth."""

import dataclasses
import math

import numpy as np
import pytest
import torch

from regexp.datasets import PolynomialRegression, SyntheticRegression
from regexp.experiment import Experiment
from regexp.models import MLP, Linear
from regexp.optim import SGD
from regexp.rules import Invalid
from support import arrays, distance, fit

MANY = 40_000
TIBSHIRANI = (3.0, 1.5, 0.0, 0.0, 2.0, 0.0, 0.0, 0.0)


def table(data, seed=0):
    loaded = data.load(seed, torch.float64)
    rows = loaded.rows["train"]
    return loaded.inputs[rows].numpy(), loaded.targets[rows, 0].numpy()


@pytest.mark.parametrize(("correlation", "block"), [(0.0, None), (0.5, None), (-0.6, None), (0.5, 8), (0.3, 3), (0.9, 1)])
def test_the_inputs_have_the_covariance_that_is_said(correlation, block):
    data = SyntheticRegression(features=8, train_size=MANY, val_size=0, correlation=correlation, block=block)
    x, _ = table(data)
    number = np.arange(8)
    distance = np.abs(number[:, None] - number)
    within = number[:, None] // (block or 8) == number // (block or 8)
    expected = correlation**distance if block is None else np.where(distance == 0, 1.0, correlation * within)
    np.testing.assert_allclose(data.covariance().numpy(), expected, rtol=1e-12)
    np.testing.assert_allclose(np.cov(x.T), expected, atol=5 * math.sqrt(2 / MANY))


@pytest.mark.parametrize("seed", [0, 1])
def test_without_correlation_blocks_change_no_bit(seed):
    plain, blocks = (SyntheticRegression(features=6, block=block) for block in (None, 3))
    assert np.array_equal(table(plain, seed)[0], table(blocks, seed)[0])


def test_a_list_of_weights_is_recovered_by_least_squares():
    data = SyntheticRegression(features=8, train_size=MANY, true_weight=TIBSHIRANI, true_bias=0.0, noise=3.0, correlation=0.5)
    x, y = table(data)
    solution, *_ = np.linalg.lstsq(x, y, rcond=None)
    error = 3.0 * np.sqrt(np.diag(np.linalg.inv(x.T @ x)))
    assert np.all(np.abs(solution - TIBSHIRANI) < 5 * error)


@pytest.mark.parametrize("nonzero", [None, 3])
def test_interactions_are_the_coefficients_of_neighbours_products(nonzero):
    data = SyntheticRegression(features=5, train_size=2000, true_weight=1.0, noise=0.0, nonzero=nonzero, interactions=0.7)
    x, y = table(data)
    pairs = [(i, j) for i in range(5) for j in range(i + 1, 5)]
    design = np.column_stack([np.ones(len(x)), x, *(x[:, i] * x[:, j] for i, j in pairs)])
    solution, *_ = np.linalg.lstsq(design, y, rcond=None)
    relevant = nonzero or 5
    expected = [0.7 if j == i + 1 and j < relevant else 0.0 for i, j in pairs]
    np.testing.assert_allclose(solution, [0.05, *([1.0] * relevant), *([0.0] * (5 - relevant)), *expected], atol=1e-9)
    assert np.array_equal(table(dataclasses.replace(data, interactions=0.0))[0], x)


def test_a_network_fits_interactions_and_a_linear_model_does_not():
    data = SyntheticRegression(features=4, train_size=400, val_size=200, true_weight=1.0, noise=0.1, interactions=1.0)
    linear, network = (
        fit([Experiment(data, model, SGD(0.05, momentum=0.9), epochs=60, batch_size=80, eval_every=60)])[0].final["val/loss"]
        for model in (Linear(), MLP((64,)))
    )
    assert linear > 1.2  # half the variance of three products, 1.5, and nothing of it is linear
    assert network < linear / 3


def test_a_truth_without_interactions_can_be_compared_as_before():
    assert SyntheticRegression(true_weight=1) == SyntheticRegression(true_weight=1.0)
    specs = [SyntheticRegression(true_weight=w) for w in (1, 1.0)]
    assert len({Experiment(spec, Linear(), SGD(0.1)).hash() for spec in specs}) == 1


def monomials(x, count):
    return np.column_stack([x**i / math.factorial(i) for i in range(count)])


@pytest.mark.parametrize("terms", [1, 2, 4, 20])
def test_polynomial_features_and_targets_are_those_of_the_formula(terms):
    data = PolynomialRegression(terms=terms, train_size=500, noise=0.0)
    x, y = table(data)
    variable = table(PolynomialRegression(terms=2, train_size=500))[0][:, 1]
    np.testing.assert_allclose(x, monomials(variable, terms), rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(y, 5 + 1.2 * variable - 3.4 * variable**2 / 2 + 5.6 * variable**3 / 6, rtol=1e-9)
    noisy = table(PolynomialRegression(terms=terms, train_size=500, noise=0.1))[1]
    assert np.std(noisy - y) == pytest.approx(0.1, rel=5 / math.sqrt(1000))
    assert abs(np.corrcoef(noisy - y, variable)[0, 1]) < 5 / math.sqrt(500)


def test_four_terms_recover_the_coefficients_and_two_underfit():
    runs = [
        Experiment(PolynomialRegression(terms=terms), Linear(bias=False), SGD(0.1, momentum=0.9), epochs=500, eval_every=500)
        for terms in (4, 2)
    ]
    (four,), (two,) = fit(runs[:1]), fit(runs[1:])
    np.testing.assert_allclose(four.weights["final"]["output.weight"][:, 0], [5.0, 1.2, -3.4, 5.6], atol=0.2)
    assert four.final["val/loss"] < 0.02
    assert two.final["train/loss"] > 1
    assert "output.bias" not in four.weights["final"]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_model_without_bias_is_alone_what_it_is_in_a_stack(dtype):
    runs = [
        Experiment(PolynomialRegression(), Linear(bias=False), SGD(lr), epochs=5, batch_size=10, seed=seed, dtype=dtype)
        for seed, lr in [(0, 0.01), (0, 0.02), (1, 0.01)]
    ]
    for run, stacked in zip(runs, fit(runs), strict=True):
        assert distance(stacked.weights["last"], fit([run])[0].weights["last"]) < (1e-5 if dtype == "float32" else 1e-10)
    x, y = arrays(runs[0], "val")
    loss = np.mean((x @ fit(runs[:1])[0].weights["last"]["output.weight"][:, 0].double().numpy() - y) ** 2) / 2
    assert fit(runs[:1])[0].last["val/loss"] == pytest.approx(loss, rel=1e-4)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: SyntheticRegression(features=3, true_weight=(1.0, 2.0)), r"one per feature \(3\) and nonzero null, got 2"),
        (lambda: SyntheticRegression(features=2, true_weight=(1.0, 2.0), nonzero=1), r"nonzero null, got 2 and nonzero 1"),
        (lambda: SyntheticRegression(correlation=-0.5, block=2), r"correlation must be a number in \[0, 1\], got -0.5"),
        (lambda: SyntheticRegression(block=0), r"block must be a whole number >= 1 or null, got 0"),
        (lambda: PolynomialRegression(coefficients=()), r"coefficients must be a non-empty list, got \(\)"),
        (lambda: PolynomialRegression(terms=0), r"terms must be a whole number >= 1, got 0"),
    ],
)
def test_wrong_fields_are_refused(make, message):
    with pytest.raises(Invalid, match=message):
        make()
