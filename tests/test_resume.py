"""A training that is cut anywhere and goes on ends with the bits of the one that was not: alone, by signals, on a full disk."""

from __future__ import annotations

import hashlib
import itertools
import json
import logging
import os
import random
import resource
import signal
import subprocess
from contextlib import contextmanager
from dataclasses import replace

import pytest

import regexp
from regexp import stopping, training
from regexp.datasets import SyntheticRegression
from regexp.files import atomic, checkpoint
from regexp.files.checkpoint import Pace
from regexp.files.history import read_metrics
from regexp.models import MLP, Linear
from regexp.optim import SGD, Adam
from regexp.regularizers import L1, L2, Dropout, EarlyStopping, L1Subgradient, WeightDecay
from regexp.results import Result
from regexp.rules import Invalid
from support import Blobs

LINEAR = regexp.Experiment(SyntheticRegression(), Linear(), SGD(0.01), [WeightDecay(1.0)], epochs=6, batch_size=5)
NETWORK = regexp.Experiment(Blobs(), MLP(hidden=(16,)), Adam(0.01), epochs=6, batch_size=16)
MOVING = SGD(0.01, momentum=0.9)
STOPPING = EarlyStopping(patience=2)
GRID = [
    LINEAR,
    replace(LINEAR, optimizer=MOVING, regularizers=[L1(0.01)], eval_every=4),
    replace(LINEAR, optimizer=Adam(0.01), regularizers=[L1Subgradient(0.01), L2(0.1)], dtype="float64"),
    replace(NETWORK, regularizers=[Dropout(0.5, 0.2)]),
    replace(NETWORK, regularizers=[WeightDecay(0.1), Dropout(0.3), STOPPING], dataset=Blobs(spread=8.0), epochs=40),
    replace(NETWORK, optimizer=MOVING, regularizers=[STOPPING, L1(0.001)], batch_size=None),
]
NAMES = ["linear", "momentum_l1", "adam_l2", "dropout", "early_stopping", "full_batch"]


def fit(experiment, folder, **options) -> Result:
    (result,) = regexp.fit([experiment], folder, threads=1, tensorboard=False, curves=False, **options)
    return result


def digest(result: Result) -> str:
    """SHA-256 of all weights, with their names."""
    found = hashlib.sha256()
    for which, name in itertools.product(sorted(result.weights), sorted(result.weights["last"])):
        found.update(f"{which} {name}".encode() + result.weights[which][name].numpy().tobytes())
    return found.hexdigest()


def same_run(folder, whole) -> None:
    """Both folders hold the same run: every row, every weight, the best epoch."""
    ours, theirs = regexp.load(folder), regexp.load(whole)
    assert (folder / "metrics.csv").read_bytes() == (whole / "metrics.csv").read_bytes()
    assert digest(ours) == digest(theirs)
    assert (ours.status, ours.final_epoch, ours.best_epoch) == (theirs.status, theirs.final_epoch, theirs.best_epoch)


def steps_saved(folder) -> int:
    file = folder / "checkpoints/last.pt"
    return checkpoint.load(file)["step"] if file.exists() else 0


def summary(folder) -> dict:
    return json.loads((folder / "summary.json").read_text(encoding="utf-8"))


@contextmanager
def before(monkeypatch, what: str, when: int, then):
    """Inside the block ``then`` is called before the ``when``-th call of a function of the training loop."""
    calls, function = itertools.count(1), getattr(training, what)

    def watched(*arguments):
        if next(calls) == when:
            then()
        return function(*arguments)

    with monkeypatch.context() as patched:
        patched.setattr(training, what, watched)
        yield


def die() -> None:
    raise MemoryError("as if killed: nothing is saved any more")


def to_self(*signals: int):
    return lambda: [os.kill(os.getpid(), number) for number in signals]


@pytest.fixture
def whole(request, tmp_path):
    fit(request.param, tmp_path / "whole")
    return request.param, tmp_path / "whole"


