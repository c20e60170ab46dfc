"""The logged metrics against numpy and scikit-learn, from the weights that the run ends with."""

import numpy as np
import pytest
import torch
from scipy.special import log_softmax
from sklearn.metrics import accuracy_score

from regexp.experiment import Experiment
from regexp.models import MLP
from regexp.optim import SGD
from regexp.program.data import Rows
from regexp.regularizers import L1, L2, L1Subgradient, WeightDecay
from support import Blobs, arrays, fit

STRENGTHS = {"l2": 0.02, "l1": 0.01, "l1_subgradient": 0.003, "weight_decay": 0.05}


@pytest.fixture(scope="module")
def result():
    """One run of a stack of two; splits of other sizes than evaluation's chunks have."""
    regularizers = [kind(STRENGTHS[kind.name()]) for kind in (L2, L1, L1Subgradient, WeightDecay)]
    data = Blobs(train_size=700, val_size=30, test_size=1300)
    runs = [Experiment(data, MLP((16,)), SGD(0.05), regularizers, 2, 64, seed, "float64") for seed in (3, 4)]
    return fit(runs)[1]


def matrices(result):
    return {name.removesuffix(".weight"): w.numpy() for name, w in result.weights["final"].items() if name.endswith("weight")}


@pytest.mark.parametrize("split", ["train", "val", "test"])
def test_loss_and_accuracy_are_means_over_the_whole_split(result, split):
    x, y = arrays(result.experiment, split)
    w = {name: p.numpy() for name, p in result.weights["final"].items()}
    hidden = np.maximum(x @ w["hidden.0.weight"] + w["hidden.0.bias"], 0)
    scores = hidden @ w["output.weight"] + w["output.bias"]
    loss = -log_softmax(scores, axis=1)[np.arange(len(y)), y].mean()
    assert result.final[f"{split}/loss"] == pytest.approx(loss, rel=1e-10)
    assert result.final[f"{split}/accuracy"] == pytest.approx(accuracy_score(y, scores.argmax(1)), rel=1e-12)


def test_the_gap_is_test_minus_train(result):
    assert result.final["gap/loss"] == pytest.approx(result.final["test/loss"] - result.final["train/loss"], rel=1e-12)


def test_norms_of_all_weights_and_by_layer(result):
    layers = matrices(result)
    everything = np.concatenate([w.ravel() for w in layers.values()])
    for prefix, w in [("weights", everything), *((f"weights/{name}", w.ravel()) for name, w in layers.items())]:
        assert result.final[f"{prefix}/l2_norm"] == pytest.approx(np.linalg.norm(w), rel=1e-12)
        assert result.final[f"{prefix}/l1_norm"] == pytest.approx(np.linalg.norm(w, 1), rel=1e-12)
        assert result.final[f"{prefix}/zero_fraction"] == pytest.approx(np.mean(w == 0), rel=1e-12)
    assert result.final["weights/zero_fraction"] > 0


def test_penalties_are_logged_apart_in_the_one_convention(result):
    squares = sum((w**2).sum() for w in matrices(result).values())
    sums = sum(np.abs(w).sum() for w in matrices(result).values())
    for name, strength in STRENGTHS.items():
        expected = strength * (sums if name.startswith("l1") else squares / 2)
        assert result.final[f"train/penalty/{name}"] == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    ("index", "is_view"),
    [
        pytest.param([range(5, 11)], True, id="one group"),
        pytest.param([range(0, 6), range(10, 16), range(20, 26)], True, id="a table each"),
        pytest.param([range(0, 6), range(3, 9)], True, id="overlapping"),
        pytest.param([range(0, 6), range(10, 16), range(21, 27)], False, id="unequal distances"),
        pytest.param([range(10, 16), range(0, 6)], False, id="the first last"),
        pytest.param([range(0, 6), range(15, 9, -1)], False, id="backwards"),
        pytest.param([range(0, 12, 2)], False, id="every other row"),
    ],
)
def test_a_split_is_read_without_a_copy_where_its_rows_lie_evenly(index, is_view):
    table = torch.arange(90.0).view(30, 3)
    rows = Rows(table, torch.tensor([list(group) for group in index]))
    for low, high in [(0, 6), (2, 5), (4, 6)]:
        part = rows.slice(low, high)
        assert part.tolist() == [[table[row].tolist() for row in group[low:high]] for group in index]
        assert (part.untyped_storage().data_ptr() == table.untyped_storage().data_ptr()) == is_view
