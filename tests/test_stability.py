"""The reason of a divergence names the border of stability, and that is where training really begins to diverge."""

from __future__ import annotations

import json
import math
import re
from dataclasses import replace

import numpy as np
import pytest

import regexp
from regexp.datasets import SyntheticRegression
from regexp.experiment import Experiment
from regexp.models import MLP, Linear
from regexp.optim import SGD, Adam
from regexp.regularizers import L2, Dropout, InputNoise, MaxNorm, WeightDecay
from support import arrays, fit

DATA = SyntheticRegression(features=30, train_size=20, val_size=0, test_size=20)


def run(lr, optimizer=None, **fields):
    standard = {"epochs": 300, "eval_every": 100, "batch_size": None, "dtype": "float64"}
    return Experiment(DATA, Linear(init="normal", init_std=1.0), replace(optimizer or SGD(1.0), lr=lr), **standard | fields)


def reason(experiment):
    (result,) = fit([experiment])
    assert result.status == "diverged"
    return result.reason


def stated(experiment):
    """The largest stable learning rate that a diverged run names."""
    found = re.findall(r"([\d.e+-]+), the largest stable lr of these batches", reason(experiment))
    assert len(found) == 1
    return float(found[0])


def largest_eigenvalue(strength=0.0):
    x, _ = arrays(run(1.0))
    x = np.column_stack([x, np.ones(len(x))])
    return np.linalg.eigvalsh(x.T @ x / len(x) + strength * np.diag([1.0] * 30 + [0.0]))[-1]


@pytest.mark.parametrize("regularizers", [[], [L2(3.0)], [WeightDecay(3.0)]], ids=["none", "l2", "weight_decay"])
def test_of_the_full_batch_it_is_two_over_the_largest_eigenvalue(regularizers):
    expected = 2 / largest_eigenvalue(3.0 if regularizers else 0.0)
    text = reason(run(50.0, regularizers=regularizers))
    formula = "2 / (lambda_max + strength)" if regularizers else "2 / lambda_max"
    assert f"lr 50 exceeds {formula} = {expected:.3g}, the largest stable lr of these batches" in text
    assert text.count("exceeds") == text.count("stable") == 1