@pytest.mark.parametrize("whole", GRID, ids=NAMES, indirect=True)
@pytest.mark.parametrize("pace", [Pace(every=2, seconds=None), Pace(seconds=0)], ids=str)
def test_a_run_that_is_cut_and_goes_on_is_the_run_that_was_not(whole, pace, tmp_path, monkeypatch):
    experiment, unbroken = whole
    draw, total = random.Random(repr(pace)), regexp.load(unbroken).snapshot["step"]
    for _ in range(3):  # cut, go on, be cut again
        left = total - steps_saved(tmp_path / "cut")
        with before(monkeypatch, "train_step", draw.randint(1, left), die), pytest.raises(MemoryError):
            fit(experiment, tmp_path / "cut", checkpoint=pace, resume=True)
    assert summary(tmp_path / "cut")["status"] == "failed"
    fit(experiment, tmp_path / "cut", checkpoint=pace, resume=True)
    same_run(tmp_path / "cut", unbroken)


@pytest.mark.fault("F16")
@pytest.mark.parametrize("whole", [GRID[4]], indirect=True)
def test_early_stopping_remembers(whole, tmp_path, monkeypatch):
    experiment, unbroken = whole
    stopped = regexp.load(unbroken).epochs_run
    assert stopped < experiment.epochs
    with before(monkeypatch, "evaluate", stopped, die), pytest.raises(MemoryError):  # patience is half used up
        fit(experiment, tmp_path / "cut", checkpoint=Pace(every=1))
    assert checkpoint.load(tmp_path / "cut/checkpoints/last.pt")["epoch"] == stopped - 2
    assert fit(experiment, tmp_path / "cut", resume=True).epochs_run == stopped
    same_run(tmp_path / "cut", unbroken)


@pytest.mark.fault("F4", "F5")
@pytest.mark.parametrize("whole", [GRID[3]], ids=["dropout"], indirect=True)
@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
@pytest.mark.parametrize(("what", "when"), [("train_step", 8), ("evaluate", 4)])
def test_a_signal_saves_and_ends(whole, what, when, number, status, tmp_path, monkeypatch):
    experiment, unbroken = whole
    handlers = [signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM)]
    with before(monkeypatch, what, when, to_self(number)), pytest.raises(stopping.Stopped) as stopped:
        fit(experiment, tmp_path / "cut")
    assert stopped.value.status == status
    assert [signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM)] == handlers
    told = summary(tmp_path / "cut")
    assert (told["status"], told["reason"]) == ("interrupted", f"Stopped: {signal.Signals(number).name}")
    assert checkpoint.load(tmp_path / "cut/checkpoints/last.pt")["step"] == (8 if what == "train_step" else 9)
    with before(monkeypatch, "evaluate", 1, lambda: None):
        fit(experiment, tmp_path / "cut", resume=True)
    same_run(tmp_path / "cut", unbroken)


@pytest.mark.fault("F4")
@pytest.mark.parametrize("whole", [LINEAR], indirect=True)
def test_a_signal_while_data_are_loaded_ends_at_once_and_the_run_starts_again(whole, tmp_path, monkeypatch):
    experiment, unbroken = whole
    with monkeypatch.context() as patched, stopping.at_once(), pytest.raises(stopping.Stopped) as stopped:
        patched.setattr("regexp.recording.facts.load_data", lambda _: to_self(signal.SIGTERM)())
        fit(experiment, tmp_path / "cut")
    assert stopped.value.status == 143
    assert summary(tmp_path / "cut")["status"] == "interrupted"
    fit(experiment, tmp_path / "cut", resume=True)
    same_run(tmp_path / "cut", unbroken)


@pytest.mark.fault("F5")
def test_the_second_signal_ends_at_once(tmp_path, monkeypatch):
    twice = to_self(signal.SIGINT, signal.SIGINT)
    with before(monkeypatch, "train_step", 5, twice), pytest.raises(stopping.Stopped) as stopped:
        fit(LINEAR, tmp_path / "cut")
    assert stopped.value.status == 130
    assert summary(tmp_path / "cut")["status"] == "interrupted"
    assert not (tmp_path / "cut/checkpoints").exists()


def test_without_a_folder_there_is_nothing_to_save_and_a_signal_ends_at_once(monkeypatch):
    with before(monkeypatch, "train_step", 5, to_self(signal.SIGINT)), pytest.raises(KeyboardInterrupt) as caught:
        regexp.fit([LINEAR])
    assert type(caught.value) is KeyboardInterrupt


