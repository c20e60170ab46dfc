"""W5: reading the finished runs of a sweep and comparing them."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

import regexp
from benchmarks.commands import TRAIN, program, timed
from benchmarks.sizes import Sizes
from benchmarks.timing import Contestant, Once, installed, interleave
from benchmarks.work import Check, Row, Work, at_least
from regexp.comparison import reading

TITLE = "W5: reading {runs} finished runs and comparing them"
HOW = (
    "the same folders; in one process without imports and pictures, where both parse every turn anew (regexp: what runs have "
    "in common once a turn), and as whole commands; both give n, mean and deviation of test/loss per setting, of which the "
    "checks show the setting that differs most"
)
READ = ("summary.json", "config.yaml", "metrics.csv")
STRENGTH = "regularizer.weight_decay.strength"
COLUMNS = {"n": "n", "mean": "test/loss final mean", "deviation": "test/loss final sd"}
WHY = "Both are bound by Python that parses text: ours a configuration, a summary and a table of every run."
TOLERANCE = 1e-5
"""Event files hold float32."""


def measure(sizes: Sizes) -> Work:
    """A sweep is trained, and read by everybody in turn."""
    strengths, seeds = sizes.runs_read
    work = Work("W5", TITLE.format(runs=strengths * seeds), HOW)
    peer = installed("tensorboard", "pandas")
    if not peer:
        work.lacks("pandas over EventAccumulator", "tensorboard")
    with tempfile.TemporaryDirectory() as folder:
        study = train(Path(folder), strengths, seeds)
        inside = [
            Contestant("regexp.compare", lambda: (compared(study), None)[-1]),
            Contestant("reading the bytes", lambda: read_bytes(study)),
        ]
        compare = [sys.executable, "-m", "regexp.comparing", str(study)]
        whole = [
            command("regexp-compare, pictures and all", compare, folder),
            command("regexp-compare --no-figures", [*compare, "--no-figures"], folder),
        ]
        if peer:
            inside.append(Contestant("pandas over EventAccumulator", lambda: (by_pandas(study), None)[-1]))
            whole.append(command("pandas over EventAccumulator, command", [*program("pandas_events"), str(study)], folder))
        interleave(inside, sizes.read_turns)
        interleave(whole, sizes.read_turns, warm=False)
        if peer:
            work.checks += checks("pandas over EventAccumulator", by_pandas(study), compared(study))
    report(work, work.record([*inside, *whole]), strengths * seeds)
    return work


def report(work: Work, taken: dict[str, list[float]], runs: int) -> None:
    """The rows."""
    ours, command = taken["regexp.compare"], "regexp-compare --no-figures"
    if (peer := "pandas over EventAccumulator") in taken:
        work.compare(f"{peer} / regexp.compare", taken[peer], ours, at_least(10), why=WHY)
        work.compare(f"{peer} / {command}, whole commands", taken[f"{peer}, command"], taken[command])
    work.compare("regexp.compare / reading the bytes", ours, taken["reading the bytes"])
    work.rows.append(Row("regexp.compare, per run", [1000 * seconds / runs for seconds in ours], "ms"))
    for name in ("regexp-compare, pictures and all", command):
        work.rows.append(Row(f"{name}, whole command", taken[name], "s"))


def train(folder: Path, strengths: int, seeds: int) -> Path:
    """The folder of a finished sweep."""
    grid = [f"regularizer.weight_decay.strength=range({strengths})", f"seed=range({seeds})"]
    timed([*TRAIN, "-m", "experiment=weight_decay", *grid, "study=read", "compare=false"], folder)
    return folder / "outputs" / "read"


def command(name: str, words: Sequence[str], folder: str) -> Contestant:
    """A whole command, with the threads that it chooses."""
    return Contestant(name, lambda: Once(seconds=timed(words, Path(folder), threads=None)))


def compared(study: Path) -> pd.DataFrame:
    """Our comparison, which parses as the first one of a process does."""
    reading._parsed.cache_clear()
    table = regexp.compare(study).table.set_index(STRENGTH)
    return table[list(COLUMNS.values())].set_axis(list(COLUMNS), axis=1)


def by_pandas(study: Path) -> pd.DataFrame:
    """The peer's."""
    from benchmarks.peers.pandas_events import compare

    return compare(study).set_axis(list(COLUMNS), axis=1)


def checks(who: str, theirs: pd.DataFrame, ours: pd.DataFrame) -> list[Check]:
    """Of every column the setting that differs most; one that the peer lacks differs most of all."""
    found = []
    for column in COLUMNS:
        a, b = theirs[column].reindex(ours.index).to_numpy(), ours[column].to_numpy()
        worst = int(np.argmax(np.abs(a - b) / np.abs(b)))
        found.append(Check(who, float(a[worst]), float(b[worst]), TOLERANCE, what=column))
    return found


def read_bytes(study: Path) -> None:
    """The files that a comparison needs, read and dropped."""
    for folder in study.iterdir():
        for name in READ:
            if (file := folder / name).exists():
                file.read_bytes()
