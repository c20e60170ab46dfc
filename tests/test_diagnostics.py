"""Diagnostics against closed forms, numpy and scikit-learn."""

import dataclasses
import math

import numpy as np
import pytest
import torch
from sklearn.linear_model import LinearRegression, Ridge
from torch import nn

from regexp import diagnostics
from regexp.datasets import FashionMNIST, SyntheticRegression
from regexp.experiment import Experiment
from regexp.models import MLP, Linear
from regexp.optim import SGD
from support import Blobs, arrays, fit
from test_user_model import Twin

RUN = Experiment(Blobs(test_size=256), MLP((16, 8), "tanh"), SGD(0.1), epochs=4, batch_size=16, dtype="float64")
RELU = dataclasses.replace(RUN, model=MLP((16, 8)))
LINE = Experiment(
    SyntheticRegression(features=5, train_size=50, true_weight=1.0, noise=0.5), Linear(), SGD(0.1), epochs=3, dtype="float64"
)
RESULT, RECTIFIED, LINEAR = fit([RUN])[0], fit([RELU])[0], fit([LINE])[0]
X, Y = diagnostics.examples(RESULT)


def hidden(result, x):
    """The activations of our network by hand."""
    w, layers = result.weights["final"], []
    activation = {"tanh": torch.tanh, "relu": torch.relu}[result.experiment.model.activation]
    for i in range(2):
        x = activation(x @ w[f"hidden.{i}.weight"] + w[f"hidden.{i}.bias"])
        layers.append(x)
    return [layer.numpy() for layer in layers]


def test_examples_are_the_splits_as_the_model_sees_them():
    for split in ("train", "val", "test"):
        x, y = diagnostics.examples(RESULT, split)
        assert np.array_equal(x, arrays(RUN, split)[0])
        assert diagnostics.accuracy(RESULT, x, y) == pytest.approx(RESULT.final[f"{split}/accuracy"], rel=1e-12)
    assert len(diagnostics.examples(RESULT, limit=10)[0]) == 10
    with pytest.raises(ValueError, match="split must be one of train, val, test, got 'all'"):
        diagnostics.examples(RESULT, "all")
    with pytest.raises(ValueError, match="this is a regression"):
        diagnostics.accuracy(LINEAR, *diagnostics.examples(LINEAR))


def test_standardised_examples_are_standardised():
    data = FashionMNIST(train_size=1000, val_size=0, normalize="standardize")
    (result,) = fit([Experiment(data, Linear(), SGD(0.01), epochs=1, batch_size=100)])
    x, _ = diagnostics.examples(result, "train")
    assert (x.mean().item(), x.std().item()) == pytest.approx((0, 1), abs=1e-3)


def test_the_input_gradient_of_a_linear_regression_is_its_residual_times_its_weights():
    x, y = diagnostics.examples(LINEAR)
    weights, bias = (LINEAR.weights["final"][f"output.{name}"] for name in ("weight", "bias"))
    expected = (x @ weights + bias - y).abs().mean() * weights.norm()
    assert diagnostics.input_gradient_norm(LINEAR, x, y) == pytest.approx(expected.item(), rel=1e-10)


def test_the_input_gradient_of_a_network_is_that_of_finite_differences():
    model, loss = RESULT.model(), nn.CrossEntropyLoss(reduction="none")
    with torch.no_grad():
        columns = [(loss(model(X + 1e-6 * e), Y) - loss(model(X - 1e-6 * e), Y)) / 2e-6 for e in torch.eye(32).double()]
    expected = torch.stack(columns).norm(dim=0).mean()
    assert diagnostics.input_gradient_norm(RESULT, X, Y) == pytest.approx(expected.item(), rel=1e-6)