@pytest.mark.fault("F8")
@pytest.mark.parametrize("whole", [GRID[3]], ids=["dropout"], indirect=True)
@pytest.mark.parametrize(("file", "step", "epoch"), [("last.pt", 5, 1), ("metrics.csv", 17, 4)])
def test_a_full_disk_is_told_and_the_checkpoint_before_is_intact(whole, file, step, epoch, tmp_path, monkeypatch):
    experiment, unbroken = whole
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)

    def fill() -> None:
        size = 15_000 if file == "last.pt" else (tmp_path / "cut/metrics.csv").stat().st_size + 20
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))

    with before(monkeypatch, "train_step", step, fill):
        try:
            with pytest.raises(OSError, match=rf"cannot write .*{file} \(\d+ bytes\): File too large") as full:
                fit(experiment, tmp_path / "cut", checkpoint=Pace(every=1 if file == "last.pt" else 2))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert "intact" in str(full.value)
    assert checkpoint.load(tmp_path / "cut/checkpoints/last.pt")["epoch"] == epoch
    assert summary(tmp_path / "cut")["status"] == ("failed" if file == "last.pt" else "running")  # not even that can be written
    assert not list(tmp_path.rglob("*.tmp"))
    fit(experiment, tmp_path / "cut", resume=True)
    same_run(tmp_path / "cut", unbroken)


@pytest.mark.fault("F3", "F29")
@pytest.mark.parametrize("whole", [LINEAR], indirect=True)
def test_what_a_kill_left_half_written_is_cleared(whole, tmp_path, monkeypatch):
    experiment, unbroken = whole
    folder = tmp_path / "cut"
    with before(monkeypatch, "train_step", 15, die), pytest.raises(MemoryError):
        fit(experiment, folder, checkpoint=Pace(every=1))
    metrics = folder / "metrics.csv"
    metrics.write_bytes(metrics.read_bytes() + b"4,0.123,0.4")  # torn
    dead = subprocess.Popen(["true"])
    dead.wait()
    for path in (folder / "summary.json", folder / "checkpoints/last.pt"):
        stale = atomic.temporary_of(path, dead.pid)
        stale.write_bytes(b"torn")
    fit(experiment, folder, resume=True)
    same_run(folder, unbroken)
    assert not list(folder.rglob("*.tmp"))


@pytest.mark.parametrize("whole", [GRID[3]], ids=["dropout"], indirect=True)
def test_epochs_can_be_raised_of_a_finished_run(whole, tmp_path):
    experiment, unbroken = whole
    fit(replace(experiment, epochs=2), tmp_path / "raised")
    fit(experiment, tmp_path / "raised", resume=True)
    same_run(tmp_path / "raised", unbroken)
    assert summary(tmp_path / "raised")["config_hash"] == experiment.hash()
    again = fit(experiment, tmp_path / "raised", resume=True)  # nothing is left to train
    assert digest(again) == digest(regexp.load(unbroken))


def test_more_epochs_do_not_change_a_run_that_has_stopped_or_diverged(tmp_path):
    for name, experiment in (("stopped", GRID[4]), ("diverged", replace(LINEAR, optimizer=SGD(10.0), epochs=60))):
        first = fit(experiment, tmp_path / name)
        more = fit(replace(experiment, epochs=100), tmp_path / name, resume=True)
        assert first.epochs_run < experiment.epochs
        assert (more.status, more.epochs_run, more.reason) == (first.status, first.epochs_run, first.reason)
        assert read_metrics(tmp_path / name)[-1]["epoch"] == first.epochs_run


def test_a_run_whose_weights_were_not_kept_is_not_trained_over(tmp_path):
    fit(LINEAR, tmp_path / "run", save="none")
    before = {file: file.read_bytes() for file in tmp_path.rglob("*.*") if file.is_file()}
    with pytest.raises(Invalid, match="has ended without keeping them: train it elsewhere"):
        fit(replace(LINEAR, epochs=9), tmp_path / "run", save="none", resume=True)
    assert {file: file.read_bytes() for file in before} == before


