"""Diagnostics that load runs, against numpy and scikit-learn."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hydra._internal.utils import get_args_parser
from sklearn.linear_model import Ridge

import regexp
from regexp.comparison.reading import read_run
from regexp.config.planning import plan
from regexp.datasets import SyntheticRegression
from regexp.experiment import Experiment
from regexp.models import MLP, Linear
from regexp.optim import SGD
from regexp.regularizers import Dropout, WeightDecay
from regexp.textbook.diagnostics import (
    activation_variance,
    closed_form,
    hidden_layers,
    null_space,
    overshoot,
    shrinkage,
    tuned,
    validated_strength,
)
from regexp.textbook.protocol import Protocol, Tier
from regexp.textbook.study import NotMeasured, Study, read_study
from regexp.train import CONFIG_NAME, config_folder
from run_folders_of import ONE, write_run
from support import Blobs, arrays

LINEAR = Experiment(
    SyntheticRegression(features=12, train_size=8, val_size=0, test_size=30),
    Linear(init="normal", init_std=1.0),
    SGD(0.05),
    [WeightDecay(0.5)],
    epochs=40,
)
PROTOCOL = Protocol("mine", "test", "Mine", "Does it?", "nobody", {name: Tier(2) for name in ("quick", "standard", "full")})


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    (result,) = regexp.fit([LINEAR], folder / "one", threads=1, tensorboard=False, curves=False)
    return read_run(folder / "one"), result


def test_weights_inside_and_outside_the_span_of_the_data(run):
    found = null_space.of_run(run[0])
    x, _ = arrays(LINEAR)
    w = run[1].weights["final"]["output.weight"].double().numpy().ravel()
    inside = np.linalg.pinv(x) @ x @ w
    assert found["inside"] == pytest.approx(np.linalg.norm(inside))
    assert found["outside"] == pytest.approx(np.linalg.norm(w - inside))


def test_what_a_decay_takes_off_is_what_is_gone_where_the_data_say_nothing(run):
    x, _ = arrays(LINEAR)
    outside = np.eye(x.shape[1]) - np.linalg.pinv(x) @ x
    start = hidden_layers.untrained(run[1]).model().state_dict()["output.weight"].double().numpy().ravel()
    end = run[1].weights["final"]["output.weight"].double().numpy().ravel()
    assert np.linalg.norm(outside @ start) > 0.1
    kept = np.linalg.norm(outside @ end) / np.linalg.norm(outside @ start)
    assert shrinkage.of_run(run[0])["taken"] == pytest.approx(1 - kept, rel=1e-4)
    penalty = {"regularizer": ("l2",), "regularizer.l2.strength": 0.5, "batch_size": 3}
    found = shrinkage.of_run(dataclasses.replace(run[0], fields={**run[0].fields, **penalty}))["taken"]
    assert found == pytest.approx(1 - (1 - 0.05 * 0.5) ** (40 * 3))  # 8 examples: two batches of 3 and one of 2
    for other in ({"optimizer._target_": "regexp.optim.Adam"}, {"optimizer.momentum": 0.9}, {"regularizer": ()}):
        with pytest.raises(NotMeasured, match="weight decay, or L2 under SGD without momentum"):
            shrinkage.of_run(dataclasses.replace(run[0], fields={**run[0].fields, **penalty, **other}))


def test_predictors_in_closed_form_are_scikit_learns(run):
    found = closed_form.of_run(run[0])
    (x, y), (x_test, y_test) = (arrays(LINEAR, split) for split in ("train", "test"))

    def loss(predicted):
        return 0.5 * np.mean((predicted - y_test) ** 2)

    assert found["ridge"] == pytest.approx(loss(Ridge(alpha=0.5 * 8).fit(x, y).predict(x_test)))
    assert found["constant"] == pytest.approx(loss(y.mean()))
    w = np.linalg.pinv(x - x.mean(0)) @ (y - y.mean())
    assert found["minimum_norm"] == pytest.approx(loss(y.mean() + (x_test - x.mean(0)) @ w))
    assert found["ridge_error"] == pytest.approx(run[1].final["test/loss"] / found["ridge"] - 1)


def test_the_best_strength_in_theory_has_the_lowest_loss(tmp_path):
    """Of the very recipe, against the losses of scikit-learn's ridge on fresh truths and data."""
    asked = plan(get_args_parser().parse_args(["experiment=lambda_curve", "epochs=1"]), config_folder(), CONFIG_NAME)
    experiment = asked.runs[0].experiment
    data = experiment.dataset
    regexp.fit([experiment], tmp_path / "one", threads=1, tensorboard=False, curves=False)
    best = closed_form.of_run(read_run(tmp_path / "one"))["best_strength"]
    assert best == pytest.approx(1.0)
    random, losses = np.random.default_rng(0), dict.fromkeys((best / 2, best, 2 * best), 0.0)
    for _ in range(40):
        w = np.full(data.features, data.true_weight)
        x = random.normal(size=(data.train_size, data.features))
        y = x @ w + data.noise * random.normal(size=data.train_size)
        for strength in losses:
            losses[strength] += np.sum((Ridge(alpha=strength * len(x)).fit(x, y).coef_ - w) ** 2)
    assert min(losses, key=losses.__getitem__) == best