def test_noise_lowers_accuracy_to_chance_and_none_leaves_it():
    clean = diagnostics.accuracy(RESULT, X, Y)
    found = [diagnostics.noise_accuracy(RESULT, X, Y, std) for std in (0.0, 3.0, 1000.0)]
    assert found[0] == pytest.approx(clean)
    assert clean > found[1] > found[2]
    assert found[2] == pytest.approx(0.25, abs=0.08)
    assert found[1] != diagnostics.noise_accuracy(RESULT, X, Y, 3.0, seed=1)


def test_noise_accuracy_of_a_linear_classifier_is_the_normal_distributions():
    """One feature, scores (x, -x): the noise flips the sign of x with probability Phi(-|x| / std)."""
    run = Experiment(Blobs(features=4, classes=2), Linear(bias=False), SGD(0.1), epochs=1, dtype="float64")
    weights = {"output.weight": torch.tensor([[1.0, -1.0], [0, 0], [0, 0], [0, 0]], dtype=torch.float64)}
    result = dataclasses.replace(fit([run])[0], weights={"final": weights})
    x, y = torch.full((20_000, 4), 0.7, dtype=torch.float64), torch.zeros(20_000, dtype=torch.int64)
    expected = torch.special.ndtr(torch.tensor(0.7 / 1.3)).item()
    assert diagnostics.noise_accuracy(result, x, y, 1.3) == pytest.approx(expected, abs=5 * 0.5 / math.sqrt(200_000))


@pytest.mark.parametrize("result", [RESULT, RECTIFIED])
def test_unit_correlations_are_numpys(result):
    for found, h in zip(diagnostics.unit_correlations(result, X).values(), hidden(result, X), strict=True):
        pairs = np.corrcoef(h[:, h.std(0) > 0].T)
        assert found == pytest.approx(np.abs(pairs[np.triu_indices_from(pairs, 1)]).mean(), rel=1e-9)


def test_units_that_are_equal_correlate_and_constant_ones_are_left_out():
    constant = dataclasses.replace(RUN, model=MLP((16, 8), "tanh", init="constant", init_value=0.1), epochs=1)
    (result,) = fit([constant])
    found = diagnostics.unit_correlations(result, X)
    assert found["hidden.0"] == pytest.approx(1)
    zeros = {name: torch.zeros_like(w) for name, w in result.weights["final"].items()}
    dead = dataclasses.replace(result, weights={"final": zeros})
    assert math.isnan(diagnostics.unit_correlations(dead, X)["hidden.1"])


def test_deleting_every_unit_leaves_the_most_likely_class_and_deleting_none_nothing():
    assert diagnostics.deletion_drop(RESULT, X, Y, 0) == 0
    bias = RESULT.weights["final"]["output.bias"]
    left = (bias.argmax() == Y).double().mean().item()
    assert diagnostics.deletion_drop(RESULT, X, Y, 24) == pytest.approx(diagnostics.accuracy(RESULT, X, Y) - left)
    with pytest.raises(ValueError, match="count must be in 0 to 24, the number of hidden units, got 25"):
        diagnostics.deletion_drop(RESULT, X, Y, 25)


def test_deleting_one_unit_loses_the_mean_over_units():
    """By hand: every one of the 8 units of the only layer."""
    (result,) = fit([dataclasses.replace(RUN, model=MLP((8,), "tanh"))])
    w = result.weights["final"]
    h = torch.tanh(X @ w["hidden.0.weight"] + w["hidden.0.bias"])
    lost = []
    for unit in range(8):
        kept = torch.ones(8).double().index_fill_(0, torch.tensor(unit), 0)
        right = ((h * kept) @ w["output.weight"] + w["output.bias"]).argmax(1) == Y
        lost.append(diagnostics.accuracy(result, X, Y) - right.double().mean().item())
    found = diagnostics.deletion_drop(result, X, Y, 1, repeats=800)
    assert found == pytest.approx(np.mean(lost), abs=5 * np.std(lost) / math.sqrt(800))
    assert np.std(lost) > 0


