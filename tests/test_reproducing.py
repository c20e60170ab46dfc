"""``regexp-reproduce`` from the command line: list, run, run again, draw again."""

from __future__ import annotations

import dataclasses
import shutil
import signal
import subprocess
import sys

import pytest

from regexp.reproducing import choose, main
from regexp.textbook import destination, pages
from regexp.textbook.listing import listing
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
assert not any("--redraw" in file.read_text(encoding="utf-8") for file in files)
next(Path("outputs").rglob("summary.json")).unlink()
try:
    call("weight_decay", "--tier", "quick", "--out", "fourth", "--redraw")
except SystemExit as refused:
    assert "weight_decay: 1 of 20 runs cannot be read" in str(refused), refused
assert not Path("fourth").exists()
call("weight_decay", "--tier", "quick", "--out", "fourth")
assert Path("fourth", "index.md").exists()
try:
    call("l2_large", "tanh_linear", "--redraw", "--jobs", "2", "--out", "nothing")
except SystemExit as refused:
    assert sorted(str(refused).splitlines()) == ["l2_large", "some runs failed:", "tanh_linear"], refused
assert not Path("nothing").exists()
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
    assert "no verdicts, except on exact statements" in page
    assert (tmp_path / "first" / "weight_decay" / "curves.svg").is_file()


def start(folder, *arguments):
    command = [sys.executable, "-m", "regexp.reproducing", *arguments, "--jobs", "2", "--out", "report"]
    return subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8")


def test_two_at_a_time(tmp_path):
    with start(tmp_path, "weight_decay", "cross_entropy", "--tier", "quick") as process:
        printed, _ = process.communicate(timeout=300)
    assert process.returncode == 0, printed
    assert {line.partition("]")[0] for line in printed.splitlines() if line.startswith("[")} == {
        "[weight_decay",
        "[cross_entropy",
    }
    page = (tmp_path / "report" / "index.md").read_text(encoding="utf-8")
    assert page.index("## Cross-entropy") < page.index("## Weight decay")
    commands = (f"regexp-reproduce {name} --tier quick --out report" for name in ("weight_decay", "cross_entropy"))
    assert all(command in page for command in commands)


def test_ctrl_c_ends_all_and_the_same_command_goes_on(tmp_path):
    with start(tmp_path, "dropout", "momentum") as process:
        lines = []
        while not {"[dropout", "[momentum"} <= {line.partition("]")[0] for line in lines if "stack 1 of 1" in line}:
            lines.append(process.stdout.readline())
            assert lines[-1], "".join(lines)
        process.send_signal(signal.SIGINT)
        printed, _ = process.communicate(timeout=120)
    assert process.returncode == 130, printed
    for name in ("dropout", "momentum"):  # in training, or just before
        assert any(word in printed for word in (f"[{name}] SIGINT: saving", f"[{name}] interrupted")), printed
    assert printed.splitlines()[-1] == "interrupted: the same command goes on from here"


def test_the_list_names_every_experiment_by_chapter():
    lines = listing(PROTOCOLS, {("dropout", "standard"): 125.0}).splitlines()
    assert {"dropping units", "overfitting", "weight decay"} <= set(lines)
    took = {line.split()[0]: line.split()[1:] for line in lines if line.startswith("  ") and line.split()[0] in PROTOCOLS}
    assert took["dropout"][:2] == ["2.1", "min"] and sum(words[0] == "-" for words in took.values()) == len(PROTOCOLS) - 1
    assert "standard, of dropout alone: 2.1 min of training and drawing, one after the other" in lines


