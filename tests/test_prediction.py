"""Predictions of one run, of ensembles and with dropout left on, against closed forms and the modules themselves."""

import dataclasses
import math

import numpy as np
import pytest
import scipy.stats
import torch

import regexp
from regexp import rng
from regexp.datasets import SyntheticRegression
from regexp.experiment import Experiment
from regexp.models import MLP, Linear
from regexp.optim import SGD
from regexp.prediction import Prediction
from regexp.regularizers import L2, Dropout, InputNoise
from regexp.rules import Invalid
from regexp.stack.noise import Draws
from support import Blobs, arrays, fit
from test_user_model import Own


def trained(*regularizers, model=None, seed=0, dataset=None, **fields):
    standard = {"epochs": 3, "batch_size": 16, "dtype": "float64"}
    spec = Experiment(dataset or Blobs(), model or MLP((16, 16)), SGD(0.1), list(regularizers), seed=seed, **standard | fields)
    return fit([spec])[0]


DROPPED = [trained(Dropout(0.5, 0.2), seed=seed) for seed in (0, 1)]
X = torch.from_numpy(arrays(DROPPED[0].experiment, "test")[0])


@pytest.mark.parametrize("model", [MLP((16, 16)), Own()])
def test_without_samples_it_is_the_trained_model(model):
    result = trained(Dropout(0.5), model=model)
    found = regexp.predict(result, X)
    torch.testing.assert_close(found.mean, result.model()(X).softmax(1).detach(), rtol=1e-12, atol=1e-14)
    assert found.members.shape == (1, 32, 4)
    assert not found.variance.any()


def test_an_ensemble_is_the_mean_of_its_networks():
    runs = [*DROPPED, trained(L2(0.1), seed=2, epochs=1)]
    each = torch.stack([run.model()(X).softmax(1).detach() for run in runs])
    found = regexp.predict(runs, X)
    torch.testing.assert_close(found.members, each, rtol=1e-12, atol=1e-14)
    torch.testing.assert_close(found.mean, each.mean(0))


def test_on_a_linear_model_the_mean_of_samples_is_weight_scaling():
    """The mean over masks is exactly the prediction of all inputs; the variance is ``rate / (1 - rate) sum_j (w_j x_j)**2``."""
    data, rate, samples = SyntheticRegression(features=6, true_weight=1.0, test_size=40), 0.25, 2000
    result = trained(Dropout(0.0, rate), model=Linear(), dataset=data)
    x, _ = map(torch.from_numpy, arrays(result.experiment, "test"))
    weights = result.weights["final"]["output.weight"]
    scaled = regexp.predict(result, x).mean
    found = regexp.predict(result, x, samples=samples)
    variance = rate / (1 - rate) * (x * weights.T).square().sum(1, keepdim=True)
    assert ((found.mean - scaled).abs() < 5 * (variance / samples).sqrt()).all()
    assert torch.allclose(found.variance, variance, rtol=0.3)
    assert (found.mean - regexp.predict(result, x, samples=100).mean).abs().max() > 0


def test_a_sample_is_the_network_with_its_mask():
    result = trained(Dropout(0.5), model=MLP((16,)))
    weights = result.weights["final"]
    key = torch.tensor([rng.key(7, "predict", 0, "dropout", "hidden", 0)])
    for sample, found in enumerate(regexp.predict(result, X, samples=3, seed=7).members):
        kept = Draws(key, sample << 16, 1).sixteenths(32, 16)[0] >= 0
        hidden = torch.relu(X @ weights["hidden.0.weight"] + weights["hidden.0.bias"]) * kept * 2
        scores = hidden @ weights["output.weight"] + weights["output.bias"]
        torch.testing.assert_close(found, scores.softmax(1), rtol=1e-10, atol=1e-12)