def test_the_near_linear_share_is_that_of_the_inputs_of_tanh():
    w = RESULT.weights["final"]
    first = X @ w["hidden.0.weight"] + w["hidden.0.bias"]
    second = torch.tanh(first) @ w["hidden.1.weight"] + w["hidden.1.bias"]
    found = diagnostics.near_linear_share(RESULT, X, bound=0.8)
    assert list(found.values()) == [(z.abs() < 0.8).double().mean().item() for z in (first, second)]
    with pytest.raises(ValueError, match="needs a model with activation tanh, got 'relu'"):
        diagnostics.near_linear_share(RECTIFIED, X)


def test_r2_is_scikit_learns():
    scores = RESULT.model()(X).detach().numpy()
    residual = scores - LinearRegression().fit(X, scores).predict(X)
    expected = 1 - (residual**2).sum() / ((scores - scores.mean(0)) ** 2).sum()
    assert diagnostics.linear_r2(RESULT, X) == pytest.approx(expected, rel=1e-9)
    assert diagnostics.linear_r2(LINEAR, diagnostics.examples(LINEAR)[0]) == pytest.approx(1, abs=1e-9)
    with pytest.raises(ValueError, match=r"needs more than 33 examples \(features \+ 1\), got 33"):
        diagnostics.linear_r2(RESULT, X[:33])


@pytest.mark.parametrize(("std", "low", "high"), [(1.0, 0.3, 0.65), (0.1, 0.9, 0.98), (0.01, 0.9999, 1.0)])
def test_a_tanh_network_becomes_linear_as_its_weights_shrink(std, low, high):
    """Targets of an independent simulation, 64-64-64-1: .48 (sd .06), .94, .99997 for these standard deviations."""
    data = SyntheticRegression(features=64, test_size=4000)
    starts = [
        Experiment(data, MLP((64, 64), "tanh", init="normal", init_std=std), SGD(1e-12), epochs=1, seed=seed)
        for seed in range(4)
    ]
    found = [diagnostics.linear_r2(result, diagnostics.examples(result)[0]) for result in fit(starts)]
    assert low < np.mean(found) <= high


def test_gradient_norms_are_autograds_on_torchs_own_layers():
    ours, theirs = fit([dataclasses.replace(RUN, model=MLP((16, 16)))])[0], fit([dataclasses.replace(RUN, model=Twin())])[0]
    found = diagnostics.gradient_norms(ours, X, Y)
    model = theirs.model()
    nn.functional.cross_entropy(model(X), Y).backward()
    expected = [p.grad.norm().item() for p in model.parameters() if p.dim() == 2]
    assert list(found.values()) == pytest.approx(expected, rel=1e-6)
    assert list(found) == ["hidden.0.weight", "hidden.1.weight", "output.weight"]


@pytest.mark.parametrize("result", [RESULT, RECTIFIED])
def test_zeros_and_variances_of_activations_are_numpys(result):
    layers = hidden(result, X)
    assert list(diagnostics.zero_activations(result, X).values()) == [np.mean(h == 0) for h in layers]
    assert list(diagnostics.activation_variances(result, X).values()) == pytest.approx([np.var(h) for h in layers])


def test_a_model_without_hidden_layers_has_none_to_look_at():
    with pytest.raises(ValueError, match=r"must have hidden layers, and has no slot for one: put regexp.Slot\('hidden'\)"):
        diagnostics.zero_activations(LINEAR, X)


def test_gradient_descent_leaves_the_start_outside_the_span_of_the_data():
    """d2l's setting: 20 examples, 200 features."""
    run = Experiment(SyntheticRegression(), Linear(init="normal", init_std=1.0), SGD(0.003), epochs=20, batch_size=5)
    (result,), (still,) = fit([run]), fit([dataclasses.replace(run, optimizer=SGD(1e-12))])
    x, _ = diagnostics.examples(result, "train")
    before, after = (diagnostics.norms_by_span(one, x) for one in (still, result))
    assert after[1] == pytest.approx(before[1], rel=1e-5)
    assert after[0] < before[0] / 2
    weights = result.weights["final"]["output.weight"][:, 0].double().numpy()
    inside = np.linalg.pinv(x.double().numpy()) @ (x.double().numpy() @ weights)
    expected = (np.linalg.norm(inside), np.linalg.norm(weights - inside))
    assert after == pytest.approx(expected, rel=1e-6)


