"""``regexp-train resume=...`` and repeated studies, with real processes and real signals."""

from __future__ import annotations

import itertools
import json
import os
import random
import signal
import time
from pathlib import Path

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from regexp import stored
from regexp.history import read_metrics
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


def kill_at(command, folder: Path, rows: int, number: int = signal.SIGKILL):
    """Send the signal when the run has recorded so many rows, and a little later."""
    wait_for(lambda: rows_in(folder) >= rows, command)
    time.sleep(random.Random(rows).uniform(0, 0.02))
    os.kill(command.pid, number)


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


KILLED = {
    "linear": ("model=linear", "regularizer=weight_decay"),
    "l1_adam": ("model=linear", "optimizer=adam", "regularizer=[l1,l2]"),
    "early": ("model=mlp", "model.hidden=[16]", "regularizer=[dropout,early_stopping]", "regularizer.dropout.rate=0.3"),
}


@pytest.mark.parametrize("name", KILLED)
def test_a_run_that_is_killed_at_any_time_ends_as_if_it_had_not_been(name, start, command_line, tmp_path):
    run = ("epochs=50", *QUICK, *KILLED[name], "checkpoint.seconds=0")  # saves after every step, so that kills hit saves
    whole = start(*run, "hydra.run.dir=whole")
    cut, draw = start(*run, "hydra.run.dir=cut", "resume=auto"), random.Random(name)
    rows = 0
    for again in (("resume=cut",), (*run, "hydra.run.dir=cut", "resume=auto")):
        rows += draw.randint(3, 12)
        kill_at(cut, tmp_path / "cut", rows)
        assert cut.finish().code == -signal.SIGKILL
        assert summary(tmp_path / "cut")["status"] == "running"
        stored.checkpoint.load(tmp_path / "cut/checkpoints/last.pt")  # always whole
        metrics = tmp_path / "cut/metrics.csv"
        metrics.write_bytes(metrics.read_bytes()[:-3])
        cut = start(*again)
    assert cut.finish().code == 0, cut.err
    assert whole.finish().code == 0
    same_run(tmp_path / "cut", tmp_path / "whole")
    events_are_the_metrics(tmp_path / "cut")


def test_sigterm_saves_and_is_status_143_and_the_run_goes_on_in_its_own_words(start, command_line, tmp_path):
    run = ("epochs=150", *QUICK, "seed=5")
    whole, cut = start(*run, "hydra.run.dir=whole"), start(*run, "hydra.run.dir=cut")
    kill_at(cut, tmp_path / "cut", 10, signal.SIGTERM)
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
    raised = command_line("resume=cut", "epochs=152")
    assert raised.code == 0, raised.stderr
    assert summary(tmp_path / "cut")["command"].endswith("epochs=152")
    assert read_metrics(tmp_path / "cut")[-1]["epoch"] == 152


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
    assert len(lines) == 6
    other = command_line("epochs=2", *QUICK, "hydra.run.dir=run", "resume=auto", "seed=3")
    assert other.code == 1
    assert "seed must be that of the saved run (0), got 3" in other.stderr
    nowhere = command_line("resume=nowhere")
    assert (nowhere.code, "nowhere is no folder" in nowhere.stderr) == (1, True)
    sweep = command_line("-m", "seed=1,2", "resume=run")
    assert (sweep.code, "resume goes on with one run" in sweep.stderr) == (1, True)
    assert {file: file.read_bytes() for file in tmp_path.rglob("*.*") if file.is_file()} == before


def test_a_run_in_training_is_not_gone_on_with_by_another_process(start, command_line, tmp_path):
    running = start("epochs=1000000", *QUICK, "hydra.run.dir=run")
    wait_for(lambda: rows_in(tmp_path / "run") > 3, running)
    refused = command_line("resume=run")
    assert refused.code == 1
    assert "a process is training it" in refused.stderr


def test_a_run_that_was_killed_before_it_began_starts_in_its_folder(command_line, tmp_path):
    run = ("epochs=2", *QUICK, "hydra.run.dir=run")
    assert command_line(*run).code == 0
    for file in (tmp_path / "run").glob("*.*"):  # what Hydra writes comes first
        if file.is_file():
            file.unlink()
    stored.checkpoint.remove(tmp_path / "run/checkpoints/last.pt")
    assert command_line("resume=run").code == 0
    assert summary(tmp_path / "run")["status"] == "completed"


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_study_that_was_cut_goes_on_when_its_command_is_repeated(number, start, command_line, tmp_path):
    study = tmp_path / "outputs/s"
    cut = start(*STUDY)
    wait_for(lambda: list(study.glob(".stacks/*.previous")), cut)  # saved twice
    os.kill(cut.pid, number)
    assert cut.finish().code == (143 if number == signal.SIGTERM else -number)
    statuses = {summary(file.parent)["status"] for file in study.glob("*/summary.json")}
    if number == signal.SIGTERM:
        assert json.loads((study / "sweep.json").read_text(encoding="utf-8"))["runs"]["interrupted"] >= 1
        assert "running" not in statuses
    again = command_line(*STUDY)
    assert again.code == 0, again.stderr
    assert "go on after epoch" in again.stderr
    assert not (study / ".stacks").exists()
    whole = command_line(*STUDY[:-1], "hydra.sweep.dir=whole", "study=null")
    assert whole.code == 0, whole.stderr
    for folder in study.glob("*-*/"):
        assert (folder / "metrics.csv").read_bytes() == (tmp_path / "whole" / folder.name / "metrics.csv").read_bytes()
        events_are_the_metrics(folder)


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
    longer = command_line(f"resume={others[0].relative_to(tmp_path)}", "epochs=500")
    assert longer.code == 1
    assert "epochs cannot be raised in the folder of a sweep" in longer.stderr
    rest = command_line(*STUDY)
    assert rest.code == 0, rest.stderr
    assert {summary(folder)["status"] for folder in folders} == {"completed"}
