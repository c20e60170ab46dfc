"""``regexp-train resume=...`` and repeated studies, with real processes and real signals."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from regexp import stored
from regexp.files.history import read_metrics
from test_resume import same_run

QUICK = ("curves=false", "threads=1", "dataset.features=64")
STUDY = (
    *("-m", "epochs=150", "model=mlp", "model.hidden=[16]", "dataset.features=64", "seed=1,2", "study=s"),
    *("regularizer=[early_stopping]", "regularizer.early_stopping.patience=20,200", "checkpoint.seconds=0.1"),
)


def summary(folder: Path) -> dict:
    return json.loads((folder / "summary.json").read_text(encoding="utf-8"))


def wait_for(condition, command) -> None:
    deadline = time.monotonic() + 100
    while not condition():
        assert time.monotonic() < deadline, command.err
        time.sleep(0.002)


def rows_in(folder: Path) -> int:
    file = folder / "metrics.csv"
    return file.read_bytes().count(b"\n") - 1 if file.exists() else 0


def kill_at(command, folder: Path, rows: int, later: float, number: int = signal.SIGKILL) -> None:
    """Send the signal when the run has recorded so many rows, and some seconds later, if it has not ended before."""
    wait_for(lambda: rows_in(folder) >= rows or not command.runs, command)
    time.sleep(later)
    kill(command.pid, number)


def kill(process: int, number: int = signal.SIGKILL) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(process, number)


def events_are_the_metrics(folder: Path) -> None:
    (file,) = folder.glob("events.*")
    accumulator = EventAccumulator(str(file), size_guidance={"scalars": 0})
    accumulator.Reload()
    rows = read_metrics(folder)
    for tag in accumulator.Tags()["scalars"]:
        points = accumulator.Scalars(tag)
        assert [(point.step, point.value) for point in points] == [
            (row["epoch"], pytest.approx(row[tag], rel=1e-6)) for row in rows
        ]
        assert all(a.step < b.step and a.wall_time <= b.wall_time for a, b in itertools.pairwise(points))


MODELS = {"linear": ("model=linear",), "mlp": ("model=mlp", "model.hidden=[16]")}
OPTIMIZERS = {"sgd": ("optimizer=sgd",), "momentum": ("optimizer=sgd", "optimizer.momentum=0.9"), "adam": ("optimizer=adam",)}
STOP = "regularizer.early_stopping"
REGULARIZERS = {
    "none": ("regularizer=[]",),
    "weight_decay": ("regularizer=weight_decay",),
    "l2": ("regularizer=l2",),
    "l1": ("regularizer=l1",),
    "l1_subgradient": ("regularizer=l1_subgradient",),
    "l1_l2": ("regularizer=[l1,l2]",),
    "max_norm": ("regularizer=max_norm", "regularizer.max_norm.limit=0.5"),
    "input_noise": ("regularizer=input_noise", "regularizer.input_noise.std=0.5"),
    "dropout": ("regularizer=dropout", "regularizer.dropout.rate=0.3", "regularizer.dropout.input_rate=0.1"),
    "input_dropout": ("regularizer=dropout", "regularizer.dropout.rate=0", "regularizer.dropout.input_rate=0.2"),
    "patience": ("regularizer=early_stopping", f"{STOP}.patience=8"),
    "gl": ("regularizer=early_stopping", f"{STOP}.criterion=gl", f"{STOP}.alpha=20"),
    "pq": ("regularizer=early_stopping", f"{STOP}.criterion=pq", f"{STOP}.alpha=3"),
    "up": ("regularizer=early_stopping", f"{STOP}.criterion=up", f"{STOP}.strips=4"),
    "dropout_patience": ("regularizer=[dropout,early_stopping]", "regularizer.dropout.rate=0.3"),
    "augmentation": ("regularizer=augmentation", "dataset=fashion_mnist", "dataset.train_size=80", "dataset.val_size=80"),
}
ALWAYS = {("linear", "weight_decay", "sgd"), ("linear", "l1_l2", "adam"), ("mlp", "dropout_patience", "sgd")}
ONLY = {"dropout": "mlp", "input_dropout": "linear", "dropout_patience": "mlp", "augmentation": "mlp"}
KILLED = [
    pytest.param(*names, marks=[] if names in ALWAYS else [pytest.mark.long], id="-".join(names))
    for names in itertools.product(MODELS, REGULARIZERS, OPTIMIZERS)
    if ONLY.get(names[1], names[0]) == names[0]
]


@pytest.mark.fault("F1", "F2", "F28", "F29")
@pytest.mark.parametrize(("model", "regularizer", "optimizer"), KILLED)
def test_a_run_that_is_killed_at_any_time_ends_as_if_it_had_not_been(
    model, regularizer, optimizer, start, draw, times, injected, tmp_path
):
    own = [*REGULARIZERS[regularizer], *MODELS[model], *OPTIMIZERS[optimizer]]
    small = [] if regularizer == "augmentation" else ["dataset.features=64"]
    run = ("epochs=20", *own, *small, "curves=false", "threads=1", "checkpoint.seconds=0")  # kills hit saves: each step has one
    whole, cut = start(*run, "hydra.run.dir=whole"), start(*run, "hydra.run.dir=cut", "resume=auto")
    folder, rows = tmp_path / "cut", 0
    for again in draw.sample([("resume=cut",), (*run, "hydra.run.dir=cut", "resume=auto")], times(2, 1)):
        rows += draw.randint(1, 7)
        kill_at(cut, folder, rows, draw.uniform(0, 0.02))
        if cut.finish().code == 0 or summary(folder)["status"] == "completed":  # it has stopped early before that
            break
        injected("F1", "SIGKILL of single runs")
        injected("F2", "of these kills in a save", any(folder.rglob("*.tmp")))
        assert summary(folder)["status"] == "running"
        if rows > 1:  # before the first step there is nothing to save
            stored.checkpoint.load(folder / "checkpoints/last.pt")  # not the one before: the newest itself is whole
        tear(folder / "metrics.csv", injected)
        cut = start(*again)
    else:
        assert cut.finish().code == 0, cut.err
    assert whole.finish().code == 0, whole.err
    same_run(folder, tmp_path / "whole")
    assert not list(folder.rglob("*.tmp"))
    events_are_the_metrics(folder)
    injected("F28", "event files compared after kills")


def tear(metrics: Path, injected) -> None:
    content = metrics.read_bytes()
    metrics.write_bytes(content[:-3])
    injected("F29", "torn lines")


@pytest.mark.fault("F4")
def test_sigterm_saves_and_is_status_143_and_the_run_goes_on_in_its_own_words(start, command_line, tmp_path):
    run = ("epochs=150", *QUICK, "seed=5")
    whole, cut = start(*run, "hydra.run.dir=whole"), start(*run, "hydra.run.dir=cut")
    kill_at(cut, tmp_path / "cut", 10, 0.0, signal.SIGTERM)
    ended = cut.finish()
    assert ended.code == 143
    assert "SIGTERM: saving, then ending" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert (tmp_path / "cut/checkpoints/last.pt").exists()
    asked = {file: file.read_bytes() for file in (tmp_path / "cut/.hydra").iterdir()}
    command = summary(tmp_path / "cut")["command"]
    again = command_line("resume=cut")
    assert again.code == 0, again.stderr
    assert "tensorboard --logdir cut" in again.stdout
    assert whole.finish().code == 0
    same_run(tmp_path / "cut", tmp_path / "whole")
    assert {file: file.read_bytes() for file in asked} == asked
    assert summary(tmp_path / "cut")["command"] == command
    finished = command_line("resume=cut", "epochs=150", "seed=5")
    assert finished.code == 0
    assert "cut has ended (completed, 150 epochs): there is nothing to go on with" in finished.stdout
    raised = command_line("resume=cut", "epochs=152", "threads=2", "checkpoint.every=2", "on_divergence=raise")
    assert raised.code == 0, raised.stderr
    changed = "epochs=152 threads=2 on_divergence=raise checkpoint.every=2"
    assert (
        summary(tmp_path / "cut")["command"].split("regexp-train ")[1] == f"curves=false dataset.features=64 seed=5 {changed}"
    )
    assert summary(tmp_path / "cut")["overrides"][-4:] == changed.split()
    assert read_metrics(tmp_path / "cut")[-1]["epoch"] == 152


@pytest.mark.fault("F13")
def test_what_would_be_another_run_is_refused_with_both_values(command_line, tmp_path):
    assert command_line("epochs=2", *QUICK, "hydra.run.dir=run").code == 0
    before = {file: file.read_bytes() for file in tmp_path.rglob("*.*") if file.is_file()}
    changes = (
        "optimizer.lr=0.5",
        "model=mlp",
        "regularizer=[l2]",
        "epochs=1",
        "seeed=3",
        "hydra.run.dir=x",
        "dataset.features=64",
        "loss=quadratic",
        "batch_size=7",
        "dtype=float64",
        "save=last",
        "foo=1",
    )
    refused = command_line("resume=run", *changes)
    assert refused.code == 1
    lines = {line.split()[0]: line for line in refused.stderr.splitlines()}
    assert lines["optimizer.lr"].startswith("optimizer.lr must be that of the saved run (0.01), got 0.5:")
    assert "regexp.models.linear.Linear" in lines["model"]
    assert "(['weight_decay']), got ['l2']" in lines["regularizer"]
    assert lines["epochs"] == "epochs may only be raised, and were 2, got 1"
    assert lines["seeed"] == "seeed is no key: did you mean seed?"
    assert "does not go with resume=FOLDER" in lines["hydra.run.dir"]
    assert lines["loss"].startswith("loss must fit")
    assert lines["batch_size"].startswith("batch_size must be that of the saved run (5), got 7:")
    assert lines["dtype"].startswith("dtype must be that of the saved run ('float32'), got 'float64':")
    assert lines["foo"].startswith("foo is no key: there are ")
    assert lines["foo"].count(" epochs,") == 1
    assert len(lines) == 10
    other = command_line("epochs=2", *QUICK, "hydra.run.dir=run", "resume=auto", "seed=3")
    assert other.code == 1
    assert "seed must be that of the saved run (0), got 3" in other.stderr
    nowhere = command_line("resume=nowhere")
    assert (nowhere.code, "nowhere is no folder" in nowhere.stderr) == (1, True)
    empty = command_line("resume=")
    assert (empty.code, "resume must be auto, null or the folder of a run, and is empty" in empty.stderr) == (1, True)
    above = command_line(f"resume={tmp_path}")
    assert (above.code, f"holds none: give the folder of one run, such as {tmp_path / 'run'}" in above.stderr) == (1, True)
    sweep = command_line("-m", "seed=1,2", "resume=run")
    assert (sweep.code, "resume goes on with one run" in sweep.stderr) == (1, True)
    assert {file: file.read_bytes() for file in tmp_path.rglob("*.*") if file.is_file()} == before


@pytest.mark.fault("F20")
def test_a_run_in_training_is_not_gone_on_with_by_another_process(start, command_line, tmp_path):
    running = start("epochs=1000000", *QUICK, "hydra.run.dir=run")
    wait_for(lambda: rows_in(tmp_path / "run") > 3, running)
    refused = command_line("resume=run")
    assert refused.code == 1
    assert "a process is training it" in refused.stderr


def test_a_damaged_configuration_is_told_from_a_folder_without_a_run(command_line, tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run/config.yaml").write_text("epochs: [", encoding="utf-8")
    refused = command_line("resume=run")
    assert refused.code == 1
    assert "resume: run/config.yaml is damaged" in refused.stderr
    assert "holds none" not in refused.stderr


def test_a_run_that_was_killed_before_it_began_starts_in_its_folder(command_line, tmp_path):
    run = ("epochs=2", *QUICK, "hydra.run.dir=run")
    assert command_line(*run).code == 0
    for file in (tmp_path / "run").glob("*.*"):  # what Hydra writes comes first
        if file.is_file():
            file.unlink()
    stored.checkpoint.remove(tmp_path / "run/checkpoints/last.pt")
    assert command_line("resume=run").code == 0
    assert summary(tmp_path / "run")["status"] == "completed"


@pytest.mark.fault("F1", "F28")
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_study_that_was_cut_goes_on_when_its_command_is_repeated(
    number, start, command_line, draw, times, injected, tmp_path
):
    study = tmp_path / "outputs/s"
    for _ in range(times(1, 5)):
        cut, before = start(*STUDY), saved_at(study)
        wait_for(lambda: saved_at(study) > before or not cut.runs, cut)  # noqa: B023
        time.sleep(draw.uniform(0, 0.1))
        kill(cut.pid, number)
        if cut.finish().code == 0:
            break
        injected("F1" if number == signal.SIGKILL else "F4", f"{signal.Signals(number).name} of studies, four runs in a stack")
    if number == signal.SIGTERM:
        statuses = {summary(file.parent)["status"] for file in study.glob("*/summary.json")}
        assert json.loads((study / "sweep.json").read_text(encoding="utf-8"))["runs"]["interrupted"] >= 1
        assert "running" not in statuses
    again = command_line(*STUDY)
    assert again.code == 0, again.stderr
    assert "go on after epoch" in again.stderr
    assert not (study / ".stacks").exists()
    same_study(study, command_line)


@pytest.mark.long  # workers import torch, each anew
@pytest.mark.fault("F1")
def test_a_machine_that_dies_with_its_processes_loses_nothing(start, command_line, draw, times, injected, tmp_path):
    study, engine = tmp_path / "outputs/s", ("hydra.launcher.engine=joblib", "hydra.launcher.workers=2")
    sweep = (*STUDY, *engine, "hydra.launcher.max_stack=2")
    for _ in range(times(1, 3)):
        cut, before = start(*sweep), saved_at(study)
        wait_for(lambda: saved_at(study) > before or not cut.runs, cut)  # noqa: B023
        time.sleep(draw.uniform(0, 0.1))
        for process in [cut.pid, *children(cut.pid)]:  # the command first: it can note nothing
            kill(process)
        if cut.finish().code == 0:
            break
        injected("F1", "SIGKILL of commands with their joblib workers")
        assert {summary(file.parent)["status"] for file in study.glob("*/summary.json")} <= {"running", "completed"}
    again = command_line(*sweep)
    assert again.code == 0, again.stderr
    assert not (study / ".stacks").exists()
    same_study(study, command_line)


def saved_at(study: Path) -> float:
    """When a stack of the study was saved last, from the second time on."""
    return max((file.stat().st_mtime for file in study.glob(".stacks/*.previous")), default=0.0)


def children(process: int) -> list[int]:
    found = subprocess.run(["pgrep", "-P", str(process)], capture_output=True, text=True, encoding="utf-8", check=False)
    return [int(line) for line in found.stdout.split()]


def same_study(study: Path, command_line) -> None:
    """It holds the runs of one that was never cut."""
    whole = command_line(*STUDY[:-1], "hydra.sweep.dir=whole", "study=null", "compare=false")
    assert whole.code == 0, whole.stderr
    folders = list(study.glob("*-*/"))
    assert len(folders) == 4
    for folder in folders:
        assert (folder / "metrics.csv").read_bytes() == (study.parents[1] / "whole" / folder.name / "metrics.csv").read_bytes()
        events_are_the_metrics(folder)


@pytest.mark.fault("F4")
def test_sigterm_while_data_are_loaded(start, command_line, tmp_path):
    (tmp_path / "slow.py").write_text(SLOW, encoding="utf-8")
    """Before a run begins nothing of it is written; one that goes on is as far as it was."""
    run = ("dataset._target_=slow.Slow", "~dataset.train_size", "curves=false", "threads=1")

    def terminated(*arguments):
        (tmp_path / "loading").unlink(missing_ok=True)
        cut = start(*arguments)
        wait_for((tmp_path / "loading").exists, cut)
        os.kill(cut.pid, signal.SIGTERM)
        ended = cut.finish()
        assert ended.code == 143
        assert "Traceback" not in ended.stderr

    terminated(*run, "epochs=1", "hydra.run.dir=cut")
    assert not (tmp_path / "cut").exists()
    (tmp_path / "go").touch()
    assert command_line(*run, "epochs=1", "hydra.run.dir=cut").code == 0
    assert (tmp_path / "loading").read_text(encoding="utf-8").count("loaded") == 1  # not once more to see whether they can be
    (tmp_path / "go").unlink()
    terminated("resume=cut", "epochs=3")
    assert summary(tmp_path / "cut")["status"] == "interrupted"
    (tmp_path / "go").touch()
    assert command_line("resume=cut").code == 0
    assert command_line(*run, "epochs=3", "hydra.run.dir=whole").code == 0
    ours, whole = (tmp_path / name / "metrics.csv" for name in ("cut", "whole"))
    assert ours.read_bytes() == whole.read_bytes()


SLOW = """
import dataclasses
import pathlib
import time

from regexp.datasets import SyntheticRegression


@dataclasses.dataclass(frozen=True)
class Slow(SyntheticRegression):
    def load(self, seed, dtype):
        pathlib.Path("loading").touch()
        while not pathlib.Path("go").exists():
            time.sleep(0.01)
        with open("loading", "a", encoding="utf-8") as file:
            file.write("loaded")
        return super().load(seed, dtype)
"""


@pytest.mark.fault("F4")
def test_a_run_of_a_study_goes_on_alone_and_the_study_takes_it_from_there(start, command_line, tmp_path):
    study = tmp_path / "outputs/s"
    cut = start(*STUDY)
    wait_for(lambda: list(study.glob(".stacks/*.previous")), cut)
    os.kill(cut.pid, signal.SIGTERM)
    assert cut.finish().code == 143
    folders = [f.parent for f in sorted(study.glob("*/summary.json")) if summary(f.parent)["status"] == "interrupted"]
    first, *others = folders
    alone = command_line(f"resume={first.relative_to(tmp_path)}")
    assert alone.code == 0, alone.stderr
    assert summary(first)["status"] == "completed"
    assert not list(first.glob("checkpoints/*"))  # as the study asked: save=none
    assert re.search(r"going on alone after epoch \d+, before in a stack of \d: the bits may differ", log_of(first))
    longer = command_line(f"resume={others[0].relative_to(tmp_path)}", "epochs=500")
    assert longer.code == 1
    assert "epochs cannot be raised in the folder of a sweep" in longer.stderr
    rest = command_line(*STUDY)
    assert rest.code == 0, rest.stderr
    assert {summary(folder)["status"] for folder in folders} == {"completed"}
    assert all("before in a stack of" in log_of(folder) for folder in others)


def log_of(folder: Path) -> str:
    return (folder / "train.log").read_text(encoding="utf-8")
