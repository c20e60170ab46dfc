"""Diagnostics of linear experiments: against scikit-learn, other formulas, and by hand."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy import integrate
from sklearn.linear_model import ElasticNet, Lasso

import regexp
from regexp.comparison.reading import Run, read_run
from regexp.datasets import SyntheticRegression
from regexp.diagnostics import bias_and_variance, elastic_net, examples
from regexp.experiment import Experiment
from regexp.models import Linear
from regexp.optim import SGD
from regexp.regularizers import L1, L2, L1Subgradient
from regexp.textbook.diagnostics import (
    best_of_grid,
    decomposition,
    double_descent,
    early_stopping_as_l2,
    lasso_support,
    noise_as_ridge,
)
from regexp.textbook.protocol import Protocol, Tier
from regexp.textbook.reading import read
from regexp.textbook.study import NotMeasured, Study
from regexp.train import config_folder
from support import study_of

SPARSE = SyntheticRegression(30, 20, val_size=0, test_size=10, true_weight=1.0, true_bias=0.5, noise=0.1, nonzero=4)
LASSO = Experiment(SPARSE, Linear(init="constant"), SGD(0.1), [L1(0.1)], epochs=1500, dtype="float64", eval_every=1500)


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize(("l1", "l2"), [(0.02, 0.0), (0.1, 0.0), (0.05, 0.3)])
def test_coordinate_descent_is_scikit_learns(seed, l1, l2):
    data = SPARSE.load(seed, torch.float64)
    x, y = data.inputs[data.rows["train"]], data.targets[data.rows["train"]]
    found = elastic_net(x, y, l1, l2)
    alpha = l1 + l2
    other = (
        ElasticNet(alpha, l1_ratio=l1 / alpha, tol=1e-14, max_iter=200_000) if l2 else Lasso(l1, tol=1e-14, max_iter=200_000)
    )
    other.fit(x.numpy(), y.numpy()[:, 0])
    assert found.weights[:, 0].numpy() == pytest.approx(other.coef_, abs=1e-7)
    assert found.bias.item() == pytest.approx(other.intercept_, abs=1e-7)
    assert ((found.weights[:, 0].numpy() == 0) == (other.coef_ == 0)).all()


def test_coordinate_descent_without_intercept_or_features_that_vary():
    x, y = torch.zeros(5, 2), torch.arange(5.0)[:, None]
    x[:, 0] = torch.tensor([1.0, -1.0, 1.0, -1.0, 2.0])
    found = elastic_net(x, y, 0.1, intercept=False)
    other = Lasso(0.1, fit_intercept=False, tol=1e-12).fit(x.numpy()[:, :1], y.numpy()[:, 0])
    assert found.weights[0, 0].item() == pytest.approx(other.coef_[0])
    assert (found.weights[1, 0].item(), found.bias.item()) == (0, 0)


@pytest.fixture(scope="module")
def supports(tmp_path_factory):
    """The diagnostic of the proximal step and of the subgradient, and the trained weights."""
    found = {}
    for regularizer in (L1(0.1), L1Subgradient(0.1)):
        folder = tmp_path_factory.mktemp("run") / "one"
        experiment = dataclasses.replace(LASSO, regularizers=[regularizer])
        (result,) = regexp.fit([experiment], folder, threads=1, tensorboard=False, curves=False)
        found[regularizer.name()] = lasso_support.of_run(read_run(folder)), result, read_run(folder)
    return found


def test_the_support_of_a_run_is_compared_with_the_truth_and_the_lasso(supports):
    found, result, _ = supports["l1"]
    w, true = result.weights["final"]["output.weight"].numpy().ravel(), np.arange(30) < 4
    x, y = (t.numpy() for t in examples(result, "train"))
    exact = Lasso(0.1, tol=1e-14, max_iter=200_000).fit(x, y[:, 0]).coef_
    assert found["error"] == pytest.approx(np.abs(w - exact).max(), abs=1e-7)
    assert found["error"] < 1e-6
    assert found["disagreements"] == ((w == 0) != (exact == 0)).sum() == 0
    assert (found["missed"], found["extra"]) == ((w == 0)[true].sum(), (w != 0)[~true].sum())
    assert found["recovered"] == float(found["missed"] + found["extra"] == 0)


def test_the_subgradient_uses_every_feature(supports):
    found, _, _ = supports["l1_subgradient"]
    assert (found["missed"], found["extra"], found["recovered"]) == (0, 26, 0)
    assert found["disagreements"] > 0
    assert found["large"] > 4


def test_the_enlarged_row_tells_exact_zeros_from_small_weights(supports):
    settings = {f"{name}_path": {"regularizer": [name]} for name in supports}
    protocol = Protocol("mine", "test", "Mine", "Does it?", "nobody", {"standard": Tier(1)}, settings=settings)
    figure = lasso_support.draw(Study(protocol, "standard", [run for _, _, run in supports.values()]), "Title")
    whole, below = figure.axes[:2], figure.axes[2:]
    for panel, enlarged, (_, result, _) in zip(whole, below, supports.values(), strict=True):
        assert not panel.child_axes, "the numbers of an inset would lie on lines"
        assert enlarged.get_ylim() == (-lasso_support.ENLARGED, lasso_support.ENLARGED) != panel.get_ylim()
        weights = result.weights["final"]["output.weight"].numpy().ravel()
        assert sorted(line.get_ydata()[0] for line in enlarged.lines) == pytest.approx(sorted(weights))
        assert sum(line.get_ydata()[0] == 0 for line in enlarged.lines) == (weights == 0).sum()


def run(seed, l1, l2, val, test):
    fields = {"seed": seed, best_of_grid.L1: l1, best_of_grid.L2: l2, "dataset.noise": 1.0}
    return Run(Path(), fields, {"status": "completed", "final": {"val/loss": val, "test/loss": test}}, {})


def test_each_method_has_its_part_of_the_grid_and_validation_chooses():
    runs = [run(0, 0, 0.1, 3.0, 2.0), run(0, 0.1, 0, 2.0, 4.0), run(0, 0.1, 0.1, 1.0, 3.0), run(0, 0, 1, 2.5, 9.0)]
    study = study_of(1, runs, sparse={}, dense={}, grouped={})
    found = {name: list(values.values()) for name, values in best_of_grid.of_study(study).items()}
    assert (found["ridge_sparse"], found["lasso_sparse"], found["elastic_net_sparse"]) == ([17.0], [7.0], [5.0])
    assert found["is_ridge_sparse"] == [0.0] and found["is_lasso_sparse"] == [0.0]
    without = best_of_grid.of_study(study_of(1, [*runs, run(0, 0, 0.3, 0.5, 9.0)], sparse={}, dense={}, grouped={}))
    assert list(without["is_ridge_sparse"].values()) == [1.0] and without["ridge_sparse"] == without["elastic_net_sparse"]
    assert set(found) == set(best_of_grid.QUANTITIES)
    with pytest.raises(NotMeasured, match="0 of 1 seeds"):
        best_of_grid.of_study(study_of(1, sparse={}, dense={}, grouped={}))


def test_pseudo_values_have_the_estimate_as_their_mean_and_the_textbooks_error():
    generator = torch.Generator().manual_seed(0)
    predictions = torch.randn(12, 50, 1, generator=generator, dtype=torch.float64)
    values = decomposition._pseudo_values(predictions, torch.zeros(50, 1, dtype=torch.float64))
    members = predictions[..., 0].numpy()
    variance = members.var(0, ddof=1).mean()
    assert values.mean(0) == pytest.approx([(members.mean(0) ** 2).mean() - variance / 12, variance])


def test_bias_and_variance_of_settings(tmp_path):
    dataset = SyntheticRegression(3, 6, val_size=0, test_size=5, true_weight=1.0, noise=0.5, interactions=1.0)
    runs = [Experiment(dataset, Linear(), SGD(0.1), epochs=20, seed=seed) for seed in range(4)]
    results = regexp.fit(runs, tmp_path, threads=1, tensorboard=False, curves=False)
    found = decomposition.of_study(study_of(4, map(read_run, tmp_path.iterdir()), linear_few={}))
    data = dataclasses.replace(dataset, test_size=decomposition.INPUTS).load(decomposition.ELSEWHERE, torch.float64)
    x = data.inputs[data.rows["test"]]
    expected = bias_and_variance(results, x.float(), dataset.truth(x))
    measured = [np.mean(list(found[f"{name}_linear_few"].values())) for name in ("bias", "variance")]
    assert measured == pytest.approx([0.5 * value for value in expected], rel=1e-5)


def test_double_descent_at_a_small_size(monkeypatch):
    """Twenty features instead of 500: the mean over many draws is the formula's, and ridge has no peak."""
    monkeypatch.setattr(double_descent, "FEATURES", 20)
    many = np.array([double_descent._error(10, seed, 0.0) for seed in range(400)])
    formula = 1 * (1 - 10 / 20) + 0.25 * 10 / (20 - 10 - 1) + 0.25
    assert double_descent.formula(10) == pytest.approx(formula)
    assert many.mean() == pytest.approx(formula, abs=4 * many.std() / 20)
    peak, tuned = (np.mean([double_descent._error(20, seed, strength) for seed in range(50)]) for strength in (0.0, 0.25))
    assert peak > 4 * tuned