def test_the_variance_of_activations(tmp_path):
    experiment = Experiment(Blobs(), MLP(hidden=(16, 8)), SGD(0.1), epochs=1, batch_size=16)
    (result,) = regexp.fit([experiment], tmp_path / "one", threads=1, tensorboard=False, curves=False)
    stored = read_run(tmp_path / "one")
    stored.fields["dataset._target_"] = "support.Blobs"
    weights = {name: w.double().numpy() for name, w in result.weights["final"].items()}
    x, variances = arrays(experiment, "test")[0], []
    for layer in (0, 1):
        x = np.maximum(x @ weights[f"hidden.{layer}.weight"] + weights[f"hidden.{layer}.bias"], 0)
        variances.append(x.var(0, ddof=1).mean())
    found = activation_variance.of_run(stored)
    assert [found["layer1"], found["layer2"]] == pytest.approx(variances, rel=1e-4)
    assert found["layer1_masked"] == found["layer1"] and found["layer2_masked"] == found["layer2"]


def test_the_variance_of_activations_that_dropout_thins(tmp_path):
    """E var(m h / (1 - p)) = var(h) / (1 - p) + mean(h)^2 p / (1 - p) for a mask per example."""
    data, model = Blobs(test_size=2000), MLP(hidden=(16, 8))
    experiment = Experiment(data, model, SGD(0.1), [Dropout((0.5, 0.0))], epochs=1, batch_size=16)
    (result,) = regexp.fit([experiment], tmp_path / "one", threads=1, tensorboard=False, curves=False)
    stored = read_run(tmp_path / "one")
    stored.fields["dataset._target_"] = "support.Blobs"
    weights = {name: w.double().numpy() for name, w in result.weights["final"].items()}
    h = np.maximum(arrays(experiment, "test")[0] @ weights["hidden.0.weight"] + weights["hidden.0.bias"], 0)[:1000]
    expected = 2 * h.var(0, ddof=1).mean() + (h.mean(0) ** 2).mean()
    found = activation_variance.of_run(stored)
    assert found["layer1"] == pytest.approx(h.var(0, ddof=1).mean(), rel=1e-4)
    assert found["layer1_masked"] == pytest.approx(expected, rel=0.1)
    assert found["layer2_masked"] != pytest.approx(found["layer2"], rel=1e-3)  # its inputs are thinned


def test_how_far_a_loss_climbs(run):
    up = dataclasses.replace(run[0], history={"epoch": np.arange(5), "train/loss": np.array([3.0, 1.0, 1.5, 0.5, 2.0])})
    assert overshoot.of_run(up) == {"rise": 1.5}


def study(folder, losses):
    """Runs of two seeds: validation and test loss by strength."""
    for seed in (0, 1):
        for strength, (val, test) in losses.items():
            write_run(folder, dataclasses.replace(ONE, seed=seed, regularizers=[WeightDecay(strength)]), test, val)
    return read_study(PROTOCOL, "standard", list(folder.iterdir()))


def test_what_validation_chooses(tmp_path):
    found = validated_strength.of_study(
        study(tmp_path, {0.0: (5.0, 6.0), 0.1: (3.0, 4.0), 1.0: (4.0, 2.0)}), "regularizer.weight_decay.strength"
    )
    first = {name: next(iter(values.values())) for name, values in found.items()}
    assert first == {"chosen": 0.1, "optimal": 1.0, "excess": 1.0, "gain": 2.0, "distance": 1.0}


def test_equal_tuning_chooses_on_other_seeds(tmp_path):
    judged = study(tmp_path / "judged", {0.1: (1.0, 5.0), 1.0: (2.0, 4.0)}).runs
    tuning = study(tmp_path / "tuning", {0.1: (9.0, 0.0), 1.0: (1.0, 0.0)}).runs
    key = "regularizer.weight_decay.strength"
    found = tuned.of_study(Study(PROTOCOL, "standard", judged, tuning), {key: 0.1}, {}, key, "val/loss", "test/loss", "final")
    assert (found["chosen_first"], found["chosen_second"]) == ([0.1], [1.0])
    assert list(found["gain"].values()) == [-1.0, -1.0]
