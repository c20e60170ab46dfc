"""A sweep ends with its comparison, whoever trained it; what cannot be compared costs one line and no failure."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from regexp.command.conclusion import conclude
from regexp.comparison.written import fingerprint, noted
from run_folders_of import ONE, write_run, write_setting
from test_comparing import decayed

SWEEP = ("-m", "epochs=2", "dataset.train_size=10", "regularizer.weight_decay.strength=0,1", "seed=1,2")
FILES = {"answer.txt", "table.csv", "table.md", "table.tex", "methods.md", "metric.png", "difference.svg"}


def written(folder: Path) -> set[str]:
    return {file.name for file in (folder / "comparison").glob("*")}


def test_a_sweep_prints_and_keeps_its_answer_and_a_study_compares_all_its_runs(command_line, tmp_path):
    first = command_line(*SWEEP, "study=s")
    assert first.code == 0, first.stderr
    folder = tmp_path / "outputs/s"
    assert written(folder) >= FILES
    answer = (folder / "comparison/answer.txt").read_text(encoding="utf-8")
    assert answer in first.stdout
    assert answer.startswith("4 runs, 2 settings, 2 seeds: test/loss")
    again = command_line(*SWEEP, "study=s")
    assert answer in again.stdout
    more = command_line(*SWEEP[:-2], "regularizer.weight_decay.strength=3", "seed=1,2", "study=s")
    assert "6 runs, 3 settings, 2 seeds" in more.stdout


def test_plain_hydra_ends_with_it_too_unless_switched_off(command_line, tmp_path):
    plain = ("hydra/sweeper=basic", "hydra/launcher=basic")
    done = command_line(*SWEEP, *plain, "hydra.sweep.dir=plain")
    assert "4 runs, 2 settings, 2 seeds" in done.stdout
    assert written(tmp_path / "plain") >= FILES
    off = command_line(*SWEEP, "compare=false", "hydra.sweep.dir=off")
    assert "settings" not in off.stdout
    assert not written(tmp_path / "off")


def test_repeating_a_finished_study_imports_nothing_to_compare_with(command_line, tmp_path):
    assert command_line(*SWEEP, "study=s").code == 0
    command = [sys.executable, "-X", "importtime", "-m", "regexp.train", *SWEEP, "study=s"]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", cwd=tmp_path, check=True)
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if line.startswith("import time:")}
    assert "4 runs, 2 settings, 2 seeds" in done.stdout
    assert not imported & {"torch", "pandas", "scipy", "matplotlib"}


@pytest.mark.parametrize(
    ("overrides", "said", "code"),
    [
        (("seed=1,2",), "There is one setting only, nothing to compare: its test/loss is", 0),
        (("optimizer.lr=1e30,1e31", "epochs=20"), "not compared: none of 2 runs is completed (diverged)", 0),
    ],
)
def test_what_cannot_be_compared_costs_one_line(overrides, said, code, command_line, tmp_path):
    done = command_line("-m", "epochs=2", *overrides, "hydra.sweep.dir=s")
    assert done.code == code
    assert said in done.stdout.strip().splitlines()[-1]
    assert not written(tmp_path / "s")


def test_an_interrupted_sweep_is_not_compared(start, tmp_path):
    command = start("-m", "epochs=2,1000000", "regularizer.weight_decay.strength=0,1", "study=s")
    deadline = time.monotonic() + 60
    while "stack 2 of 2" not in command.err:
        assert time.monotonic() < deadline, command.err
        time.sleep(0.05)
    os.kill(command.pid, signal.SIGINT)
    assert "settings" not in command.finish().stdout
    assert not written(tmp_path / "outputs/s")


def test_a_comparison_that_breaks_is_told_and_raises_nothing(tmp_path, capsys):
    write_setting(tmp_path, decayed(0.0), [1.0, 2.0])
    write_setting(tmp_path, decayed(1.0), [1.0, 2.0])
    (tmp_path / "comparison").touch()  # a file where the folder should be
    conclude(tmp_path)
    assert f"try regexp-compare {tmp_path}" in capsys.readouterr().out


@pytest.mark.parametrize("change", ["another run", "another status", "a torn history", "a lost answer", "other options"])
def test_the_kept_answer_is_void_when_anything_changed(change, tmp_path, capsys):
    write_setting(tmp_path, decayed(0.0), [1.0, 2.0])
    write_setting(tmp_path, decayed(1.0), [1.0, 2.5])
    conclude(tmp_path)
    first = capsys.readouterr().out
    out = tmp_path / "comparison"
    assert noted(out, fingerprint(tmp_path)) == (out / "answer.txt").read_text(encoding="utf-8").rstrip("\n")
    conclude(tmp_path)
    assert capsys.readouterr().out == first
    run = next(file.parent for file in tmp_path.glob("*/summary.json"))
    if change == "another run":
        write_run(tmp_path, decayed(1.0, seed=5), 1.0)
    elif change == "another status":
        text = (run / "summary.json").read_text(encoding="utf-8")
        (run / "summary.json").write_text(text.replace("completed", "diverged"), encoding="utf-8")
    elif change == "a torn history":
        with (run / "metrics.csv").open("a", encoding="utf-8") as file:
            file.write("3,1.0\n")
    elif change == "a lost answer":
        (out / "answer.txt").unlink()
    else:
        import regexp

        regexp.compare(tmp_path, metric="train/loss").write(out, figures=False)
    assert noted(out, fingerprint(tmp_path)) is None
    conclude(tmp_path)
    assert noted(out, fingerprint(tmp_path)) is not None


def test_one_run_is_nothing_to_compare(tmp_path, capsys):
    write_run(tmp_path, ONE, 1.5)
    conclude(tmp_path)
    assert "its test/loss is 1.5 (mean of 1 seed)." in capsys.readouterr().out
