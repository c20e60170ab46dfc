"""The benchmark's report says what its numbers say: misses with reasons, findings, and the committed pages."""

from __future__ import annotations

import dataclasses
import json
import re
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "scripts"))

from benchmarks import findings, misses, ratios, tried  # noqa: E402
from benchmarks.found import Found  # noqa: E402
from benchmarks.report import Report, cells, head  # noqa: E402
from benchmarks.timing import Contestant  # noqa: E402
from benchmarks.work import Row, Work, at_least, at_most  # noqa: E402
from benchmarks.works import options, parts  # noqa: E402

REPORT = ROOT / "reports" / "benchmark"
ROWS = [
    Row("kept", [1.0, 2.0, 1.5], limits=(at_most(1.5),), why="never said"),
    Row("missed", [5.0, 1.0, 4.0], limits=(at_least(6),), why="the other compiles"),
    Row("aim missed", [3.0], limits=(at_most(5), at_most(2)), why="Too many passes."),
    Row("slow", [0.8], "s", (at_most(0.7),)),
    Row("elsewhere", [], limits=(at_most(1.2),), why="no device here"),
    Row("free", [9.0]),
]


def test_what_is_not_met_stands_there_with_figure_limit_and_reason():
    assert misses.misses([Work("W0", "title", "how", ROWS)]) == [
        "W0, missed: 4 (limit >= 6: not met). The other compiles.",
        "W0, aim missed: 3 (limit <= 5, aim <= 2: met, aim not met). Too many passes.",
        "W0, slow: 0.8 s (limit <= 0.7: not met). Why is not found yet.",
        "W0, elsewhere: not measured (limit <= 1.2: not measured). No device here.",
    ]
    assert misses.listed([Work("W0", "title", "how", ROWS[:1])]) == ["- Every limit and every aim is met."]
    assert cells(ROWS[2]) == ("aim missed", "3", "3 to 3", "1", "<= 5, aim <= 2", "met, aim not met")


def test_figures_that_are_measured_again_are_not_forgotten():
    machine = {"processor": "one", "cores": 2, "memory_gb": 8, "system": "Linux", "load at the start": 0.1}
    about = {"command": "python", "commit": "c", "date": "today", "machine": machine, "versions": {"torch": "2"}}
    report = Report(about, [Work("W0", "title", "how", ROWS)])
    before = report.bounded("W0")
    assert before == {
        "kept": "1.5 (1 to 2)",
        "missed": "4 (1 to 5)",
        "aim missed": "3 (3 to 3)",
        "slow": "0.8 s (0.8 to 0.8)",
    }
    report.again["W0"] = {**about, "before": before}
    said = "the same versions; before: kept 1.5 (1 to 2); missed 4 (1 to 5); aim missed 3 (3 to 3); slow 0.8 s (0.8 to 0.8)"
    assert head(report)[-1].endswith(said)


def test_a_row_is_drawn_in_the_colour_of_its_verdict(monkeypatch, tmp_path):
    colours = {}
    monkeypatch.setattr(
        ratios.Axes, "text", lambda axes, x, y, text, **named: colours.setdefault(text.split()[0], named["color"])
    )
    ratios.draw([Work("W0", "title", "how", ROWS)], tmp_path / "ratios.png")
    of = dict(ratios.LEGEND)
    assert {figure: of[colour] for figure, colour in colours.items()} == {
        "1.5": "limit met",
        "4": "limit not met",
        "3": "limit met, aim not met",
        "0.8": "limit not met",
        "9": "no limit",
    }


def test_seconds_are_recorded_under_one_label_once():
    work, once = Work("W0", "title", "how"), Contestant("regexp", lambda: None, [1.0])
    work.record([once], label="16 networks: ")
    work.record([once], label="1 network: ")
    with pytest.raises(ValueError, match="1 network: regexp"):
        work.record([once], label="1 network: ")


def measured(*ratios, thread=0.9):
    """Works with what the sentences are about; a first call of torch.compile of 10 s, one of 2 s as it is."""
    w2, w3 = "W2, 512 runs", "16 networks"
    rows = [
        Row(f"{w2}: {options.COMPILED}", list(ratios) or [0.5]),
        Row(f"{w2}: {options.FIRST}", [10.0], "s"),
        Row(f"W2, 1 run: {options.THREADS}", [1.1]),
        Row(f"{w2}: {options.THREADS}", [thread]),
        Row(f"under L1: {options.DENORMALS_KEPT}", [1.5]),
        Row(f"under L1: {options.DENORMAL}", [80.0], "%"),
        Row(f"{w3}: {options.GIVEN_BACK}", [1.1]),
        Row(f"{w3}: {options.PEAK}", [1.05]),
        Row(f"{w3}: {options.MIXED}", [0.6]),
        Row(f"4 seeds: {options.ACCURACY}", [-0.3, 0.1, 0.2], "points"),
        Row(f"{w2}: {parts.APART}", [6.0]),
        Row(f"{w3}: {parts.SINGLE}", [2.0]),
        Row(f"{w3}: {parts.PASSES}", [8.0], "passes"),
        Row(f"W2, 1 run: {parts.STEP}", [250.0], "microseconds"),
        Row(f"W2, 1 run: {parts.BARE}", [200.0], "microseconds"),
    ]
    taken = {f"{w2}: {options.COMPILED}: as it is": [2.0]}
    w1 = {"regexp": [3.0, 3.0], "regexp without dropout": [2.0, 2.0]}
    shares = dict.fromkeys(("batch order and gather", "optimizer", "dropout masks"), 0.25)
    shares |= {"evaluation: matrix products": 0.1, "evaluation: the rest": 0.02}
    works = [Work("options", "title", "how", rows, taken), Work("W1", "title", "how", seconds=w1)]
    return Found(works, {"W1, an epoch": shares})