CASES = {
    "plain": {},
    "l2": {"regularizers": [L2(5.0)]},
    "decoupled": {"regularizers": [WeightDecay(5.0)]},
    "momentum": {"optimizer": SGD(1.0, momentum=0.9)},
    "momentum and l2": {"optimizer": SGD(1.0, momentum=0.8), "regularizers": [L2(5.0)]},
    "momentum and decay": {"optimizer": SGD(1.0, momentum=0.8), "regularizers": [WeightDecay(5.0)]},
    "nesterov": {"optimizer": SGD(1.0, momentum=0.9, nesterov=True)},
    "batches": {"batch_size": 5},
    "batches and decay": {"batch_size": 5, "regularizers": [WeightDecay(5.0)]},
    "batches and momentum": {"batch_size": 5, "optimizer": SGD(1.0, momentum=0.9)},
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_training_diverges_above_it_and_not_below(case):
    """Ten per cent beside it, in so many steps that growth or decay shows."""
    border = stated(run(100.0 if "momentum" not in str(case) else 10.0, **case))
    above, below = (fit([run(factor * border, **case, epochs=1000, eval_every=500)])[0] for factor in (1.1, 0.9))
    first = below.rows[0]["train/loss"]
    assert above.status == "diverged" or above.last["train/loss"] > 1e6 * first
    assert below.status == "completed" and below.last["train/loss"] < first


def test_where_the_cause_is_not_known_nothing_is_said():
    text = reason(run(3.0, regularizers=[Dropout(0.0, 0.5)]))
    assert "stable" not in text and "train/loss is" in text


def test_what_is_switched_off_hides_no_cause():
    found = [stated(run(3.0, regularizers=held)) for held in ([], [InputNoise(0.0), MaxNorm(math.inf)])]
    assert found[0] == found[1]
    assert "stable" not in reason(run(3.0, regularizers=[InputNoise(0.1)]))
    padded = fit([run(3.0), run(3.0, regularizers=[InputNoise(0.1)])])
    assert ["stable" in result.reason for result in padded] == [True, False]


def test_a_decay_that_overshoots_is_named_in_any_model():
    experiment = Experiment(DATA, MLP((4,)), Adam(0.1), [WeightDecay(25.0)], epochs=3000, eval_every=500)
    text = reason(experiment)
    assert "lr * strength = 2.5 exceeds 2: every step multiplies the weights by -1.5" in text
    assert math.isclose(float(text.split()[-1]), 20.0)


def test_a_learning_rate_that_is_large_by_itself_is_not_excused_by_the_strength():
    """lr 200 would keep ``lr * strength`` at 2, and diverge for its own sake."""
    text = reason(Experiment(DATA, MLP((4,)), SGD(1000.0), [WeightDecay(0.01)], epochs=100))
    assert text.endswith("every step multiplies the weights by -9; lower lr, which is large by itself: 0.1 or less is usual")
    assert "200" not in text
    below = fit([Experiment(DATA, MLP((4,)), SGD(200.0), [WeightDecay(0.005)], epochs=100)])[0]
    assert below.status == "diverged"


def test_the_command_line_says_it(command_line):
    done = command_line("optimizer.lr=3", "model.init=normal", "epochs=100")
    assert done.code == 0
    assert ", the largest stable lr of these batches" in done.stdout


def test_a_loss_that_grows_and_is_still_finite_is_explained_too(caplog):
    """The same sentence, at a learning rate that needs some hundred steps more to overflow."""
    many, few = run(3.0, batch_size=5), run(3.0, batch_size=5, epochs=8, eval_every=2)
    with caplog.at_level("WARNING", logger="regexp"):
        (result,) = fit([few])
    assert (result.status, result.reason) == ("completed", None) and result.last["train/loss"] > 1e10
    assert result.warning in caplog.text
    rose, _, why = result.warning.partition(": ")
    assert rose == f"train/loss rose from {result.rows[0]['train/loss']:.3g} to {result.last['train/loss']:.3g}"
    assert why in reason(many)


def test_there_is_no_false_alarm():
    """Neither a loss that rose nor a learning rate above the border is enough by itself."""
    far = SyntheticRegression(features=30, train_size=20, val_size=0, test_size=20, true_weight=1.0)
    there = Linear(init="constant", init_value=1.0)
    worse = [
        Experiment(far, there, SGD(0.01), [L2(3.0)], epochs=200, batch_size=None),  # by its penalty, which is meant
        Experiment(far, there, Adam(1.0), epochs=3),  # for a reason that is not known
        Experiment(far, there, SGD(1.0), [InputNoise(0.1)], epochs=2, batch_size=None),
    ]
    better = [run(0.01), run(1.05 * 2 / largest_eigenvalue(), epochs=2, eval_every=1)]
    results = [fit([experiment])[0] for experiment in (*worse, *better)]
    assert [result.last["train/loss"] > 2 * result.rows[0]["train/loss"] for result in results] == [True] * 3 + [False] * 2
    assert {(result.status, result.warning) for result in results} == {("completed", None)}


def test_the_warning_is_kept_and_shown(command_line, tmp_path):
    wild = ("optimizer.lr=1", "model.init=normal", "epochs=3", "curves=false")
    alone = command_line(*wild, "hydra.run.dir=alone")
    assert alone.code == 0 and "\nwarning       train/loss rose from" in alone.stdout
    summary = json.loads((tmp_path / "alone" / "summary.json").read_text(encoding="utf-8"))
    assert summary["status"] == "completed" and ", the largest stable lr of these batches" in summary["warning"]
    assert summary["warning"] in (tmp_path / "alone" / "train.log").read_text(encoding="utf-8")
    assert regexp.load(tmp_path / "alone").warning == summary["warning"]
    assert command_line("-m", *wild, "seed=0,1", "study=two", "compare=false").code == 0
    for file in (tmp_path / "outputs" / "two").glob("*/summary.json"):
        log = file.with_name("train.log").read_text(encoding="utf-8")
        assert f"warning: {json.loads(file.read_text(encoding='utf-8'))['warning']}\n" in log