def test_the_picture_of_double_descent_says_what_is_drawn(monkeypatch):
    found = {size: np.ones(3) for size in double_descent.TUNED_SIZES}
    monkeypatch.setattr(double_descent, "errors", lambda seeds: (found, found))
    caption = " ".join(double_descent.draw(study_of(3, []), "Title")._supxlabel.get_text().split())
    assert caption.endswith(f"Tier standard: {double_descent.recipe()}.") and "weights of norm 1, noise 0.5" in caption


def test_the_references_of_tuned_ridge_are_those_of_the_law_of_marchenko_and_pastur():
    """Noise^2 and what ridge of strength l leaves of the weights, mean over the spectrum of X'X / n in the limit."""
    noise2 = double_descent.NOISE**2

    def error(n):
        ratio = double_descent.FEATURES / n
        lam, (low, high) = ratio * noise2, ((1 - ratio**0.5) ** 2, (1 + ratio**0.5) ** 2)
        zero = max(0.0, 1 - 1 / ratio)  # the share of eigenvalues that are 0

        def density(h):
            return np.sqrt((high - h) * (h - low)) / (2 * np.pi * ratio * h)

        def left(h):
            return (lam**2 + ratio * noise2 * h) / (h + lam) ** 2  # bias and variance along an eigenvector

        return noise2 + zero * left(0.0) + integrate.quad(lambda h: density(h) * left(h), low, high, limit=500)[0]

    claims = {claim.name: claim for claim in read(config_folder() / "reproduce" / "bias_variance.yaml").claims}
    for name, sizes in (("tuned_before", (250, 500)), ("tuned_after", (500, 600))):
        assert claims[name].published.value == pytest.approx([error(n) for n in sizes], abs=5e-5)


