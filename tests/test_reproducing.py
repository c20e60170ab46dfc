"""``regexp-reproduce`` from the command line: list, run, run again, draw again."""

from __future__ import annotations

import dataclasses
import json
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from regexp.reproducing import main
from regexp.textbook import destination, pages, summary
from regexp.textbook.experiments import choose
from regexp.textbook.jobs import INTERRUPTED, side_by_side
from regexp.textbook.listing import listing, measured
from regexp.textbook.reading import read_all
from regexp.train import config_folder

PROTOCOLS = read_all(config_folder() / "reproduce")

SESSION = """
import shutil, sys, time
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
torn, garbage, *_ = [file.parent for file in Path("outputs").rglob("summary.json")]
(torn / "summary.json").unlink()
(garbage / "metrics.csv").write_text("garbage", encoding="utf-8")
for arguments in (["--redraw"], []):
    try:
        call("weight_decay", "--tier", "quick", "--out", "fourth", *arguments)
    except SystemExit as refused:
        said, *why = str(refused).splitlines()
        assert said.startswith(f"weight_decay: {2 if arguments else 1} of 20 runs cannot be read: remove their folders"), said
        assert any(str(garbage / "metrics.csv") in line for line in why), why
    assert not Path("fourth").exists()
shutil.rmtree(garbage)
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


def written(file, text):
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


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


def test_commands_side_by_side_tell_how_they_ended():
    ends = {"well": "", "wrong": "raise SystemExit(1)", "left": "raise SystemExit(130)"}
    ends |= {"stopped": "import os, signal; os.kill(os.getpid(), signal.SIGTERM)"}
    ended = side_by_side({name: [sys.executable, "-c", code] for name, code in ends.items()}, 2, lambda line: None)
    assert ended.keys() == {"wrong", "left", "stopped"} and ended["wrong"] == 1
    assert ended["left"] in INTERRUPTED and ended["stopped"] in INTERRUPTED


@pytest.mark.parametrize(
    ("ended", "status", "says"),
    [
        ({"dropout": 130}, 130, "interrupted (dropout): the same command goes on from here\n"),
        (
            {"dropout": 130, "momentum": 1},
            "some runs failed:\nmomentum\ndropout was interrupted: the same command goes on from there",
            "",
        ),
    ],
)
def test_an_experiment_that_was_interrupted_alone_has_not_failed(tmp_path, monkeypatch, capsys, ended, status, says):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("regexp.reproducing.side_by_side", lambda *_: ended)
    monkeypatch.setattr("sys.argv", ["regexp-reproduce", "dropout", "momentum", "--jobs", "2"])
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == status and capsys.readouterr().err == says


def test_the_list_names_every_experiment_by_chapter():
    lines = listing(PROTOCOLS, {("dropout", "standard"): 125.0}, 2).splitlines()
    assert {"dropping units", "overfitting", "weight decay"} <= set(lines)
    took = {line.split()[0]: line.split()[1:] for line in lines if line.startswith("  ") and line.split()[0] in PROTOCOLS}
    assert took["dropout"][:2] == ["2.1", "min"] and sum(words[0] == "-" for words in took.values()) == len(PROTOCOLS) - 1
    assert "standard, of dropout alone: 2.1 min of training and drawing, one after the other" in lines


def test_the_list_has_a_column_per_tier_that_was_measured():
    times = {(name, "standard"): 60.0 for name in PROTOCOLS if name != "dropout"} | {("dropout", "full"): 7200.0}
    lines = listing(PROTOCOLS, times, 1).splitlines()
    assert lines[0].split() == ["experiment", "standard", "full", "question"]
    (row,) = [line for line in lines if line.split()[:1] == ["dropout"]]
    ends = [lines[0].index(tier) + len(tier) for tier in ("standard", "full")]
    assert row[: ends[0]].split() == ["dropout", "-"] and row[ends[0] : ends[1]].split() == ["2.0", "h"]
    assert lines[0].index("question") == row.index(PROTOCOLS["dropout"].question)
    assert f"standard, without dropout: {len(PROTOCOLS) - 1}.0 min of training and drawing, one after the other" in lines
    assert "full, of dropout alone: 2.0 h of training and drawing, one after the other" in lines


def test_what_all_take_together_is_never_less_than_the_longest():
    equal = {(name, "standard"): 60.0 for name in PROTOCOLS}
    minutes = f"standard, all {len(PROTOCOLS)}: {len(PROTOCOLS)}.0 min of training and drawing, one after the other"
    assert f"{minutes}; 3 at a time {len(PROTOCOLS) / 3:.1f} min at best" in listing(PROTOCOLS, equal, 3).splitlines()
    assert minutes in listing(PROTOCOLS, equal, 1).splitlines()
    assert "; 4 at a time 2.0 h at best" in listing(PROTOCOLS, equal | {("dropout", "standard"): 7200.0}, 4)
    reports = [{"tier": "full", "seconds": seconds, "reporting_seconds": 60.0} for seconds in (60.0, 60.0, 540.0)]
    alone = {"tier": "standard", "seconds": 1.0}
    total = "In all, one experiment after the other: full"
    assert f"{total} 14.0 min (--jobs 2: 10.0 min). With" in summary.time([alone, *reports])
    assert f"{total} 28.0 min (--jobs 2: 14.0 min, --jobs 4: 10.0 min). With" in summary.time([*reports, *reports])
    assert summary.time([alone, reports[0]]) == "The time is that of training and drawing."


def test_own_times_are_listed_too_the_newest_of_them(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shipped = measured()
    for folder, date, seconds, failed in (
        ("b", "2026-01-01 10:00 UTC", 30.0, []),
        ("a", "2026-01-02 10:00 UTC", 40.0, []),
        ("c", "2026-01-03 10:00 UTC", 50.0, ["regexp-train -m ..."]),
    ):
        data = {"name": "mine", "tier": "quick", "seconds": seconds, "date": date, "failed": failed}
        written(tmp_path / "outputs/reproduce" / folder / "mine/report.json", json.dumps(data))
    written(tmp_path / "outputs/reproduce/torn/mine/report.json", "{")
    assert measured() == shipped | {("mine", "quick"): 40.0}


def test_the_list_of_a_tier_has_times_of_no_other():
    times = {(name, "standard"): 120.0 for name in PROTOCOLS}
    assert "standard" not in listing(PROTOCOLS, times, 1, "quick").removesuffix("[--tier quick|standard|full]")
    assert f"quick: none of {len(PROTOCOLS)} measured" in listing(PROTOCOLS, times, 1, "quick")
    hours = f"standard, all {len(PROTOCOLS)}: {2 * len(PROTOCOLS)}.0 min"
    assert hours in listing(PROTOCOLS, times, 1, "standard") and hours in listing(PROTOCOLS, times, 1)


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


@pytest.mark.parametrize("out", ["x" * 300, "/proc/nope"])
def test_a_folder_that_cannot_be_made_is_refused_before_any_work(tmp_path, monkeypatch, out):
    if out.startswith("/proc") and not Path("/proc/self").exists():
        pytest.skip("no /proc")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match=rf"--out must name a folder that can be written, got {out}: .+\); name another"):
        destination.check(Path(out), ["dropout"])
    assert list(tmp_path.iterdir()) == []


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
def call(tmp_path, monkeypatch, capsys):
    """Call ``regexp-reproduce`` in an empty folder: exit status, stdout, stderr."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setattr("sys.path", [*sys.path])

    def call(*arguments):
        monkeypatch.setattr("sys.argv", ["regexp-reproduce", *arguments])
        status = None
        try:
            main()
        except SystemExit as end:
            status = end.code
        return status, *capsys.readouterr()

    return call


