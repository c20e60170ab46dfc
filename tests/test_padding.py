"""Runs that hold different regularizers in one stack: each is the run alone, in its weights, its metrics and its files."""

from __future__ import annotations

import dataclasses

import pytest
import torch

from regexp.component import per_run
from regexp.datasets import SyntheticRegression
from regexp.experiment import Experiment
from regexp.files.history import read_metrics
from regexp.models import MLP, Linear
from regexp.optim import SGD, Adam
from regexp.program import Program, load_data
from regexp.regularizers import L1, L2, Dropout, EarlyStopping, L1Subgradient, WeightDecay
from regexp.regularizers.regularizer import Regularizer
from regexp.rules import Invalid
from regexp.runner import fit as fit_in
from support import CPU, Blobs, assert_equal_alone, fit, same_bits

PLAIN = Experiment(Blobs(), MLP((32, 16)), Adam(0.01), epochs=6, batch_size=16)
SETS = [
    [],
    [WeightDecay(0.1), Dropout((0.3, 0.5))],
    [L1(0.01)],
    [Dropout((0.0, 0.2), 0.1), L2(0.1)],
    [L1Subgradient(0.01), L1(0.002), WeightDecay(0.2)],
    [L2(0.3)],
    [],
]


def holding(sets, plain=PLAIN, seeds=(0, 1)):
    return [dataclasses.replace(plain, regularizers=own, seed=seed) for own in sets for seed in seeds]


@pytest.mark.parametrize("optimizer", [Adam(0.01), SGD(0.1, momentum=0.9)])
def test_an_mlp_has_the_bits_of_the_run_alone(optimizer):
    runs = holding(SETS, dataclasses.replace(PLAIN, optimizer=optimizer))
    results = fit(runs)
    assert_equal_alone(runs, results)
    for run, result in zip(runs, results, strict=True):
        (alone,) = fit([run])
        assert result.experiment == run
        assert list(result.rows[0]) == list(alone.rows[0])
        assert result.rows == alone.rows


@pytest.mark.fault("F14")
def test_runs_that_stop_or_diverge_leave_the_others_as_they_are():
    """Half of the stack stops at once, so that rows of padded runs are dropped."""
    lasting = [[*own, EarlyStopping(patience=50)] for own in SETS]
    stopping = [[*own, EarlyStopping(patience=1)] for own in SETS]
    runs = holding(lasting) + holding(stopping, dataclasses.replace(PLAIN, optimizer=Adam(3.0)))
    runs += holding(lasting, dataclasses.replace(PLAIN, optimizer=Adam(1e30)), seeds=[3])
    results = fit(runs)
    assert {result.epochs_run < 6 for result in results} == {True, False}
    assert {result.status for result in results} == {"completed", "diverged"}
    assert [result.reason for result in results] == [fit([run])[0].reason for run in runs]
    assert_equal_alone(runs, results)


@pytest.mark.parametrize(("dtype", "tolerance"), [("float32", 1e-5), ("float64", 1e-10)])
def test_a_linear_model_stays_within_the_tolerance(dtype, tolerance):
    data = SyntheticRegression(features=9, train_size=23, val_size=10, noise=0.5)
    plain = Experiment(data, Linear(init="normal"), SGD(0.01, momentum=0.9), batch_size=5, dtype=dtype)
    runs = holding([[], [WeightDecay(0.1)], [L2(0.1), L1(0.01)], [Dropout(0.0, 0.3)]], plain)
    assert_equal_alone(runs, fit(runs), tolerance)


def test_a_runs_files_tell_of_its_own_regularizers_only(tmp_path):
    runs = holding([[], [L1(0.01)], [L1(0.01), WeightDecay(0.1)]], seeds=[0])
    fit_in(runs, tmp_path / "together", threads=1)
    together = {f.name.rpartition("-")[2]: f for f in (tmp_path / "together").iterdir()}
    for run in runs:
        fit_in([run], tmp_path / run.hash(), threads=1, curves=False)
        ours, alone = together[run.hash()], tmp_path / run.hash()
        for name in ("metrics.csv", "config.yaml"):
            assert (ours / name).read_bytes().replace(b"curves: true", b"curves: false") == (alone / name).read_bytes()
        penalties = {name for name in read_metrics(ours)[0] if name.startswith("train/penalty/")}
        assert penalties == {f"train/penalty/{one.name()}" for one in run.regularizers}
        (events,) = ours.glob("events.*")
        told = {one for one in ("l1", "weight_decay") if f"train/penalty/{one}".encode() in events.read_bytes()}
        assert told == {one.name() for one in run.regularizers}