def test_the_rise_is_that_of_a_seeds_ten_data_sets(monkeypatch):
    errors = {size: np.full(2, float(size)) for size in double_descent.TUNED_SIZES}
    many = np.repeat([300.0, 500.0], double_descent.DRAWS)
    monkeypatch.setattr(double_descent, "errors", lambda seeds: ({**errors, 490: many, 510: many}, errors))
    found = double_descent.of_study(study_of(2))
    assert found["rise"] == [50.0, 250.0]
    assert set(double_descent.DOTS) == {name for name, values in found.items() if len(values) > 2}


def test_double_descent_draws_the_studys_own_seeds(monkeypatch):
    monkeypatch.setattr(double_descent, "_error", lambda size, seed, strength: seed)
    plain, tuned = double_descent.errors(range(300, 302))
    assert plain[510].tolist() == list(range(3000, 3020))
    assert plain[250].tolist() == tuned[500].tolist() == [300, 301]


def test_noise_on_a_linear_model_is_ridge():
    found = noise_as_ridge.of_study(study_of(4))
    assert max(found["dropout"] + found["input_noise"]) < 1e-10
    assert min(found["not_ridge"]) > 0.01


def test_stopping_on_a_quadratic_follows_its_formula_and_ridge_only_nearly():
    found = early_stopping_as_l2.of_study(study_of(3))
    assert len(found["path"]) == 3
    assert max(found["path"]) < 1e-12
    limit = [1 / (1 + p) - np.exp(-p) for p in (0.1, 2.5)]  # infinitely many steps
    assert found["small"][0] == pytest.approx(limit[0], rel=0.05)
    assert found["middle"][0] == pytest.approx(limit[1], rel=0.01)
    assert found["one_step"] == [0.5]


def test_ridge_of_the_equivalent_strength_is_what_l2_trains():
    """The factor h / (h + a), on one feature, by training."""
    dataset = SyntheticRegression(1, 20, val_size=0, true_weight=1.0, true_bias=0.0)
    steps, lr = 25, 0.02
    one = Experiment(
        dataset, Linear(init="constant", bias=False), SGD(lr), [L2(1 / (steps * lr))], epochs=2000, dtype="float64"
    )
    (result,) = regexp.fit([dataclasses.replace(one, eval_every=2000)], threads=1)
    x, y = examples(result, "train")
    h, least_squares = x.square().mean().item(), ((x * y).sum() / x.square().sum()).item()
    factor = result.weights["final"]["output.weight"].item() / least_squares
    assert factor == pytest.approx(early_stopping_as_l2.penalised(lr * h, steps), rel=1e-6)
