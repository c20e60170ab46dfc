"""The picture of the weights' path: at convergence under L1 it is scikit-learn's lasso path."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from sklearn.linear_model import lasso_path

import regexp
from regexp.comparison.remarks import undrawn
from regexp.datasets import SyntheticRegression
from regexp.experiment import Experiment
from regexp.models import MLP, Linear
from regexp.optim import SGD
from regexp.regularizers import L1

STRENGTHS = (0.0, 0.03, 0.1, 0.3, 1.0)
DATA = SyntheticRegression(features=6, train_size=40, val_size=10, test_size=10, true_weight=1.0, noise=0.3, nonzero=2)
ONE = Experiment(DATA, Linear(), SGD(0.3), epochs=400, batch_size=None, dtype="float64", eval_every=400)
GRID = [replace(ONE, regularizers=[L1(s)], seed=seed) for s in STRENGTHS for seed in (0, 1)]


def lasso(seed):
    """Coefficients of every strength, from centred data because our bias is free."""
    data = DATA.load(seed, torch.float64)
    x, y = (table[data.rows["train"]].numpy() for table in (data.inputs, data.targets))
    positive = sorted(STRENGTHS[1:], reverse=True)
    _, found, _ = lasso_path(x - x.mean(0), y[:, 0] - y.mean(), alphas=positive, tol=1e-12, max_iter=100_000)
    return dict(zip(positive, found.T, strict=True))


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    folder = tmp_path_factory.mktemp("kept")
    regexp.fit(GRID, folder, save="last", tensorboard=False, threads=1)
    return folder


def test_the_path_of_converged_runs_is_the_lassos(kept):
    axes = regexp.compare(kept).figures["weight_paths"].axes[0]
    expected = {s: (lasso(0)[s] + lasso(1)[s]) / 2 for s in STRENGTHS[1:]}
    drawn = np.array([line.get_ydata() for line in axes.lines if len(line.get_xdata()) == 4])
    assert next(line.get_xdata() for line in axes.lines if len(line.get_xdata()) == 4) == pytest.approx(STRENGTHS[1:])
    order = [2, 3, 4, 5, 0, 1]  # those that are truly zero lie behind
    assert drawn == pytest.approx(np.stack([expected[s] for s in STRENGTHS[1:]], axis=1)[order], abs=1e-6)
    assert axes.get_xticklabels()[0].get_text() == "0"
    assert axes.get_legend_handles_labels()[1][:2] == ["truly zero (4)", "truly nonzero (2)"]


def test_without_weights_on_disk_it_is_said_how_to_get_the_picture(tmp_path):
    short = [replace(one, epochs=2, eval_every=1) for one in GRID]
    regexp.fit(short, tmp_path / "none", save="none", tensorboard=False, threads=1)
    found = regexp.compare(tmp_path / "none")
    assert "weight_paths" not in found.figures
    assert found.remarks == [] and "it needs save=last" in undrawn(found.findings)
    regexp.fit(short, tmp_path / "best", save="best", tensorboard=False, threads=1)
    kept_best = regexp.compare(tmp_path / "best")
    assert "weight_paths" in kept_best.figures
    assert undrawn(kept_best.findings) is None


def test_a_network_has_no_path(tmp_path):
    deep = [replace(one, model=MLP((3,)), epochs=1, eval_every=1) for one in GRID]
    regexp.fit(deep, tmp_path, save="last", tensorboard=False, threads=1)
    found = regexp.compare(tmp_path)
    assert "weight_paths" not in found.figures
    assert not found.remarks


def test_of_many_weights_the_largest_are_drawn(tmp_path):
    wide = [replace(one, dataset=SyntheticRegression(features=400), epochs=1, eval_every=1) for one in GRID]
    regexp.fit(wide, tmp_path, save="last", tensorboard=False, threads=1)
    figure = regexp.compare(tmp_path).figures["weight_paths"]
    assert sum(len(line.get_xdata()) == 4 for line in figure.axes[0].lines) == 300
    assert "the 300 largest of 400 weights" in figure.get_supxlabel().replace("\n", " ")