def test_folders_are_named_by_the_sets(tmp_path):
    runs = holding([[], [L2(0.1)], [L2(0.2), L1(0.1)]], dataclasses.replace(PLAIN, epochs=1), seeds=[0])
    fit_in(runs, tmp_path, threads=1)
    names = sorted(folder.name.rpartition("-")[0] for folder in tmp_path.iterdir())
    assert names == ["regularizer-l2+l1+l2.strength-0.2", "regularizer-l2+l2.strength-0.1", "regularizer-none"]


@dataclasses.dataclass(frozen=True)
class MaxNorm(Regularizer):
    """A user's own, which does not say what switches it off."""

    strength: float = per_run(0.1)

    def after_step(self, weight, step, numbers):
        weight.clamp_(-1 / numbers["strength"], 1 / numbers["strength"])


@dataclasses.dataclass(frozen=True)
class Pull(Regularizer):
    """A user's own, which says it: towards ``center``, whatever that is."""

    strength: float = per_run(off=0.0)
    center: float = per_run(1.0)

    def before_step(self, weight, lr, numbers):
        weight.add_(lr * numbers["strength"] * (numbers["center"] - weight))


def test_a_users_own_is_padded_if_it_says_what_switches_it_off():
    runs = holding([[], [Pull(0.5, 2.0)], [L1(0.01), Pull(0.1)]])
    assert_equal_alone(runs, fit(runs))
    with pytest.raises(Invalid, match=r"regularizers differs between experiment 0 \(\[\]\) and 2 \(\['max_norm'\]\)"):
        fit(holding([[], [MaxNorm()]]))
    everywhere = holding([[MaxNorm()], [L1(0.01), MaxNorm()]])
    assert_equal_alone(everywhere, fit(everywhere))


def test_every_runs_own_order_is_kept():
    sets = [[], [L1(0.1)], [WeightDecay(0.1), L2(0.1)], [L2(0.1), L1(0.1)], [Dropout(0.1), L1(0.1)]]
    runs = holding(sets, seeds=[0])
    names = [part.name for part in Program(runs, load_data(runs), CPU).parts]
    assert sorted(names) == ["dropout", "l1", "l2", "weight_decay"]
    for own in sets:
        own_names = [one.name() for one in own]
        assert [name for name in names if name in own_names] == own_names


@pytest.mark.parametrize(
    ("sets", "said"),
    [
        (
            [[L1(0.1), L2(0.1)], [L1(0.2)], [L2(0.1), L1(0.1)]],
            r"regularizers of experiment 2 \(\['l2', 'l1'\]\) stand in another",
        ),
        ([[L1(0.1), L2(0.1)], [L2(0.1), Dropout(0.1)], [Dropout(0.1), L1(0.1)]], "regularizers of experiment 2"),
        (
            [[], [L1(0.1)], [L1(0.1, biases=True)]],
            r"regularizer\.l1\.biases differs between experiment 1 \(False\) and 2 \(True\)",
        ),
        (
            [[Dropout(0.1)], [], [Dropout((0.1, 0.2))]],
            r"regularizer\.dropout\.len\(rate\) differs between experiment 0 .* and 2",
        ),
        ([[L1(0.1)], [EarlyStopping()]], r"regularizers differs between experiment 0 \(\[\]\) and 1 \(\['early_stopping'\]\)"),
    ],
)
def test_sets_that_contradict_each_other_are_refused_by_name(sets, said):
    with pytest.raises(Invalid, match=rf"stack\.{said}"):
        fit(holding(sets, seeds=[0]))


def test_a_mask_is_drawn_for_runs_that_drop_and_leaves_the_others_alone():
    """Of two runs with one seed, the one without dropout takes another way through the slots, with the same numbers."""
    without, dropping = fit(holding([[], [Dropout(0.5, 0.2)]], seeds=[0]))
    assert same_bits(without.weights["last"], fit([PLAIN])[0].weights["last"])
    assert not any(torch.equal(w, dropping.weights["last"][name]) for name, w in without.weights["last"].items())
