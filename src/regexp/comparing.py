"""``regexp-compare``, and the call behind it: finished runs, read from disk, and what they say.

A module named ``compare`` would hide the function of that name from the second ``regexp.compare`` on.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from regexp.comparison.answer import Findings
from regexp.comparison.baseline import find, weakest
from regexp.comparison.comparison import Comparison
from regexp.comparison.measuring import Measure, Row, chosen, measure
from regexp.comparison.measuring import compare as with_differences
from regexp.comparison.reading import OUTPUT, Run, newest_study, read
from regexp.comparison.remarks import remarks
from regexp.comparison.settings import Setting, group, seeds_of
from regexp.comparison.variation import variation
from regexp.metrics import lower_is_better


class NothingToCompare(ValueError):
    """There is no run, or none that can be compared. The message says what was found."""


def compare(*folders: str | Path, metric: str = "test/loss", baseline: str | None = None, at: str = "final") -> Comparison:
    """Compare the finished runs in and below ``folders`` (none: the newest study below ``outputs``).

    ``metric``: any column of ``metrics.csv``. ``baseline``: a setting's label, or values that only one setting has
    (``"strength=0.1"``); None: without regularizer, else the weakest. ``at``: ``final`` compares the weights that runs end
    with, ``best`` those at the best epoch by validation.

    Reads ``summary.json``, ``config.yaml`` and ``metrics.csv``, and trains nothing. What cannot be read is in ``remarks``.
    Raises :class:`NothingToCompare`.
    """
    runs, problems = read(_places(folders))
    return compare_runs(runs, problems, metric=metric, baseline=baseline, at=at)


def compare_runs(runs: Sequence[Run], problems: Sequence[str], *, metric: str, baseline: str | None, at: str) -> Comparison:
    """Compare runs that were read, or never written; ``problems`` is what is to be said of others."""
    if at not in ("final", "best"):
        raise ValueError(f"at must be final or best, got {at!r}")
    if not runs:
        raise NothingToCompare("\n".join(["there is no run to compare", *problems]))
    settings, repeated = group(runs)
    seeds = seeds_of(settings)
    how = Measure(metric, at, _objective(settings, metric), variation(settings, metric).correction)
    rows = measure(settings, seeds, how)
    if not any(row.n for row in rows):
        raise NothingToCompare(_no_metric(settings, how, problems))
    choice = chosen(rows, how, seeds)
    base = find(settings, baseline) if baseline else _baseline(rows, how)
    rows = with_differences(rows, base, how)
    picked = next((row for row in rows if choice and row.setting is choice.setting), None)
    findings = Findings(rows, base, picked, choice, how, seeds, _study(runs[0].folder.parent))
    return Comparison(findings, variation(settings, metric), [*problems, *repeated, *remarks(findings)])


def main() -> None:
    """Print the answer, and write it below the first folder. Exit status: 0 done, 1 nothing to compare, 2 a wrong flag."""
    arguments = _parser().parse_args()
    folders = [Path(folder) for folder in arguments.folders]
    try:
        places = list(_places(folders))
        done = compare(*places, metric=arguments.metric, baseline=arguments.baseline, at=arguments.at)
        print(done)
        out = _output(places[0])
        done.write(out, figures=not arguments.no_figures)
        if arguments.tensorboard:
            done.write_averages(arguments.tensorboard)
    except (ValueError, OSError) as error:
        sys.exit(str(error))
    print(f"\ntable, methods and pictures are in {os.path.relpath(out)}")


def _output(first: Path) -> Path:
    """Below the first folder; beside it where that is a run."""
    return (first.parent if (first / "summary.json").exists() else first) / OUTPUT


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="regexp-compare", description="Compare finished runs: is the difference real?")
    parser.add_argument("folders", nargs="*", metavar="FOLDER", help="folders with runs (default: the newest study in outputs)")
    parser.add_argument("--metric", default="test/loss", help="a column of metrics.csv (default: test/loss)")
    parser.add_argument("--baseline", help='a setting, e.g. "weight_decay 0.1" or strength=0.1 (default: no regularizer)')
    parser.add_argument(
        "--at", default="final", choices=("final", "best"), help="weights: the final ones, or those of the best epoch"
    )
    parser.add_argument("--tensorboard", metavar="DIR", help="write every setting's mean and interval as runs for TensorBoard")
    parser.add_argument("--no-figures", action="store_true", help="draw no pictures")
    return parser


def _places(folders: Sequence[str | Path]) -> Sequence[Path]:
    if folders:
        return [Path(folder) for folder in folders]
    newest = newest_study(Path("outputs")) if Path("outputs").is_dir() else None
    if newest is None:
        raise NothingToCompare("there is no study in outputs: name the folders to compare")
    return [newest]


def _objective(settings: Sequence[Setting], metric: str) -> str:
    """What the runs were told to be judged by; where they were told differently, the metric's own counterpart."""
    told = {str(setting.fields.get("objective", "val/loss")) for setting in settings}
    return told.pop() if len(told) == 1 else f"val/{metric.partition('/')[2]}"


def _baseline(rows: Sequence[Row], how: Measure) -> Setting:
    """The weakest setting that has runs; of several without regularizer the one that validation prefers, else the first."""
    having = [row for row in rows if row.n]
    candidates = weakest([row.setting for row in having])
    scored = [row for row in having if row.setting in candidates and row.validation]
    if len(candidates) == 1 or not scored:
        return candidates[0]
    sign = 1 if lower_is_better(how.objective) else -1
    return min(scored, key=lambda row: sign * row.validation.mean if row.validation else 0).setting


def _no_metric(settings: Sequence[Setting], how: Measure, problems: Sequence[str]) -> str:
    runs = [run for setting in settings for run in setting.runs.values()]
    known = sorted({name for run in runs if run.status == "completed" for name in run.summary["final"]})
    if not known:
        return "\n".join(
            [f"none of {len(runs)} runs is completed ({', '.join(sorted({run.status for run in runs}))})", *problems]
        )
    return f"--metric must be one of {', '.join(known)}, got {how.metric!r}"


def _study(folder: Path) -> str | None:
    """The folder's name if that is a study; a sweep by time is none, though it notes its command too."""
    try:
        commands = (folder / "commands.txt").read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    return folder.name if f"study={folder.name}" in commands.split() else None


if __name__ == "__main__":
    main()
