"""``regexp-reproduce`` from the command line: list, run, run again, draw again."""

from __future__ import annotations

import subprocess
import sys

import pytest

from regexp.reproducing import choose, listing
from regexp.textbook.reading import read_all
from regexp.train import config_folder

PROTOCOLS = read_all(config_folder() / "reproduce")

SESSION = """
import sys, time
from pathlib import Path
from regexp.reproducing import main

def call(*arguments):
    sys.argv = ["regexp-reproduce", *arguments]
    main()

call()
assert "torch" not in sys.modules
call("weight_decay", "--tier", "quick", "--out", "first")
runs = {file: file.stat().st_mtime_ns for file in Path("outputs").rglob("summary.json")}
assert len(runs) == 20
call("weight_decay", "--tier", "quick", "--out", "second")
call("weight_decay", "--tier", "quick", "--out", "third", "--redraw")
assert runs == {file: file.stat().st_mtime_ns for file in Path("outputs").rglob("summary.json")}
files = [Path(name, "weight_decay", "report.json") for name in ("first", "second", "third")]
texts = [file.read_text(encoding="utf-8").split('"command"')[0] for file in files]
assert texts[0] == texts[1] == texts[2]
call("lambda_curve", "--redraw")
"""


def test_a_session(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", SESSION], cwd=tmp_path, capture_output=True, encoding="utf-8", timeout=300, check=False
    )
    assert done.returncode == 1, done.stderr
    assert done.stderr.splitlines()[-1] == "lambda_curve has no complete standard runs in outputs: run it without --redraw"
    assert "report: first/index.html" in done.stdout
    page = (tmp_path / "first" / "index.md").read_text(encoding="utf-8")
    assert "no verdict" in page and "0.02688" in page
    assert (tmp_path / "first" / "weight_decay" / "curves.svg").is_file()


def test_the_list_names_every_experiment_by_chapter():
    lines = listing(PROTOCOLS, {("dropout", "standard"): 125.0}).splitlines()
    assert {"dropping units", "overfitting", "weight decay"} <= set(lines)
    assert any(line.split()[0] == "dropout" and "standard 2.1 min" in line for line in lines if line.startswith("  "))
    assert sum("not measured" in line for line in lines) == len(PROTOCOLS) - 1


def test_experiments_are_chosen_by_name_chapter_or_all():
    assert [p.name for p in choose(["weight decay", "dropout_d2l"], PROTOCOLS)][-1] == "dropout_d2l"
    assert {p.name for p in choose(["weight decay"], PROTOCOLS)} >= {"weight_decay", "l2_large", "lambda_curve"}
    assert len(choose(["all"], PROTOCOLS)) == len(PROTOCOLS)
    assert [p.name for p in choose(["dropout"], PROTOCOLS)] == ["dropout"]
    for chapter in {p.chapter for p in PROTOCOLS.values()}:
        assert {p.name for p in choose([chapter], PROTOCOLS)} == {p.name for p in PROTOCOLS.values() if p.chapter == chapter}
    with pytest.raises(ValueError, match=r"there is no experiment or chapter 'wd': experiments: .*weight_decay"):
        choose(["wd"], PROTOCOLS)