def test_the_span_is_that_of_the_first_layer_whatever_its_layout():
    ours, theirs = (fit([dataclasses.replace(RUN, model=model)])[0] for model in (MLP((16, 16)), Twin()))
    expected = diagnostics.norms_by_span(ours, X[:10])
    assert diagnostics.norms_by_span(theirs, X[:10]) == pytest.approx(expected, rel=1e-6)


WIDE = SyntheticRegression(features=30, train_size=20, true_weight=0.3, true_bias=0.7, noise=0.5, correlation=0.4)
TALL = dataclasses.replace(WIDE, train_size=80)


def table(data, split="train"):
    loaded = data.load(0, torch.float64)
    return loaded.inputs[loaded.rows[split]], loaded.targets[loaded.rows[split]]


@pytest.mark.parametrize("data", [WIDE, TALL])
@pytest.mark.parametrize("intercept", [True, False])
def test_ridge_is_scikit_learns(data, intercept):
    x, y = table(data)
    for strength in (0.01, 0.5):
        found = diagnostics.ridge(x, y, strength, intercept=intercept)
        expected = Ridge(alpha=len(x) * strength, fit_intercept=intercept, solver="cholesky").fit(x, y)
        np.testing.assert_allclose(found.weights[:, 0], expected.coef_.ravel(), atol=1e-10)
        np.testing.assert_allclose(found.bias, expected.intercept_, atol=1e-10)
        test = table(data, "test")
        mse = ((expected.predict(test[0]).ravel() - test[1][:, 0].numpy()) ** 2).mean()
        assert found.loss(*test) == pytest.approx(mse / 2, rel=1e-9)


@pytest.mark.parametrize("data", [WIDE, TALL])
def test_the_minimum_norm_fit_is_numpys(data):
    x, y = table(data)
    without = diagnostics.minimum_norm(x, y, intercept=False)
    np.testing.assert_allclose(without.weights, np.linalg.lstsq(x, y, rcond=None)[0], atol=1e-9)
    fitted = LinearRegression().fit(x, y)
    assert diagnostics.minimum_norm(x, y).loss(x, y) == pytest.approx(
        ((fitted.predict(x) - y.numpy()) ** 2).mean() / 2, abs=1e-12
    )


def test_the_risk_is_the_loss_on_very_many_examples():
    data = dataclasses.replace(WIDE, test_size=200_000)
    x, y = table(data)
    for fit_ in (diagnostics.constant(x, y), diagnostics.ridge(x, y, 0.3), diagnostics.minimum_norm(x, y)):
        assert diagnostics.risk(fit_, data) == pytest.approx(fit_.loss(*table(data, "test")), rel=0.02)
    with pytest.raises(ValueError, match=r"risk needs a linear truth, got a data set with interactions=1\.0"):
        diagnostics.risk(diagnostics.constant(x, y), dataclasses.replace(data, interactions=1.0))


def test_the_baselines_of_the_weight_decay_chapter():
    """Independent simulations of d2l's data: constant 0.0106, ridge of strength 0.05 0.00961, of 3 0.00968."""
    data, losses = SyntheticRegression(), []
    for seed in range(200):
        loaded = data.load(seed, torch.float64)
        x, y = loaded.inputs[loaded.rows["train"]], loaded.targets[loaded.rows["train"]]
        fits = diagnostics.constant(x, y), diagnostics.ridge(x, y, 0.05), diagnostics.ridge(x, y, 3.0)
        losses.append([diagnostics.risk(one, data) for one in fits])
    error = np.std(losses, axis=0) / math.sqrt(200)
    assert np.all(np.abs(np.mean(losses, axis=0) - [0.0106, 0.00961, 0.00968]) < 5 * error)