def test_the_list_has_a_column_per_tier_that_was_measured():
    times = {(name, "standard"): 60.0 for name in PROTOCOLS if name != "dropout"} | {("dropout", "full"): 7200.0}
    lines = listing(PROTOCOLS, times).splitlines()
    assert lines[0].split() == ["experiment", "standard", "full", "question"]
    (row,) = [line for line in lines if line.split()[:1] == ["dropout"]]
    ends = [lines[0].index(tier) + len(tier) for tier in ("standard", "full")]
    assert row[: ends[0]].split() == ["dropout", "-"] and row[ends[0] : ends[1]].split() == ["2.0", "h"]
    assert lines[0].index("question") == row.index(PROTOCOLS["dropout"].question)
    assert f"standard, without dropout: {len(PROTOCOLS) - 1}.0 min of training and drawing, one after the other" in lines
    assert "full, of dropout alone: 2.0 h of training and drawing, one after the other" in lines


def test_the_list_of_a_tier_has_times_of_no_other():
    times = {(name, "standard"): 120.0 for name in PROTOCOLS}
    assert "standard" not in listing(PROTOCOLS, times, "quick").removesuffix("[--tier quick|standard|full]")
    assert f"quick: none of {len(PROTOCOLS)} measured" in listing(PROTOCOLS, times, "quick")
    hours = f"standard, all {len(PROTOCOLS)}: {2 * len(PROTOCOLS)}.0 min"
    assert hours in listing(PROTOCOLS, times, "standard") and hours in listing(PROTOCOLS, times)


@pytest.mark.parametrize(
    ("file", "says"),
    [
        ("out", "--out must name a folder, got"),
        ("out/index.md", "index.md is no report's"),
        ("out/index.html", "index.html is no report's"),
        ("out/dropout", "dropout is a file"),
        ("out/dropout/index.md", "index.md is no report's"),
    ],
)
def test_a_report_replaces_nothing_that_is_not_one(tmp_path, file, says):
    (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / file).write_text("# Mine\n", encoding="utf-8")
    with pytest.raises(ValueError, match=says):
        destination.check(tmp_path / "out", ["dropout"])


def test_a_report_may_be_new_beside_others_or_of_before(tmp_path):
    destination.check(tmp_path / "new" / "deep", ["dropout"])
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")
    (tmp_path / "index.md").touch()
    destination.check(tmp_path, ["dropout"])
    pages.write([], tmp_path)
    destination.check(tmp_path, ["dropout"])


def test_a_folder_is_refused_before_any_work(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["regexp-reproduce", "weight_decay", "--tier", "quick", "--out", "here"])
    (tmp_path / "here").write_text("mine", encoding="utf-8")
    with pytest.raises(SystemExit, match="--out must name a folder, got here: here is a file; name another"):
        main()
    assert capsys.readouterr().out == "" and [path.name for path in tmp_path.iterdir()] == ["here"]


MINE = """
chapter: mine
title: Mine
question: Does it?
source: nobody
sweep: [experiment=weight_decay]
tiers: {quick: {n: 2}, standard: {n: 3}, full: {n: 4}}
settings: {decayed: {regularizer.weight_decay.strength: 3}}
claims:
  small: {says: It is small, kind: equal, margin: 1.0, value: test/loss of decayed at final, role: primary, holds: It is.}
"""


@pytest.fixture
def reproduce(tmp_path, monkeypatch, capsys):
    """Call ``regexp-reproduce`` in an empty folder, with a protocol beside the shipped ones: exit status, stdout, stderr."""
    conf = tmp_path / "conf"
    shutil.copytree(config_folder(), conf)
    monkeypatch.setattr("regexp.train.config_folder", lambda: conf)
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")

    def call(mine, *arguments):
        (conf / "reproduce" / "mine.yaml").write_text(mine, encoding="utf-8")
        monkeypatch.setattr("sys.argv", ["regexp-reproduce", *arguments])
        status = None
        try:
            main()
        except SystemExit as end:
            status = end.code
        return status, *capsys.readouterr()

    return call


