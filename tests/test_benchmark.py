"""The benchmark measures what it can here, and names the peers that it cannot find."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parents[1] / "scripts"
PEERS = ("d2l's loop", "bare loop")


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """The report of three works and of where the time is, by the command line."""
    out = tmp_path_factory.mktemp("benchmark")
    words = [sys.executable, SCRIPTS / "benchmark.py", "--quick", "--work", "W2,W6,parts,profile", "--out", out]
    done = subprocess.run(words, cwd=out, env={**os.environ, "OMP_NUM_THREADS": "1"}, capture_output=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    return done.stdout, out, json.loads((out / "benchmark.json").read_text(encoding="utf-8"))


def test_peers_reach_our_loss_and_ratios_are_those_of_the_raw_seconds(found):
    _, _, raw = found
    work = raw["works"]["W2"]
    assert {check["who"] for check in work["checks"]} >= {f"{n}: {who}" for n in ("1 run", "4 runs (2 x 2)") for who in PEERS}
    assert all(check["passed"] for check in work["checks"])
    taken = work["seconds"]
    (row,) = (row for row in work["rows"] if row["what"] == "1 run: regexp / bare loop")
    assert row["figures"] == pytest.approx(
        [a / b for a, b in zip(taken["1 runs: regexp"], taken["1 runs: bare loop"], strict=True)]
    )
    assert row["verdict"] == ("met" if row["median"] <= 1.2 else "not met")


def test_what_is_not_here_is_named(found):
    said, out, raw = found
    page = (out / "benchmark.md").read_text(encoding="utf-8")
    for text in (said, page):
        assert ("JAX: not installed" in text) == (raw["versions"]["jax"] == "not installed")
    if raw["machine"]["cuda"] is None:
        assert "no CUDA device here: not measured" in page


def test_the_report_names_neither_host_nor_paths(found):
    _, out, raw = found
    for name in ("benchmark.md", "benchmark.txt", "benchmark.json"):
        text = (out / name).read_text(encoding="utf-8")
        assert os.uname().nodename not in text and str(SCRIPTS) not in text
    assert (out / "benchmark.png").stat().st_size > 10_000
    assert raw["commit"] and raw["versions"]["torch"]


def test_the_shares_of_the_parts_make_the_whole(found):
    _, _, raw = found
    for shares in raw["profile"].values():
        assert sum(share for part, share in shares.items() if part != "seconds") == pytest.approx(1, abs=0.05)
        assert shares["batch order and gather"] > 0
        assert shares["evaluation: the rest"] > 0


def test_a_part_measured_again_leaves_the_others(found, tmp_path):
    _, out, before = found
    shutil.copytree(out, tmp_path / "again")
    words = [sys.executable, SCRIPTS / "benchmark.py", "--quick", "--keep", "--work", "W6", "--out", tmp_path / "again"]
    subprocess.run(words, cwd=tmp_path, env={**os.environ, "OMP_NUM_THREADS": "1"}, check=True)
    after = json.loads((tmp_path / "again/benchmark.json").read_text(encoding="utf-8"))
    assert {**after, "again": {}} == before
    assert "--keep --work W6" in after["again"]["W6"]["command"]
    assert "W6, measured again: `python" in (tmp_path / "again/benchmark.md").read_text(encoding="utf-8")


def test_another_loss_ends_with_another_exit_status(found, tmp_path):
    _, out, raw = found
    shutil.copytree(out, tmp_path / "another")
    raw = json.loads(json.dumps(raw))
    raw["works"]["W2"]["checks"][0]["loss"] *= 2
    (tmp_path / "another/benchmark.json").write_text(json.dumps(raw), encoding="utf-8")
    words = [sys.executable, SCRIPTS / "benchmark.py", "--keep", "--work", "", "--out", tmp_path / "another"]
    done = subprocess.run(
        words, cwd=tmp_path, env={**os.environ, "OMP_NUM_THREADS": "1"}, capture_output=True, encoding="utf-8"
    )
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == "another loss than regexp's: W2, 1 run: d2l's loop"
    assert "ANOTHER LOSS" in (tmp_path / "another/benchmark.md").read_text(encoding="utf-8")
    after = json.loads((tmp_path / "another/benchmark.json").read_text(encoding="utf-8"))
    assert {**after, "works": {}} == {**raw, "works": {}}
    assert after["works"]["W2"]["rows"] == raw["works"]["W2"]["rows"]