@pytest.fixture
def reproduce(call, tmp_path, monkeypatch):
    """The same, with a protocol beside the shipped ones."""
    conf = tmp_path / "conf"
    shutil.copytree(config_folder(), conf)
    monkeypatch.setattr("regexp.train.config_folder", lambda: conf)

    def with_protocol(mine, *arguments):
        (conf / "reproduce" / "mine.yaml").write_text(mine, encoding="utf-8")
        return call(*arguments)

    return with_protocol


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
    lines = listing(protocols, {(wide, "standard"): 125.0, (wide, "quick"): 7.0, ("dropout", "quick"): 5.0}, 1).splitlines()
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


# ---- experiments of one's own

CONF = "my conf"
OWN = MINE.replace("experiment=weight_decay", "experiment=mine")
OWN = OWN.replace("quick: {n: 2}, standard: {n: 3}, full: {n: 4}", "standard: {n: 2}")
OWN += "  large: {says: It has a norm, kind: shown, value: largest.norm of decayed}\n"
RECIPE = "# @package _global_\nregularizer: {weight_decay: {strength: 3}}\nepochs: 2\n"
DIAGNOSTIC = """
QUANTITIES = ("norm",)


def of_run(run):
    return {"norm": run.value("weights/l2_norm", "final")}
"""


