"""The examples of CONTRIBUTING.md work exactly as printed."""

from __future__ import annotations

import importlib
import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import regexp

PAGE = (Path(__file__).parents[1] / "CONTRIBUTING.md").read_text(encoding="utf-8")


def write_example(folder: Path) -> None:
    (folder / "log_penalty.py").write_text(block("python"), encoding="utf-8")
    (folder / "conf" / "regularizer").mkdir(parents=True)
    (folder / "conf" / "regularizer" / "log_penalty.yaml").write_text(block("yaml"), encoding="utf-8")


def block(language: str, about: str = "log_penalty|LogPenalty") -> str:
    """An example's fenced block of a language; a block without one holds the commands."""
    blocks = re.findall(r"^```(\w*)\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    return next(text for name, text in blocks if name == language and re.search(about, text))


def test_the_printed_regularizer_keeps_the_contract(tmp_path, monkeypatch):
    from regexp.testing import check_regularizer

    write_example(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    check_regularizer(importlib.import_module("log_penalty").LogPenalty(0.1))


def test_the_printed_regularizer_is_swept_and_compared_like_a_built_in_one(command_line, tmp_path):
    write_example(tmp_path)
    grid = ("regularizer.log_penalty.strength=0,0.1", "seed=range(3)", "epochs=2", "study=mine")
    done = command_line("-m", "--config-dir", "conf", "regularizer=[log_penalty]", *grid)
    assert done.code == 0, done.stderr
    found = regexp.compare(tmp_path / "outputs" / "mine")
    assert [row.setting.label for row in found.findings.rows] == ["log_penalty 0", "log_penalty 0.1"]
    assert found.findings.baseline.label == "log_penalty 0"


def test_the_printed_regularizer_trains_by_the_printed_command(command_line, tmp_path):
    write_example(tmp_path)
    program, *arguments = shlex.split(block(""))
    assert program == "regexp-train"

    done = command_line(*arguments)

    assert done.code == 0, done.stderr
    (summary,) = (tmp_path / "outputs").glob("*/*/summary.json")
    final = json.loads(summary.read_text(encoding="utf-8"))["final"]
    assert final["train/penalty/log_penalty"] > 0
    assert final["train/penalty/log_penalty"] < 0.1 * final["weights/l2_norm"] ** 2  # log(1 + w^2) < w^2


def test_the_printed_experiment_is_listed_trained_and_judged_by_the_printed_commands(tmp_path):
    for group, about in (("experiment", "noise: 1.0"), ("reproduce", "chapter: mine")):
        (tmp_path / "conf" / group).mkdir(parents=True)
        (tmp_path / "conf" / group / "noisy_targets.yaml").write_text(block("yaml", about), encoding="utf-8")
    listed, judged = (shlex.split(line) for line in block("", "noisy_targets").splitlines())
    assert [listed[0], judged[0]] == ["regexp-reproduce"] * 2
    before, said, after = (reproduce(tmp_path, *words[1:]) for words in (listed, judged, listed))
    (row,) = (line.split() for line in before.splitlines() if line.startswith("  noisy_targets"))
    assert row[:2] == ["noisy_targets", "-"]
    assert "Weight decay of strength 10 lowers the test loss: holds" in said
    (row,) = (line.split() for line in after.splitlines() if line.startswith("  noisy_targets"))
    assert row[1] != "-", "the list has the time that it took"
    (page,) = (tmp_path / "outputs" / "reproduce").glob("*/index.md")
    assert "regexp-train -m --config-dir conf experiment=noisy_targets" in page.read_text(encoding="utf-8")


def reproduce(folder: Path, *arguments: str) -> str:
    """What ``regexp-reproduce`` prints in the folder."""
    command = [sys.executable, "-m", "regexp.reproducing", *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, encoding="utf-8", timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout
