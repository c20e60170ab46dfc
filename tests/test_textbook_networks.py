"""Diagnostics of trained networks that protocols name, and what they make of several runs."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from scipy import stats
from scipy.special import softmax
from sklearn.metrics import roc_auc_score

import regexp
from regexp.comparison.reading import read_run
from regexp.experiment import Experiment
from regexp.models import MLP
from regexp.optim import SGD
from regexp.regularizers import Dropout, WeightDecay
from regexp.textbook import ensembles, unknown
from regexp.textbook.diagnostics import (
    best_of,
    co_adaptation,
    constant_output,
    dropout_on_and_off,
    factorial,
    gradients_by_depth,
    hidden_layers,
    leading,
    mc_dropout,
    smoothness,
    strange_images,
)
from regexp.textbook.figures import uncertainty
from regexp.textbook.figures.points import points
from regexp.textbook.protocol import Picture, Protocol, Tier
from regexp.textbook.study import NotMeasured, Study
from run_folders_of import ONE, write_run
from support import Blobs, arrays

NETWORK = Experiment(
    Blobs(spread=0.5), MLP(hidden=(24, 16)), SGD(0.2), [Dropout(0.5)], epochs=8, batch_size=16, objective="val/accuracy"
)
PROTOCOL = Protocol("mine", "test", "Mine", "Does it?", "nobody", {name: Tier(2) for name in ("quick", "standard", "full")})


def trained(experiments, folder):
    """Finished runs as a protocol's diagnostics get them."""
    regexp.fit(experiments, folder, threads=1, tensorboard=False, curves=False)
    runs = [read_run(file.parent) for file in sorted(folder.rglob("summary.json"))]
    for run in runs:
        run.fields["dataset._target_"] = "support.Blobs"
    return runs


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Two data sets: a network with dropout for each, and two without."""
    data = [dataclasses.replace(NETWORK.dataset, seed=seed) for seed in (0, 1)]
    experiments = [dataclasses.replace(NETWORK, dataset=one) for one in data]
    experiments += [dataclasses.replace(NETWORK, dataset=one, regularizers=[], seed=seed) for one in data for seed in (0, 1)]
    return trained(experiments, tmp_path_factory.mktemp("networks"))


def by_hand(run, x, epoch0=False):
    """Activations of both hidden layers and scores, in numpy."""
    result = regexp.load(run.folder)
    model = hidden_layers.untrained(result).model() if epoch0 else result.model()
    weights = {name: p.detach().double().numpy() for name, p in model.named_parameters()}
    layers = []
    for layer in (0, 1):
        x = np.maximum(x @ weights[f"hidden.{layer}.weight"] + weights[f"hidden.{layer}.bias"], 0)
        layers.append(x)
    return layers, x @ weights["output.weight"] + weights["output.bias"]


def accuracy(scores, y):
    return (scores.argmax(1) == y).mean()


def of_both(diagnostic, study):
    """What it finds with 5 masks: all that it names, of both data sets, and nothing diverged."""
    found = diagnostic.of_study(study, 5)
    assert found.pop("diverged") == {}
    assert {name: list(values) for name, values in found.items()} == {key: [0, 1] for key in diagnostic.QUANTITIES}
    return found


def test_correlations_between_units_are_numpys(runs):
    x, _ = arrays(regexp.load(runs[0].folder).experiment, "test")
    expected = []
    for h in by_hand(runs[0], x)[0]:
        pairs = np.abs(np.corrcoef(h[:, h.std(0) > 0].T))
        expected.append(pairs[np.triu_indices(len(pairs), 1)].mean())
    assert co_adaptation.of_run(runs[0], units=4)["correlation"] == pytest.approx(np.mean(expected), rel=1e-4)


def test_deleting_all_units_leaves_the_output_biases(runs):
    x, y = arrays(regexp.load(runs[0].folder).experiment, "test")
    bias = regexp.load(runs[0].folder).weights["final"]["output.bias"].numpy()
    lost = accuracy(by_hand(runs[0], x)[1], y) - (y == bias.argmax()).mean()
    assert co_adaptation.of_run(runs[0], units=40)["lost"] == pytest.approx(lost)
    assert co_adaptation.of_run(runs[0], units=0)["lost"] == 0


def test_how_far_outputs_are_from_one_another_and_from_the_biases(runs):
    x, _ = arrays(regexp.load(runs[0].folder).experiment, "test")
    scores, found = by_hand(runs[0], x)[1], constant_output.of_run(runs[0])
    bias = regexp.load(runs[0].folder).weights["final"]["output.bias"].numpy()
    assert found["spread"] == pytest.approx(np.ptp(scores, axis=0).max(), rel=1e-5)
    assert found["beside_bias"] == pytest.approx(np.abs(scores - bias).max(), rel=1e-5)


def test_noise_costs_nothing_where_there_is_none(runs):
    x, y = arrays(regexp.load(runs[0].folder).experiment, "test")
    assert smoothness.of_run(runs[0], std=0.0)["lost"] == 0
    assert smoothness.of_run(runs[0], std=0.0)["noisy"] == pytest.approx(accuracy(by_hand(runs[0], x)[1], y))
    assert smoothness.of_run(runs[0], std=50.0)["lost"] > 0.2


def test_untrained_means_the_weights_that_the_run_began_with(runs):
    x, y = arrays(regexp.load(runs[0].folder).experiment, "train")
    for epoch0, row in ((True, 0), (False, -1)):
        layers, scores = by_hand(runs[0], x, epoch0)
        assert accuracy(scores, y) == pytest.approx(runs[0].history["train/accuracy"][row])
        zeros = hidden_layers.of_run(runs[0])["zeros_start" if epoch0 else "zeros_end"]
        assert zeros == pytest.approx(np.mean([(h == 0).mean() for h in layers]), abs=1e-3)


@pytest.mark.parametrize("name", ["vanishing", "exploding", "kept"])
def test_orders_between_layers_are_those_of_numpys_gradients(runs, name):
    study = Study(PROTOCOL, "standard", runs)
    experiment = regexp.load(runs[0].folder).experiment
    x, y = arrays(experiment, "train")
    model = MLP(hidden=(10, 10, 10), **gradients_by_depth.LAWS[name][1])
    with regexp.rng.seeded(0, "init"):
        weights = {key: p.detach().double().numpy() for key, p in model.build(32, 4).named_parameters()}
    act, slope = {
        "sigmoid": (lambda z: 1 / (1 + np.exp(-z)), lambda h: h * (1 - h)),
        "tanh": (np.tanh, lambda h: 1 - h**2),
    }[model.activation]
    layers = [x]
    for layer in range(3):
        layers.append(act(layers[-1] @ weights[f"hidden.{layer}.weight"] + weights[f"hidden.{layer}.bias"]))
    scores = layers[-1] @ weights["output.weight"] + weights["output.bias"]
    delta = (softmax(scores, axis=1) - np.eye(4)[y]) / len(y)
    back, norms = delta @ weights["output.weight"].T, []
    for layer in (2, 1, 0):
        back = back * slope(layers[layer + 1])
        norms.insert(0, np.linalg.norm(layers[layer].T @ back))
        back = back @ weights[f"hidden.{layer}.weight"].T
    orders = np.log10(norms[0] / norms[2])
    found = gradients_by_depth.of_study(study, depths=[2, 3], width=10)[name][0]
    assert found == pytest.approx(-orders if name == "vanishing" else orders, abs=1e-4)


def test_the_parts_of_monte_carlo_dropout(runs):
    study = Study(PROTOCOL, "standard", runs)
    groups = ensembles.by_data(study)
    assert {seed: len(ensemble) for seed, (_, ensemble) in groups.items()} == {0: 2, 1: 2}
    one, ensemble = regexp.load(groups[1][0].folder), [regexp.load(run.folder) for run in groups[1][1]]
    x, y = arrays(one.experiment, "test")
    inputs = torch.tensor(x, dtype=torch.float32)
    scores = [by_hand(run, x)[1] for run in runs if run.seed[1] == 1 and not run.fields["regularizer"]]
    mean = np.mean([softmax(s, axis=1) for s in scores], axis=0)
    team = ensembles.predicted("ensemble", one, ensemble, inputs, 5)
    assert team.mean.numpy() == pytest.approx(mean, abs=1e-4)
    assert mc_dropout._scores(team, torch.tensor(y))["loss"] == pytest.approx(-np.log(mean[range(len(y)), y]).mean(), rel=1e-3)
    found, off = of_both(mc_dropout, study), ensembles.predicted("scaled", one, ensemble, inputs, 5)
    on = ensembles.predicted("samples", one, ensemble, inputs, 5)
    assert found["scaling"][1] == pytest.approx(accuracy(on.mean.numpy(), y) - accuracy(off.mean.numpy(), y))
    assert found["accuracy"][1] == pytest.approx(accuracy(mean, y) - accuracy(on.mean.numpy(), y))
    with pytest.raises(NotMeasured, match="1 of 2 data sets"):
        ensembles.by_data(Study(PROTOCOL, "standard", [run for run in runs if run.seed[1] == 0]))


def test_the_picture_of_uncertainty_has_both_ensembles(runs, monkeypatch):
    monkeypatch.setattr("regexp.textbook.figures.uncertainty.turned", lambda x, *_: x)  # these data are no images
    study = Study(PROTOCOL, "standard", runs)
    entropies, _ = mc_dropout.draw(study, "Title", 5).axes
    lines = {line.get_label(): line.get_ydata() for line in entropies.lines}
    assert list(lines) == list(uncertainty.KINDS.values())
    on, off, dropped, plain = lines.values()
    assert dropped == pytest.approx(off), "of each data set one network has dropout: it is its own ensemble"
    expected = []
    for one, team in ensembles.by_data(study).values():
        x = torch.tensor(arrays(regexp.load(one.folder).experiment, "test")[0], dtype=torch.float32)
        expected.append(regexp.predict([regexp.load(run.folder) for run in team], x).entropy.mean().item())
    assert plain == pytest.approx(np.mean(expected)) and plain[0] != pytest.approx(off[0]) != on[0]


def test_dropout_left_on_is_compared_with_the_same_network_without(runs):
    study = Study(PROTOCOL, "standard", runs)
    found = of_both(dropout_on_and_off, study)
    one, plain = ensembles.by_data(study)[1]
    x, y = arrays(regexp.load(one.folder).experiment, "test")
    before = mc_dropout.of_study(study, 5)
    loss = lambda probabilities: -np.log(probabilities[range(len(y)), y]).mean()  # noqa: E731
    off, *team = (softmax(by_hand(run, x)[1], axis=1) for run in (one, *plain))
    assert found["trained_without"][1] == pytest.approx(loss(np.mean(team, axis=0)) - loss(off), abs=1e-4)
    confidence = off.max(1).mean() - (off.argmax(1) == np.asarray(y)).mean()
    assert found["confidence_off"][1] == pytest.approx(confidence, abs=1e-4)
    assert found["confidence_on"] != found["confidence_off"]
    # with one network that was trained with dropout, its ensemble is itself with dropout off
    assert found["ensemble"][1] == pytest.approx(-found["loss"][1])
    # both have the plain ensemble in them
    assert before["loss"][1] == pytest.approx(-found["loss"][1] - found["trained_without"][1], abs=1e-4)


def test_strange_images_are_told_by_ranks_that_no_scale_changes(runs):
    study = Study(PROTOCOL, "standard", runs)
    found = of_both(strange_images, study)
    one, _ = ensembles.by_data(study)[1]
    network = regexp.load(one.folder)
    x, _ = arrays(network.experiment, "test")
    z = unknown.shuffled(torch.tensor(x, dtype=torch.float32))

    def entropies(inputs):
        return stats.entropy(softmax(by_hand(one, inputs)[1], axis=1), axis=1)

    def area(strange, usual):
        return roc_auc_score([1] * len(strange) + [0] * len(usual), [*strange, *usual])

    off = area(entropies(z.numpy()), entropies(x))
    assert found["shuffled_off"][1] == pytest.approx(off, abs=1e-3)
    on = [regexp.predict(network, torch.as_tensor(inputs, dtype=torch.float32), samples=5) for inputs in (z, x)]
    assert found["shuffled_ranking"][1] == pytest.approx(area(*(one.entropy for one in on)) - off, abs=1e-3)
    assert found["shuffled_spread"][1] == pytest.approx(area(*(one.mutual_information for one in on)) - off, abs=1e-3)
    rise = entropies(z.numpy()).mean() - entropies(x).mean()
    assert found["shuffled_rise"][1] == pytest.approx(mc_dropout.of_study(study, 5)["on_shuffled"][1] - rise, abs=1e-4)
    changed = [dataclasses.replace(run, summary={**run.summary, "status": "diverged"}) if run is one else run for run in runs]
    lost = strange_images.of_study(Study(PROTOCOL, "standard", changed), 5)
    assert lost.pop("diverged") == {"dropout": (1, 2)}
    assert {values[1] for values in lost.values()} == {-np.inf} and lost["letters_off"][0] == found["letters_off"][0]


def test_the_chance_that_an_error_ranks_higher_is_scikit_learns_area():
    generator = np.random.default_rng(0)
    score, marked = generator.integers(0, 9, 80) / 8, generator.random(80) < 0.3  # with ties
    area = roc_auc_score(marked, score)
    assert dropout_on_and_off.higher(torch.tensor(score), torch.tensor(marked)) == pytest.approx(area)
    assert np.isnan(dropout_on_and_off.higher(torch.ones(3), torch.zeros(3, dtype=torch.bool)))


def test_of_several_networks_with_dropout_that_of_the_datas_own_seed_is_judged(runs):
    several = [run for run in runs if run.seed[1] == 0]
    own = next(run for run in several if "dropout" in run.fields["regularizer"])
    other = dataclasses.replace(own, fields={**own.fields, "seed": own.fields["seed"] - 1, "dataset.seed": own.seed[1]})
    found = dataclasses.replace(PROTOCOL, tiers={"standard": Tier(1)})
    study = Study(found, "standard", [other, *several])
    assert ensembles.by_data(study)[0][0] is own
    assert ensembles.with_dropout(study)[0] == [other, own]


@pytest.mark.parametrize("lost", ["dropout", "ensemble"])
def test_a_network_that_diverged_counts_as_the_worst(runs, lost):
    """Of the second data set, the network with dropout or one of the ensemble."""

    def diverged(run):
        mine = ("dropout" in run.fields["regularizer"]) == (lost == "dropout")
        return mine and run.seed == ((0, 1) if lost == "dropout" else (1, 1))

    changed = [dataclasses.replace(r, summary={**r.summary, "status": "diverged"}) if diverged(r) else r for r in runs]
    found = mc_dropout.of_study(Study(PROTOCOL, "standard", changed), 5)
    before = mc_dropout.of_study(Study(PROTOCOL, "standard", runs), 5)
    worse, several = (1, 2) if lost == "dropout" else (-1, 4)
    assert found.pop("diverged") == {lost: (1, several)}
    for name in mc_dropout.QUANTITIES:
        assert found[name][0] == pytest.approx(before[name][0], nan_ok=True)  # nan: no errors to have an entropy on
    assert found["loss"][1] == found["ensemble_calibration"][1] == worse * np.inf
    for name in mc_dropout.ALONE:
        assert found[name][1] == pytest.approx(-np.inf if lost == "dropout" else before[name][1], nan_ok=True)
    assert (found["accuracy"][1] > before["accuracy"][1]) == (lost == "dropout")


def test_unknown_pictures_are_as_bright_as_the_known_ones():
    pictures = torch.rand(7, 784, generator=torch.Generator().manual_seed(0)) * 2 - 1
    mixed = unknown.shuffled(pictures)
    assert [sorted(row) for row in mixed.tolist()] == [sorted(row) for row in pictures.tolist()]
    assert unknown.turned(pictures, (28, 28), 90).unflatten(1, (28, 28)) == pytest.approx(
        pictures.unflatten(1, (28, 28)).rot90(1, (1, 2)), abs=1e-4
    )
    letters = unknown.letters(pictures, (28, 28)).unflatten(1, (28, 28))
    assert len(letters) == 2 * 26 * len(unknown.FONTS) == len(letters.unique(dim=0))
    low, high = pictures.min(), pictures.max()
    assert (letters >= low).all() and (letters <= high + 1e-6).all()
    assert (letters.amax((1, 2)) > low + 0.9 * (high - low)).all()
    border = torch.ones(28, 28, dtype=torch.bool)
    border[4:24, 4:24] = False
    assert (letters[:, border] == low).all()
    assert unknown.letters(pictures[:, :48], (3, 4, 4)).shape == (len(letters), 48)


def grid(folder, losses):
    """Runs of two seeds by (strength, spread of the data): test losses; seed 1 has 1 more."""
    for seed in (0, 1):
        for (strength, noise), loss in losses.items():
            data = dataclasses.replace(ONE.dataset, noise=noise)
            one = dataclasses.replace(ONE, seed=seed, dataset=data, regularizers=[WeightDecay(strength)])
            write_run(folder, one, loss + seed, val=-loss)
    return [read_run(path) for path in folder.iterdir()]


def test_a_factorial_is_its_arithmetic(tmp_path):
    losses = {(0.0, 1.0): 9.0, (1.0, 1.0): 7.0, (2.0, 1.0): 5.0, (0.0, 2.0): 8.0, (1.0, 2.0): 7.0, (2.0, 2.0): 4.5}
    study = Study(PROTOCOL, "standard", grid(tmp_path, losses))
    key = "regularizer.weight_decay.strength"
    found = factorial.of_study(study, {key: [0.0, 1.0, 2.0]}, {"dataset.noise": [1.0, 2.0]}, "test/loss", "final")
    expected = {"first": 4, "second": 1, "both": 4.5, "interaction": -0.5, "shortfall": 0.5, "beyond": 0.5}
    assert {name: list(found[name].values()) for name in expected} == {name: [v, v] for name, v in expected.items()}
    assert list(found["mean_interaction"].values()) == [-0.75, -0.75]  # of -1 and -0.5


def test_the_best_of_several_is_chosen_on_the_validation_split(tmp_path):
    key = "regularizer.weight_decay.strength"
    settings = {f"s{s:g}": {key: s} for s in (0.0, 1.0, 2.0)}
    protocol = dataclasses.replace(PROTOCOL, settings=settings)
    runs = grid(tmp_path, {(0.0, 1.0): 9.0, (1.0, 1.0): 7.0, (2.0, 1.0): 5.0})  # validation prefers the largest test loss
    study = Study(protocol, "standard", runs)
    found = best_of.of_study(study, ["s1", "s2"], "s0", "val/loss", "test/loss", "final")
    assert list(found["gain"].values()) == [2.0, 2.0]
    assert found["chosen"] == [1.0]


def test_the_setting_that_leads_is_told_with_the_second(tmp_path, monkeypatch):
    key = "regularizer.weight_decay.strength"
    protocol = dataclasses.replace(PROTOCOL, settings={f"s{s:g}": {key: s} for s in (0.0, 1.0, 2.0)})
    study = Study(protocol, "standard", grid(tmp_path, {(0.0, 1.0): 9.0, (1.0, 1.0): 5.0, (2.0, 1.0): 7.5}))
    found = leading.of_study(study, ["s2", "s1"], "s0", "test/loss", "final")
    assert (found["first"], found["second"], found["diverged"]) == ([2.0], [1.0], {})
    assert [list(found[name].values()) for name in ("gain", "lead")] == [[4.0, 4.0], [2.5, 2.5]]
    accuracies = {"s0": {0: 0.5}, "s1": {0: 0.75}, "s2": {0: 0.875}}
    monkeypatch.setattr(leading, "of_term", lambda term, _: accuracies[term.setting])
    found = leading.of_study(study, ["s2", "s1"], "s0", "test/accuracy", "final")
    assert (found["first"], found["gain"], found["lead"]) == ([1.0], {0: 0.375}, {0: 0.125})


def test_a_row_per_setting_shows_differences_within_seeds(tmp_path):
    key = "regularizer.weight_decay.strength"
    protocol = dataclasses.replace(PROTOCOL, settings={"none": {key: 0.0}, "one": {key: 1.0}}, labels={"one": "one more"})
    study = Study(protocol, "standard", grid(tmp_path, {(0.0, 1.0): 9.0, (1.0, 1.0): 7.5}))
    figure = points(Picture("p", "points", "Title", ("test/loss",), place="final", minus="none"), study)
    (axes,) = figure.axes
    assert [label.get_text() for label in axes.get_yticklabels()] == ["one more"]
    assert axes.collections[0].get_offsets()[:, 0].tolist() == [-1.5, -1.5]
