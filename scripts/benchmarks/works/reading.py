"""W5: reading the finished runs of a sweep and comparing them."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import regexp
from benchmarks.commands import TRAIN, timed
from benchmarks.sizes import Sizes
from benchmarks.timing import Contestant, Once, installed, interleave
from benchmarks.work import Row, Work, at_least

TITLE = "W5: reading {runs} finished runs and comparing them"
HOW = (
    "the same folders, in one process, imports and pictures left out; both give n, mean and deviation of test/loss per setting"
)
READ = ("summary.json", "config.yaml", "metrics.csv")


def measure(sizes: Sizes) -> Work:
    """A sweep is trained, and read by everybody in turn."""
    strengths, seeds = sizes.runs_read
    work = Work("W5", TITLE.format(runs=strengths * seeds), HOW)
    with tempfile.TemporaryDirectory() as folder:
        study = train(Path(folder), strengths, seeds)
        ours = Contestant("regexp.compare", lambda: compared(study))
        limit = Contestant("reading the bytes", lambda: read_bytes(study))
        whole = [sys.executable, "-m", "regexp.comparing", str(study)]
        command = Contestant("regexp-compare, pictures and all", lambda: Once(seconds=timed(whole, Path(folder), threads=None)))
        peers = (
            [Contestant("pandas over EventAccumulator", lambda: by_pandas(study))] if installed("tensorboard", "pandas") else []
        )
        everybody = [ours, limit, *peers, command]
        interleave(everybody, sizes.read_turns)
    taken = work.record(everybody)
    for peer in peers:
        work.compare(f"{peer.name} / regexp.compare", taken[peer.name], taken[ours.name], at_least(10))
    work.compare("regexp.compare / reading the bytes", taken[ours.name], taken[limit.name])
    work.rows.append(Row("regexp.compare, per run", [1000 * s / strengths / seeds for s in taken[ours.name]], "ms"))
    work.rows.append(Row(f"{command.name}, whole command", taken[command.name], "s"))
    work.check(peers, ours, tolerance=1e-5)
    return work


def train(folder: Path, strengths: int, seeds: int) -> Path:
    """The folder of a finished sweep."""
    grid = [f"regularizer.weight_decay.strength=range({strengths})", f"seed=range({seeds})"]
    timed([*TRAIN, "-m", "experiment=weight_decay", *grid, "study=read", "compare=false"], folder)
    return folder / "outputs" / "read"


def compared(study: Path) -> Once:
    """Our comparison; its answer is the sum of the settings' means, which the others must find too."""
    table = regexp.compare(study).table
    return Once(float(table["test/loss final mean"].sum()))


def by_pandas(study: Path) -> Once:
    """The peer's."""
    from benchmarks.peers.pandas_events import compare

    return Once(float(compare(study)["mean"].sum()))


def read_bytes(study: Path) -> None:
    """The files that a comparison needs, read and dropped."""
    for folder in study.iterdir():
        for name in READ:
            if (file := folder / name).exists():
                file.read_bytes()
