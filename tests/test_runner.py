"""``regexp.fit`` and ``regexp.load``: what runs give back, and what they leave on disk."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
import torch

import regexp
from regexp.datasets import SyntheticRegression
from regexp.models import MLP, Linear
from regexp.optim import SGD, Adam
from regexp.regularizers import Dropout, EarlyStopping, WeightDecay
from support import Blobs

LINEAR = regexp.Experiment(SyntheticRegression(), Linear(), SGD(0.01), [WeightDecay(1.0)], epochs=4, batch_size=5)
NETWORK = regexp.Experiment(Blobs(), MLP(hidden=(16,)), Adam(0.01), [Dropout(0.5), EarlyStopping(patience=2)], epochs=8)


def test_without_a_folder_nothing_is_written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    regexp.fit([LINEAR])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("experiment", [LINEAR, NETWORK], ids=["linear", "network"])
def test_a_loaded_run_is_the_run(experiment, tmp_path):
    (fitted,) = regexp.fit([experiment], tmp_path / "run")
    loaded = regexp.load(tmp_path / "run")
    assert loaded.experiment == fitted.experiment
    assert loaded.rows == fitted.rows
    assert (loaded.final, loaded.best, loaded.status) == (fitted.final, fitted.best, fitted.status)
    x = torch.randn(3, 200 if experiment is LINEAR else 32)
    for which in ("final", "best", "last"):
        assert torch.equal(loaded.model(which)(x), fitted.model(which)(x))


def test_the_model_given_back_scores_as_its_metrics_say():
    (result,) = regexp.fit([LINEAR])
    data = LINEAR.dataset.load(0, torch.float32)
    rows = data.rows["test"]
    predictions = result.model()(data.inputs[rows])
    assert 0.5 * (predictions - data.targets[rows]).square().mean().item() == pytest.approx(result.final["test/loss"], rel=1e-6)


def test_several_runs_have_a_folder_each_that_names_what_differs(tmp_path):
    stack = [replace(LINEAR, seed=seed, regularizers=[WeightDecay(s)]) for s in (0.0, 3.0) for seed in (0, 1)]
    results = regexp.fit(stack, tmp_path)
    folders = sorted(tmp_path.iterdir())
    assert len(folders) == 4
    for experiment, result in zip(stack, results, strict=True):
        (folder,) = (f for f in folders if f.name.endswith(experiment.hash()))
        assert f"seed-{experiment.seed}" in folder.name
        assert f"strength-{experiment.regularizers[0].strength}" in folder.name
        assert regexp.load(folder).rows == result.rows
        assert not (folder / "curves.png").exists()


def test_what_is_saved_can_be_chosen(tmp_path):
    for save, files in {"all": {"last.pt", "best.pt"}, "last": {"last.pt"}, "best": {"best.pt"}, "none": set()}.items():
        regexp.fit([LINEAR], tmp_path / save, save=save, tensorboard=False, curves=False)
        assert {file.name for file in (tmp_path / save).glob("checkpoints/*")} == files
        assert not list((tmp_path / save).glob("events*"))


@pytest.mark.fault("F14")
def test_a_diverged_run_is_a_result_and_keeps_its_last_finite_best(tmp_path):
    wild = replace(LINEAR, optimizer=SGD(10.0), epochs=60)
    (result,) = regexp.fit([wild], tmp_path / "run")
    assert result.status == "diverged"
    assert "last finite at epoch" in result.reason
    assert result.epochs_run < 60
    assert torch.isfinite(result.weights["best"]["output.weight"]).all()
    summary = json.loads((tmp_path / "run" / "summary.json").read_text(encoding="utf-8"))
    assert (summary["status"], summary["final"]["train/loss"]) == ("diverged", None)
    with pytest.raises(regexp.Diverged, match=r"1 of 1 runs diverged: .* at epoch"):
        regexp.fit([wild], on_divergence="raise")


def test_without_validation_there_is_no_best():
    (result,) = regexp.fit([replace(LINEAR, dataset=SyntheticRegression(val_size=0))])
    assert (result.best, result.objective) == (None, None)
    assert "best" not in result.weights


def test_early_stopping_ends_with_the_weights_of_its_best_epoch():
    (result,) = regexp.fit([replace(NETWORK, epochs=40, dataset=Blobs(spread=8.0))])  # hopeless data: the loss soon rises
    assert result.epochs_run < 40
    assert result.final_epoch == result.best_epoch == result.epochs_run - 2
    assert result.final["val/loss"] == min(row["val/loss"] for row in result.rows)


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"batch_size": 4}, "batch_size"),
        ({"epochs": 5}, "epochs"),
        ({"model": MLP()}, "model.class"),
        ({"dataset": SyntheticRegression(features=7)}, "dataset.features"),
        ({"regularizers": [EarlyStopping()]}, "regularizers"),
        ({"regularizers": [WeightDecay(1.0, biases=True)]}, "regularizer.weight_decay.biases"),
    ],
)
def test_runs_of_different_structure_are_refused_by_name(changed, named):
    with pytest.raises(regexp.Invalid, match=rf"{named} differs between experiment 0 \(.*\) and 1 \(.*\).*separate calls"):
        regexp.fit([LINEAR, replace(LINEAR, **changed)])


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ({"device": "cuda:99"}, r"device must be on this machine \(\d+ CUDA devices\), got 'cuda:99': use cpu"),
        ({"save": "some"}, "save must be one of all, best, last, none, got 'some'"),
        ({"on_divergence": "ignore"}, "on_divergence must be one of record, raise, got 'ignore'"),
    ],
)
def test_wrong_options_are_refused(option, said):
    with pytest.raises(regexp.Invalid, match=said):
        regexp.fit([LINEAR], **option)


def test_a_folder_without_a_run_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="holds no run"):
        regexp.load(tmp_path)


def test_the_number_of_threads_is_the_callers_again():
    before = torch.get_num_threads()
    (result,) = regexp.fit([LINEAR], threads=1)
    assert result.machine["threads"] == 1
    assert torch.get_num_threads() == before


@pytest.mark.parametrize(("error", "status"), [(KeyboardInterrupt(), "interrupted"), (RuntimeError("out of luck"), "failed")])
def test_a_run_that_is_cut_off_says_so(error, status, tmp_path, monkeypatch):
    def cut_off(*_):
        raise error

    monkeypatch.setattr("regexp.training.train_step", cut_off)
    with pytest.raises(type(error)):
        regexp.fit([LINEAR], tmp_path / "run")
    summary = json.loads((tmp_path / "run" / "summary.json").read_text(encoding="utf-8"))
    assert summary["status"] == status
    assert type(error).__name__ in summary["reason"]
    with pytest.raises(ValueError, match=f"must hold a run that has ended, got status '{status}'"):
        regexp.load(tmp_path / "run")