def write_own(folder, *names, protocol=OWN):
    for name in names:
        written(folder / CONF / "reproduce" / f"{name}.yaml", protocol)
    written(folder / CONF / "experiment" / "mine.yaml", RECIPE)
    written(folder / "largest.py", DIAGNOSTIC)


def test_ones_own_experiments_stand_beside_the_others(call):
    write_own(Path(), "mine")
    status, printed, _ = call("--config-dir", CONF)
    assert status is None
    rows = {line.split()[0] for line in printed.splitlines()[1:] if line.startswith("  ")}
    assert rows == {*PROTOCOLS, "mine"}
    assert call("mien", "--config-dir", CONF)[0].endswith("did you mean mine?")
    assert "mine" not in call()[1].split()
    assert call("--config-dir", str(config_folder()))[:2] == call()[:2]


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ("=mine]", "=mine epoch=2]", 'sweep: regexp-train -m --config-dir "my conf" experiment=mine epoch=2'),
        ("=mine]", "=mien]", "experiment"),
        ("margin: 1.0", "magin: 1.0", f"{CONF}/reproduce/mine.yaml: claims.small.magin is no key"),
        ("largest.norm", "largest.nrm", "names a quantity that largest does not have, got 'nrm': it has norm"),
        ("largest.norm", "lasso_suport.norm", "names a diagnostic that is not known, got 'lasso_suport': did you mean lasso_"),
    ],
)
def test_mistakes_in_ones_own_are_told_before_any_work(call, before, after, says):
    assert before in OWN
    write_own(Path(), "mine", protocol=OWN.replace(before, after))
    assert says in call("mine", "--config-dir", CONF)[0]
    assert not Path("outputs").exists()


def test_a_diagnostic_of_ones_own_that_measures_nothing_is_told(call):
    write_own(Path(), "mine")
    written(Path("largest.py"), "norm = 1\n")
    assert (
        "names a diagnostic of yours that cannot be read: largest.py must declare QUANTITIES" in call("--config-dir", CONF)[0]
    )


def test_a_folder_without_experiments_of_ones_own_is_refused(call):
    assert call("--config-dir", CONF)[0] == f"--config-dir must be a folder, got '{CONF}'"
    Path(CONF).mkdir()
    assert call("--config-dir", CONF)[0].startswith("--config-dir must hold a protocol, reproduce/NAME.yaml, got")
    write_own(Path(), "dropout")
    taken = f"must have a name that the package has not, got {Path(CONF, 'reproduce', 'dropout.yaml')}: rename it"
    assert call("weight_decay", "--config-dir", CONF)[0].endswith(taken)


def test_ones_own_are_trained_side_by_side_and_not_again(tmp_path):
    write_own(tmp_path, "mine", "other")
    trained = []
    for more in ([], [], ["--redraw"]):
        with start(tmp_path, "mine", "other", "--tier", "quick", "--config-dir", CONF, *more) as process:
            printed, _ = process.communicate(timeout=300)
        assert process.returncode == 0, printed
        trained.append({file: file.stat().st_mtime_ns for file in (tmp_path / "outputs").rglob("summary.json")})
    assert trained[0] == trained[1] == trained[2] and len(trained[0]) == 4
    page = (tmp_path / "report" / "mine" / "index.md").read_text(encoding="utf-8")
    assert f"`{CONF}/experiment/mine.yaml`:\n\n```yaml\n{RECIPE.rstrip()}\n```" in page
    assert f'regexp-train -m --config-dir "{CONF}" experiment=mine "seed=range(2)"' in page
    assert "[It has a norm](claim-large.png)" in page and "not measured" not in page