def test_a_broken_file_costs_the_list_nothing_but_itself(reproduce):
    status, printed, _ = reproduce(MINE.replace("margin: 1.0", "magin: 1.0").replace("of decayed", "of deayed"))
    assert {line.split()[0] for line in printed.splitlines()[1:] if line.startswith("  ")} == set(PROTOCOLS)
    assert [line.partition("mine.yaml: ")[2] for line in status.splitlines()] == [
        "claims.small.magin is no key of a protocol, got 'magin': did you mean margin?",
        "claims.small.value names a setting that is not known, got 'deayed': did you mean decayed?",
    ]
    for name in ("mine", "all"):
        assert reproduce(MINE.replace("n: 2", "n: few"), name)[0].endswith("tiers.quick.n must be a whole number, got 'few'")


def test_beside_a_broken_file_others_can_be_asked_for(reproduce, monkeypatch):
    asked = []
    monkeypatch.setattr("regexp.reproducing.reproduce", lambda chosen, *_, **__: asked.append([p.name for p in chosen]) or [])
    assert reproduce("title: [", "weight_decay", "--jobs", "1") == (None, "", "")
    status, _, warning = reproduce("title: [", "L1", "--jobs", "1")
    assert status is None and "mine" in warning
    assert asked == [["weight_decay"], [name for name, p in PROTOCOLS.items() if p.chapter == "L1"]]


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ("test/loss of", "test/los of", "measures a column that no run has, got 'test/los': did you mean test/loss?"),
        ("test/loss of", "test/accuracy of", "mine.yaml: claims.small.value measures test/accuracy, which the runs of setting"),
        ("test/loss of", "val/loss of", "they have train/loss, train/rmse, test/loss, test/rmse, gap/loss, weights/l2_norm"),
        ("test/loss of", "train/penalty/l2 of", "measures train/penalty/l2, which the runs of setting decayed will not record"),
        ("strength: 3}", "strength: 4}", "claims.small.value names setting decayed, of which the sweep has no run"),
        (
            "=weight_decay]",
            "=weight_decay optimiser.lr=1]",
            "mine.yaml: sweep: regexp-train -m experiment=weight_decay optimiser",
        ),
    ],
)
def test_what_runs_will_not_record_is_told_before_any_work(reproduce, tmp_path, before, after, says):
    assert before in MINE
    status, _, _ = reproduce(MINE.replace(before, after), "mine", "--tier", "quick")
    assert says in status
    assert list((tmp_path / "here").iterdir()) == []


def test_the_columns_of_the_list_are_as_wide_as_their_words():
    wide = "a_name_that_is_longer_than_all_of_the_others"
    protocols = {**PROTOCOLS, wide: dataclasses.replace(PROTOCOLS["dropout"], name=wide)}
    lines = listing(protocols, {(wide, "standard"): 125.0, (wide, "quick"): 7.0, ("dropout", "quick"): 5.0}).splitlines()
    questions = {
        line.index(" ".join(protocols[line.split()[0]].question.split())) for line in lines[1:] if line.startswith("  ")
    }
    assert len(questions) == 1


def test_experiments_are_chosen_by_name_chapter_or_all():
    assert [p.name for p in choose(["weight decay", "dropout_d2l"], PROTOCOLS)][-1] == "dropout_d2l"
    assert {p.name for p in choose(["weight decay"], PROTOCOLS)} >= {"weight_decay", "l2_large", "lambda_curve"}
    assert len(choose(["all"], PROTOCOLS)) == len(PROTOCOLS)
    assert [p.name for p in choose(["dropout"], PROTOCOLS)] == ["dropout"]
    for chapter in {p.chapter for p in PROTOCOLS.values()}:
        assert {p.name for p in choose([chapter], PROTOCOLS)} == {p.name for p in PROTOCOLS.values() if p.chapter == chapter}
    for wrong, near in {"weight_decy": "weight_decay", "weight decy": '"weight decay"', "Dropuot": "dropout"}.items():
        with pytest.raises(ValueError, match=f"there is no experiment or chapter '{wrong}': did you mean {near}\\?$"):
            choose([wrong], PROTOCOLS)
    with pytest.raises(ValueError, match=r"there is no experiment or chapter 'wd': experiments: .*weight_decay"):
        choose(["wd"], PROTOCOLS)
