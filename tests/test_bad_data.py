"""Data that a careless user brings, and losses that are not finite."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import replace

import pytest
import torch

import regexp
from regexp.datasets import SyntheticRegression
from regexp.datasets.dataset import Data, Dataset
from regexp.models import MLP, Linear
from regexp.optim import SGD, Adam
from regexp.regularizers import EarlyStopping, WeightDecay
from regexp.rules import Invalid
from support import fit, same_bits


@dataclasses.dataclass(frozen=True)
class Table(Dataset):
    """A few examples, with something odd about them."""

    train: int = 8
    val: int = 4
    odd: str = ""
    value: str = "nan"

    @property
    def has_validation(self) -> bool:
        return self.val > 0

    def load(self, seed: int, dtype: torch.dtype) -> Data:
        own = SyntheticRegression(features=3, train_size=max(1, self.train), val_size=self.val, test_size=4).load(seed, dtype)
        rows = {**own.rows, "train": own.rows["train"][: self.train]}
        inputs, targets = own.inputs.clone(), own.targets.clone()
        if self.odd == "constant":
            inputs[:, 0] = float(self.value)
        elif self.odd == "targets":
            targets[rows["train"][2]] = float(self.value)
        elif self.odd:
            inputs[rows[self.odd][1], 2] = float(self.value)
        return Data(inputs, targets, rows)


ONE = regexp.Experiment(Table(), Linear(), SGD(0.01), [WeightDecay(0.1)], epochs=3, batch_size=4)


@pytest.mark.fault("F15")
@pytest.mark.parametrize("value", ["nan", "inf"])
@pytest.mark.parametrize(("odd", "where"), [("train", "train inputs"), ("val", "val inputs"), ("targets", "train targets")])
def test_numbers_that_are_not_finite_are_refused_before_the_first_step(odd, where, value, monkeypatch):
    monkeypatch.setattr("regexp.training.train_step", None)
    with pytest.raises(Invalid, match=rf"dataset\.{where} must be finite, got {value} \(in 1 of \d examples\): repair them"):
        fit([replace(ONE, dataset=Table(odd=odd, value=value))])


@pytest.mark.fault("F15")
def test_a_split_without_examples_is_refused():
    with pytest.raises(Invalid, match=r"dataset\.train must have an example at least, got none"):
        fit([replace(ONE, dataset=Table(train=0))])


@pytest.mark.fault("F15")
@pytest.mark.parametrize("model", [Linear(), MLP(hidden=(5,))], ids=["linear", "mlp"])
@pytest.mark.parametrize("optimizer", [SGD(0.01, momentum=0.9), Adam(0.01)], ids=["momentum", "adam"])
@pytest.mark.parametrize(
    "data", [Table(train=1), Table(train=3), Table(val=1), Table(odd="constant", value="7"), Table(odd="constant", value="0")]
)
def test_little_and_constant_data_train(data, model, optimizer):
    (result,) = fit([replace(ONE, dataset=data, model=model, optimizer=optimizer, batch_size=50)])
    assert (result.status, result.epochs_run) == ("completed", 3)
    assert all(math.isfinite(value) for row in result.rows for value in row.values())


@pytest.mark.fault("F15")
def test_a_constant_feature_of_zeros_keeps_its_weight_and_changes_no_other():
    (result,) = fit([replace(ONE, dataset=Table(odd="constant", value="0"), regularizers=[])])
    (start,) = fit([replace(ONE, dataset=Table(odd="constant", value="0"), regularizers=[], optimizer=SGD(1e-30))])
    weight, before = (run.weights["last"]["output.weight"].flatten() for run in (result, start))
    assert weight[0] == before[0]
    assert (weight[1:] != before[1:]).all()


@pytest.mark.fault("F14")
def test_a_validation_loss_that_is_not_finite_is_divergence_and_no_lack_of_patience():
    """Its inputs are finite; their squares are not. Neighbours go on, and the reason names the metric."""
    wild = replace(ONE, dataset=Table(odd="val", value="1e25"), regularizers=[EarlyStopping(patience=2)], epochs=30)
    tame = replace(wild, dataset=Table())
    alone = fit([tame])[0]
    neighbour, result = fit([tame])[0], fit([wild])[0]
    assert result.status == "diverged"
    assert result.reason == "val/loss is inf at epoch 0 (never finite)"
    assert result.epochs_run == 0
    assert math.isfinite(result.rows[0]["train/loss"])
    assert same_bits(neighbour.weights["last"], alone.weights["last"])


@pytest.mark.fault("F14")
@pytest.mark.parametrize("every", [1, 4])
def test_divergence_is_found_in_one_interval_and_the_last_finite_best_is_kept(every):
    """Under plain SGD with a rate far above 2 / curvature the loss grows every step until it overflows."""
    growing = replace(
        ONE, optimizer=SGD(2.0), regularizers=[EarlyStopping(patience=500)], epochs=500, eval_every=every, batch_size=None
    )
    often, seldom = fit([replace(growing, eval_every=1)])[0], fit([growing])[0]
    first_bad = often.rows[-1]["epoch"]
    assert often.status == seldom.status == "diverged"
    assert often.epochs_run > 10
    assert first_bad <= seldom.rows[-1]["epoch"] < first_bad + every
    assert f"last finite at epoch {often.rows[-2]['epoch']}" in often.reason
    finite = [row for row in seldom.rows if math.isfinite(row["val/loss"])]
    assert seldom.best["epoch"] == seldom.final_epoch == min(finite, key=lambda row: row["val/loss"])["epoch"]
    assert all(weight.isfinite().all() for weight in seldom.weights["final"].values())