def test_every_finding_is_computed_from_its_figures():
    said = findings.findings(measured())
    subjects = [text.partition(":")[0].partition(",")[0] for text in said]
    assert subjects == [
        *("Batch order and gather", "Optimizer", "Dropout masks", "Evaluation", "Python per step", "Threads"),
        *("Denormal numbers", "Memory that a step frees", "torch.compile", "CUDA graphs", "dtype=mixed_bfloat16"),
    ]
    expected = [
        *(
            "6 times",
            "as long as 8, and 2 times",
            "an epoch of W1 1.5 times as long",
            "12 % (W1",
            "1.25 of it",
            "at most 1.1 times",
        ),
        *(
            "80 % of Adam's means",
            "1.1 times as long (16 networks, which adds 1.05 times as much memory where it is kept); so training keeps it",
            "pays after 10 calls",
            "no CUDA device here",
            "-0.3 to 0.2",
        ),
    ]
    assert [part for part, text in zip(expected, said, strict=True) if part not in text] == []


@pytest.mark.parametrize(
    ("found", "finding", "conclusion"),
    [
        (measured(thread=0.5), tried.threads, "so a second thread would pay in a sweep"),
        (measured(thread=0.9), tried.threads, "so a sweep takes one thread"),
        (measured(1.4), tried.compiled, "never pays. It saves 0 % of a long sweep for certain, so regexp compiles nothing"),
        (measured(0.97, 0.99, 1.02), tried.compiled, "then 0.99 (0.97 to 1.02) of 2 s, which never pays. It saves 0 %"),
        (measured(0.1, 0.2), tried.compiled, "saves 80 % of a long sweep for certain, so compiling would pay"),
        (dataclasses.replace(measured(), cuda="H200"), tried.graphs, "W6 was not measured on H200"),
    ],
)
def test_conclusions_follow_the_figures(found, finding, conclusion):
    assert conclusion in finding(found)


def test_what_was_not_measured_is_not_said():
    assert [text.partition(":")[0] for text in findings.findings(Found([], {}))] == ["CUDA graphs"]


@pytest.fixture(scope="module")
def committed():
    return json.loads((REPORT / "benchmark.json").read_text(encoding="utf-8"))


def test_in_the_committed_report_every_work_is_measured_and_every_peer_there_and_right(committed):
    assert committed["works"].keys() >= {"W1", "W2", "W3", "W4", "W5", "W6", "options"}
    assert "not installed" not in committed["versions"].values()
    checks = [check for work in committed["works"].values() for check in work["checks"]]
    assert len(checks) > 10 and all(check["passed"] for check in checks)


def test_the_committed_page_lists_what_the_committed_numbers_miss(committed):
    page = (REPORT / "benchmark.md").read_text(encoding="utf-8")
    (listed,) = re.findall(rf"^## {misses.HEADING}\n\n(.*?)\n\n## ", page, re.DOTALL | re.MULTILINE)
    missed = [
        f"- {name}, {row['what']}: "
        for name, work in committed["works"].items()
        for row in work["rows"]
        if row["verdict"].startswith("not m") or row["verdict"].endswith("not met")
    ]
    lines = listed.splitlines()
    assert len(lines) == max(1, len(missed))
    assert all(line.startswith(start) for start, line in zip(missed, lines, strict=False))


def test_the_page_about_speed_leads_to_what_is_not_met_and_names_no_figure_of_its_own():
    text = (ROOT / "docs/pages/speed.md").read_text(encoding="utf-8")
    headings = {
        re.sub(r"[^\w ]", "", line[3:]).lower().replace(" ", "-")
        for line in (REPORT / "benchmark.md").read_text(encoding="utf-8").splitlines()
        if line.startswith("## ")
    }
    anchors = re.findall(r"reports/benchmark/benchmark\.md#([\w-]+)\)", text)
    assert "not-met-and-why" in anchors and set(anchors) <= headings
    assert "reports/benchmark/scale.md)" in text
    assert not re.search(r"\d\.\d|\d times|\d ?x\b", text)


def test_peers_come_with_an_extra_that_no_user_needs():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    names = {
        group: {re.split(r"[\[>=<]", one)[0] for one in found} for group, found in project["optional-dependencies"].items()
    }
    required = {re.split(r"[\[>=<]", one)[0] for one in project["dependencies"]}
    assert names["benchmark"] >= {"lightning", "jax", "scikit-learn", "hydra-joblib-launcher"}
    assert not names["benchmark"] & required
    imports = "|".join(("lightning", "jax", "sklearn", "hydra_plugins"))
    found = [
        p
        for p in (ROOT / "src").rglob("*.py")
        if re.search(rf"^\s*(import|from) ({imports})\b", p.read_text(encoding="utf-8"), re.M)
    ]
    assert found == []