@pytest.mark.fault("F13")
@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"seed": 3}, r"resume\.seed must be that of the saved run \(0\), got 3: leave it out"),
        ({"optimizer": SGD(0.5), "epochs": 9}, r"resume\.optimizer\.lr must be that of the saved run \(0\.01\), got 0\.5"),
        ({"optimizer": Adam(0.5)}, r"resume\.optimizer\._target_ must be .*SGD.*, got .*Adam"),
        ({"regularizers": []}, r"weight_decay\._target_ must be .*, got nothing"),
        ({"epochs": 5}, r"resume\.epochs may only be raised, and were 6, got 5"),
        ({"dataset": SyntheticRegression(noise=0.5)}, r"resume\.dataset\.noise must be .* \(0\.01\), got 0\.5"),
    ],
)
def test_another_run_is_refused_by_name(changed, said, tmp_path):
    fit(LINEAR, tmp_path / "run")
    before = {file: file.read_bytes() for file in tmp_path.rglob("*.*") if file.is_file()}
    with pytest.raises(Invalid, match=said):
        fit(replace(LINEAR, **changed), tmp_path / "run", resume=True)
    assert {file: file.read_bytes() for file in before} == before


def altered(folder, change) -> None:
    file = folder / "checkpoints/last.pt"
    payload = checkpoint.load(file)
    change(payload)
    checkpoint.remove(file)
    checkpoint.save(file, payload)


@pytest.mark.fault("F13")
def test_other_data_are_refused_and_another_machine_is_warned_of(tmp_path, caplog):
    fit(replace(LINEAR, epochs=2), tmp_path / "run")
    altered(tmp_path / "run", lambda payload: payload["about"]["versions"].update(torch="1.0"))
    with caplog.at_level(logging.WARNING):
        fit(LINEAR, tmp_path / "run", resume=True)
    assert "going on with versions.torch 1.0 -> " in caplog.text
    assert "the bits may differ" in caplog.text
    altered(tmp_path / "run", lambda payload: payload["runs"][0]["data_hashes"].update({"train.gz": "ab"}))
    with pytest.raises(Invalid, match=r"data train\.gz must be that of the saved run \('ab'\), got nothing"):
        fit(replace(LINEAR, epochs=9), tmp_path / "run", resume=True)


@pytest.mark.fault("F10")
def test_a_damaged_checkpoint_falls_back_to_the_one_before(tmp_path, monkeypatch, caplog):
    with before(monkeypatch, "train_step", 15, die), pytest.raises(MemoryError):
        fit(LINEAR, tmp_path / "cut", checkpoint=Pace(every=1))
    file = tmp_path / "cut/checkpoints/last.pt"
    file.write_bytes(file.read_bytes()[:-100])
    with caplog.at_level(logging.WARNING):
        result = fit(LINEAR, tmp_path / "cut", resume=True)
    assert "last.pt is damaged" in caplog.text
    assert "the one before it is last.pt.previous" in caplog.text
    assert digest(result) == digest(fit(LINEAR, tmp_path / "whole"))


def test_signals_that_are_ignored_stay_ignored():
    old = signal.signal(signal.SIGINT, signal.SIG_IGN)  # as the shell sets it for a program in the background
    try:
        with stopping.politely() as request:
            to_self(signal.SIGINT)()
            assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
        assert request.number is None
    finally:
        signal.signal(signal.SIGINT, old)


def test_a_stack_of_several_leaves_no_checkpoint_and_one_of_its_runs_can_go_on_alone(tmp_path, monkeypatch, caplog):
    stack = [replace(NETWORK, seed=seed, regularizers=[EarlyStopping(patience=p)]) for seed in (0, 1) for p in (2, 20)]
    with before(monkeypatch, "train_step", 10, to_self(signal.SIGTERM)), pytest.raises(stopping.Stopped):
        regexp.fit(stack, tmp_path / "cut", threads=1, tensorboard=False)
    (file,) = (tmp_path / "cut/.stacks").iterdir()
    assert checkpoint.load(file)["step"] == 10
    for experiment in stack:
        (folder,) = (tmp_path / "cut").glob(f"*{experiment.hash()}")
        fit(experiment, folder, resume=True)
        assert "going on alone after epoch 3, before in a stack of 4: the bits may differ" in caplog.text
        caplog.clear()
        fit(experiment, tmp_path / experiment.hash())
        same_run(folder, tmp_path / experiment.hash())
    regexp.fit(stack, tmp_path / "done", threads=1, checkpoint=Pace(every=1), tensorboard=False)
    assert not (tmp_path / "done/.stacks").exists()
    (ended,) = (tmp_path / "done").glob(f"*{stack[1].hash()}")
    fit(replace(stack[1], epochs=7), ended, resume=True)
    assert "going on alone after epoch 6, before in a stack of 4: the bits may differ" in caplog.text