def test_samples_are_a_function_of_the_seed_and_members_of_an_ensemble_draw_for_themselves():
    few, many, other = (
        regexp.predict(DROPPED[0], X, samples=count, seed=seed).members for count, seed in [(3, 0), (5, 0), (3, 1)]
    )
    assert torch.equal(few, many[:3])
    assert not torch.equal(few, other)
    first, second = regexp.predict([DROPPED[0], DROPPED[0]], X, samples=1).members
    assert torch.equal(first, few[0])
    assert not torch.equal(first, second)


def test_draws_do_not_repeat_from_one_chunk_of_examples_to_the_next():
    x = X[:1].expand(1024, -1)
    found = regexp.predict(DROPPED[0], x, samples=1).members[0]
    assert not torch.equal(found[:512], found[512:])


def test_noise_that_is_named_is_left_on():
    result = trained(InputNoise(0.5), Dropout(0.0))
    found = regexp.predict(result, X, samples=2, noise=["input_noise"]).members
    assert not torch.equal(found[0], found[1])


PROBABILITIES = np.random.default_rng(0).dirichlet(np.ones(5), size=(7, 11))


def test_entropies_are_scipys():
    found = Prediction(torch.from_numpy(PROBABILITIES), "softmax")
    whole = scipy.stats.entropy(PROBABILITIES.mean(0), axis=-1)
    within = scipy.stats.entropy(PROBABILITIES, axis=-1).mean(0)
    np.testing.assert_allclose(found.entropy, whole, rtol=1e-12)
    np.testing.assert_allclose(found.mutual_information, whole - within, rtol=1e-10)
    assert found.mutual_information.min() > 0
    events = Prediction(torch.from_numpy(PROBABILITIES), "sigmoid")
    np.testing.assert_allclose(events.entropy, scipy.stats.bernoulli(PROBABILITIES.mean(0)).entropy().sum(-1), rtol=1e-12)


def test_members_that_agree_share_no_information_and_certainty_has_no_entropy():
    same = Prediction(torch.from_numpy(PROBABILITIES[:1]).expand(4, -1, -1), "softmax")
    assert same.mutual_information.abs().max() < 1e-12
    certain = Prediction(torch.eye(3, dtype=torch.float64).expand(4, -1, -1), "softmax")
    assert not certain.entropy.any()
    opposed = Prediction(torch.eye(2, dtype=torch.float64)[:, None], "softmax")
    assert opposed.mutual_information.item() == pytest.approx(math.log(2))


def test_a_regression_has_a_variance_and_no_entropy():
    result = trained(model=Linear(), dataset=SyntheticRegression())
    found = regexp.predict(result, torch.zeros(3, 200))
    with pytest.raises(ValueError, match="this is a regression: use variance"):
        _ = found.entropy


def test_probabilities_are_those_of_the_loss():
    result = trained(loss="binary_cross_entropy")
    torch.testing.assert_close(regexp.predict(result, X).mean, torch.sigmoid(result.model()(X)).detach())


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: regexp.predict(trained(L2(0.1)), X, samples=2), r"got \['dropout'\] \(the run has: l2\): use samples=None"),
        (lambda: regexp.predict(DROPPED, X, samples=0), r"samples must be a whole number >= 1 or None, got 0"),
        (lambda: regexp.predict([], X), r"results must be a run or a list of runs, got an empty list"),
        (
            lambda: regexp.predict([DROPPED[0], trained(Dropout(0.5), model=MLP((8, 16)))], X),
            r"model.hidden must have one structure, got \[16, 16\] in run 0 and \[8, 16\] in run 1",
        ),
        (
            lambda: regexp.predict([DROPPED[0], trained(L2(0.1))], X, samples=2),
            r"regularizer.dropout must have one structure, .* in run 0 and None in run 1",
        ),
        (
            lambda: regexp.predict(dataclasses.replace(DROPPED[0], weights={}), X),
            "no weights of this run were saved: train with save=all",
        ),
    ],
)
def test_what_cannot_be_predicted_is_refused(call, message):
    with pytest.raises((Invalid, ValueError), match=message):
        call()
