"""Diagnostics of networks: against training itself, other formulas, and by hand."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from scipy import stats

import regexp
from regexp.comparison.reading import read_run
from regexp.datasets import SyntheticRegression
from regexp.diagnostics import examples, linear_r2
from regexp.experiment import Experiment
from regexp.models import MLP
from regexp.optim import SGD, Adam
from regexp.regularizers import L1, L2, Dropout, WeightDecay
from regexp.textbook.diagnostics import (
    decay_against_penalty,
    dropout_averages,
    early_stopping_as_l2,
    hand_derived,
    linearity,
    noise_as_ridge,
    sparsity,
    stopping_criteria,
    symmetry,
    two_class_softmax,
)
from regexp.textbook.expression import Term, parse
from regexp.textbook.measuring import measure, of_run
from regexp.textbook.measuring import trained as measured_of
from support import Blobs, study_of

DATA = SyntheticRegression(10, 60, val_size=0, test_size=40, true_weight=0.5, noise=0.1)
NETWORK = Experiment(DATA, MLP(hidden=(8,), activation="tanh"), SGD(0.05), epochs=10, batch_size=20, dtype="float64")
NOISY = Experiment(Blobs(spread=6.0), MLP(hidden=(32,)), Adam(0.01), epochs=40, batch_size=16)


def trained(experiment, folder):
    (result,) = regexp.fit([experiment], folder, threads=1, tensorboard=False, curves=False)
    return result, read_run(folder)


@pytest.mark.parametrize(("criterion", "value"), [("patience", 3), ("gl", 5.0), ("pq", 0.1), ("up", 2)])
def test_a_replayed_criterion_ends_where_training_with_it_does(tmp_path, criterion, value):
    _, never_stopped = trained(NOISY, tmp_path / "whole")
    never_stopped.fields["dataset._target_"] = "support.Blobs"
    stopping = stopping_criteria.stopper(criterion, value)
    (stopped,) = regexp.fit([dataclasses.replace(NOISY, regularizers=[stopping])], threads=1)
    epochs, best, never = stopping_criteria.replay(never_stopped, stopping)
    assert not never and stopping_criteria.replay(never_stopped, stopping_criteria.stopper("patience", 1000))[2]
    assert epochs == stopped.epochs_run < 40
    assert never_stopped.history["epoch"][best] == stopped.final_epoch
    found = stopping_criteria.of_run(never_stopped)
    accuracies = never_stopped.history["test/accuracy"]
    chosen = accuracies[int(np.argmin(never_stopped.history["val/loss"]))]
    assert found["gain"] == pytest.approx(chosen - accuracies[-4:].mean())  # a tenth of 40 epochs


def test_what_criteria_choose_is_drawn_with_its_interval(tmp_path):
    runs = [trained(dataclasses.replace(NOISY, seed=seed, epochs=12), tmp_path / str(seed))[1] for seed in range(3)]
    for run in runs:
        run.fields["dataset._target_"] = "support.Blobs"
    figure = stopping_criteria.draw(study_of(3, runs, noisy={"epochs": 12}), "Title")
    stopping = stopping_criteria.stopper("patience", 1)
    rows = [stopping_criteria.replay(run, stopping)[1] for run in runs]
    values = [run.history["test/accuracy"][row] for run, row in zip(runs, rows, strict=True)]
    half = stats.t.ppf(0.975, 2) * np.std(values, ddof=1) / 3**0.5
    low, high = figure.axes[0].containers[0].lines[2][0].get_segments()[0][:, 1]
    assert (low, high) == pytest.approx((np.mean(values) - half, np.mean(values) + half))
    epochs = [stopping_criteria.replay(run, stopping)[0] for run in runs]
    assert figure.axes[0].lines[0].get_xdata()[0] == np.median(epochs) != np.mean(epochs)
    caption = " ".join(figure._supxlabel.get_text().split())
    assert caption.startswith(
        "Mean accuracy with 95 % t-intervals, median epochs, n = 3 seeds; each panel has a scale of its own"
    )


def test_how_linear_a_network_is(tmp_path):
    result, run = trained(NETWORK, tmp_path / "one")
    found = linearity.of_run(run)
    assert found["r2"] == linear_r2(result, examples(result, "test")[0])
    weights = {name: w.numpy() for name, w in result.weights["final"].items()}
    z = examples(result, "test")[0].numpy() @ weights["hidden.0.weight"] + weights["hidden.0.bias"]
    assert found["share"] == pytest.approx((np.abs(z) < 0.5).mean())


def test_units_that_are_copies(tmp_path):
    alike = dataclasses.replace(NETWORK, model=MLP(hidden=(8,), activation="tanh", init="constant", init_value=0.3))
    _, run = trained(alike, tmp_path / "alike")
    found = symmetry.of_run(run)
    assert (found["rank"], found["permuted"] < 1e-12) == (1, True)
    _, run = trained(dataclasses.replace(alike, regularizers=[Dropout(0.5)]), tmp_path / "dropout")
    found = symmetry.of_run(run)
    assert (found["rank"], found["permuted"] < 1e-12) == (8, True)


def test_decay_against_penalty(tmp_path):
    runs = []
    for name, optimizer in (("sgd", SGD(0.05)), ("adam", Adam(0.01))):
        for kind, regularizer in (("decay", WeightDecay(0.5)), ("penalty", L2(0.5))):
            experiment = dataclasses.replace(NETWORK, optimizer=optimizer, regularizers=[regularizer])
            runs.append(trained(experiment, tmp_path / f"{kind}_{name}")[1])
    kinds = {"decay": "weight_decay", "penalty": "l2"}
    settings = {
        f"{kind}_{name}": {"regularizer": [regularizer], "optimizer._target_": f"regexp.optim.{target}"}
        for kind, regularizer in kinds.items()
        for name, target in (("sgd", "SGD"), ("adam", "Adam"))
    }
    study = study_of(1, runs, **settings)
    found = decay_against_penalty.of_study(study)
    assert max(found["sgd"].values()) < 1e-12
    assert min(found["adam"].values()) > 0.01
    for optimizer in ("SGD", "Adam"):  # captions are of these runs alone
        looked_at = measured_of(parse(f"decay_against_penalty.{optimizer.lower()}"), study)
        assert [run.fields["optimizer._target_"] for run in looked_at] == 2 * [f"regexp.optim.{optimizer}"]


def test_what_is_left_of_a_network(tmp_path):
    result, run = trained(dataclasses.replace(NETWORK, regularizers=[L1(0.2)], epochs=200), tmp_path / "one")
    first, last = (result.weights["final"][name].numpy() for name in ("hidden.0.weight", "output.weight"))
    found = sparsity.of_run(run)
    assert found["weights_left"] == np.count_nonzero(first) + np.count_nonzero(last) < first.size
    assert found["inputs_left"] == np.count_nonzero(np.abs(first).sum(1))


def test_zeros_and_accuracy_are_drawn_with_the_interval_of_the_accuracy(tmp_path):
    one = dataclasses.replace(NOISY, regularizers=[L1(0.01)], epochs=2)
    runs = [trained(dataclasses.replace(one, seed=seed), tmp_path / str(seed))[1] for seed in range(3)]
    figure = sparsity.draw(study_of(3, [*runs, *(_by_subgradient(run) for run in runs)]), "Title")
    values = [run.value("test/accuracy", "final") for run in runs]
    half = stats.t.ppf(0.975, 2) * np.std(values, ddof=1) / 3**0.5
    low, high = figure.axes[0].containers[0].lines[2][0].get_segments()[0][:, 1]
    assert (low, high) == pytest.approx((np.mean(values) - half, np.mean(values) + half))
    assert "marks are means with 95 % t-intervals" in " ".join(figure._supxlabel.get_text().split())
    proximal, subgradient = (line for line in figure.axes[0].lines if not str(line.get_label()).startswith("_"))
    assert subgradient.get_markerfacecolor() == "none", "at the same place both marks are seen"
    assert subgradient.get_markersize() > proximal.get_markersize()


def _by_subgradient(run):
    fields = {**run.fields, "regularizer": ("l1_subgradient",), "regularizer.l1_subgradient.strength": 0.01}
    return dataclasses.replace(run, fields=fields)


def test_averages_over_all_masks():
    found = dropout_averages.of_study(study_of(2))
    assert max(found["classic"] + found["scores"] + found["geometric"]) < 1e-12
    assert min(found["arithmetic"]) > 0.01
    assert 0 < max(found["sampled"]) < 0.06


def test_the_check_of_classic_dropout_sees_the_packages_own(monkeypatch):
    """A dropout that forgets to scale, or an evaluation that drops, would be told."""
    from regexp.regularizers import dropout

    real = dropout.masks_of
    monkeypatch.setattr(dropout, "masks_of", lambda rate: lambda drawn: (1 - rate) * real(rate)(drawn))
    assert min(dropout_averages.of_study(study_of(2))["classic"]) > 0.1


def test_two_class_softmax():
    found = two_class_softmax.of_study(study_of(3))
    assert max(found["probability"] + found["gradient"]) < 1e-14
    assert max(found["loss"]) < 1e-12


DRAWING = (dropout_averages, two_class_softmax, hand_derived, noise_as_ridge, early_stopping_as_l2)


@pytest.mark.parametrize("diagnostic", DRAWING, ids=lambda module: module.__name__.rpartition(".")[2])
def test_what_a_diagnostic_draws_itself_is_of_the_studys_own_seeds(diagnostic):
    """As for runs: other seeds judge what was changed after these had been looked at."""
    both, second = diagnostic.of_study(study_of(2)), diagnostic.of_study(study_of(1, first_seed=1))
    drawn = {name: values for name, values in both.items() if len(values) == 2}
    assert any(first != other for first, other in drawn.values())
    assert {name: other for name, (_, other) in drawn.items()} == {name: second[name][0] for name in drawn}


def test_the_gradient_by_hand_is_that_of_the_loss():
    """Against differences of the objective, which shares no formula with it."""
    generator = np.random.default_rng(0)
    x, y = generator.normal(size=(7, 3)), generator.normal(size=(7, 1))
    weights = [generator.normal(size=shape) for shape in ((3, 4), (4,), (4, 1), (1,))]

    def objective(w, b, v, c):
        error = np.tanh(x @ w + b) @ v + c - y
        return 0.5 * (error**2).mean() + hand_derived.STRENGTH / 2 * ((w**2).sum() + (v**2).sum())

    for i, found in enumerate(hand_derived.gradient(x, y, *weights).values()):
        for place in np.ndindex(found.shape):
            up, down = ([w.copy() for w in weights] for _ in range(2))
            up[i][place] += 1e-6
            down[i][place] -= 1e-6
            assert found[place] == pytest.approx((objective(*up) - objective(*down)) / 2e-6, abs=1e-7)
    assert max(hand_derived.of_study(study_of(2))["gradient"]) < 1e-13


def test_a_diagnostic_looks_at_a_run_once(tmp_path, monkeypatch):
    _, run = trained(NETWORK, tmp_path / "one")
    study = study_of(1, [run], plain={"seed": 0})
    calls = []
    real = linearity.of_run
    monkeypatch.setattr(linearity, "of_run", lambda run: calls.append(run) or real(run))
    share, r2 = (measure(parse(f"linearity.{name} of plain"), study) for name in ("share", "r2"))
    assert of_run(Term("linearity.r2"), run, study) == r2[0] != share[0]
    assert of_run(Term("test/loss", place="final"), run, study) == run.value("test/loss", "final")
    assert len(calls) == 1
    assert dataclasses.replace(study, runs=[]).seen == {}, "what was found of other runs must not be kept"