SIMULATED = {100: 1.11, 250: 1.01, 400: 1.46, 600: 1.513, 750: 0.75, 1000: 0.50}


@pytest.mark.parametrize("size", SIMULATED)
def test_double_descent_has_the_risk_of_independent_simulations(size):
    assert 2 * diagnostics.minimum_norm_risk(size, 500, 1.0, 0.5) == pytest.approx(SIMULATED[size], abs=0.012)


@pytest.mark.parametrize("size", [8, 15, 30, 60])
def test_double_descent_is_that_of_drawn_data(size):
    risks = []
    data = SyntheticRegression(
        features=20, train_size=size, val_size=0, true_weight=1 / math.sqrt(20), true_bias=0.0, noise=0.5, test_size=1
    )
    for seed in range(400):
        loaded = data.load(seed, torch.float64)
        x, y = loaded.inputs[loaded.rows["train"]], loaded.targets[loaded.rows["train"]]
        risks.append(diagnostics.risk(diagnostics.minimum_norm(x, y, intercept=False), data))
    expected = diagnostics.minimum_norm_risk(size, 20, 1.0, 0.5)
    assert abs(np.mean(risks) - expected) < 5 * np.std(risks) / math.sqrt(400)


def test_the_risk_of_as_many_examples_as_features_is_infinite():
    assert [diagnostics.minimum_norm_risk(n, 500, 1.0, 0.5) for n in (499, 500, 501)] == [math.inf] * 3
    assert diagnostics.minimum_norm_risk(500, 500, 1.0, 0.0) == 0


def test_calibration_error_by_hand():
    probabilities = torch.tensor([[0.9, 0.1], [0.8, 0.2], [0.3, 0.7], [0.45, 0.55]], dtype=torch.float64)
    targets = torch.tensor([0, 1, 1, 1])  # bins of 5: (.8, 1] .9 right; (.6, .8] .8 wrong and .7 right; (.4, .6] .55 right
    expected = (0.1 + 2 * abs(0.5 - 0.75) + 0.45) / 4
    assert diagnostics.expected_calibration_error(probabilities, targets, bins=5) == pytest.approx(expected, abs=1e-6)


def test_labels_drawn_from_the_probabilities_are_calibrated_and_a_sharpened_model_is_not():
    generator = torch.Generator().manual_seed(0)
    scores = torch.randn(100_000, 3, generator=generator, dtype=torch.float64)
    targets = torch.multinomial(scores.softmax(1), 1, generator=generator).squeeze(1)
    assert diagnostics.expected_calibration_error(scores.softmax(1), targets) < 0.01
    assert diagnostics.expected_calibration_error((3 * scores).softmax(1), targets) > 0.1


def test_bias_and_variance_of_least_squares_are_those_of_theory():
    """Converged linear regressions on redrawn data: no bias, and a variance of ``noise**2 d / (n - d - 1)``."""
    data = SyntheticRegression(features=4, train_size=40, val_size=0, true_weight=1.0, true_bias=0.0, noise=1.0)
    model = Linear(init="constant", bias=False)
    runs = [Experiment(data, model, SGD(0.5), epochs=150, eval_every=150, seed=seed, dtype="float64") for seed in range(300)]
    x = torch.randn(2000, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    bias, variance = diagnostics.bias_and_variance(fit(runs), x, data.truth(x))
    assert variance == pytest.approx(4 / 35, rel=0.15)
    assert abs(bias) < 0.002
    shifted, _ = diagnostics.bias_and_variance(fit(runs[:20]), x, data.truth(x) + 2)
    assert shifted == pytest.approx(4, rel=0.05)
    with pytest.raises(ValueError, match="two runs or more, on data sets of their own, got 1"):
        diagnostics.bias_and_variance(fit(runs[:1]), x, data.truth(x))
