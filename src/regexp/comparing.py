"""``regexp-compare``, and the call behind it: finished runs, read from disk, and what they say.

A module named ``compare`` would hide the function of that name from the second ``regexp.compare`` on.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from regexp.comparison.averages import must_be_empty
from regexp.comparison.baseline import by_default, find
from regexp.comparison.choosing import chosen
from regexp.comparison.comparison import Comparison
from regexp.comparison.findings import Findings
from regexp.comparison.measuring import Measure, measure
from regexp.comparison.measuring import compare as with_differences
from regexp.comparison.output import output
from regexp.comparison.reading import COMMANDS, Run, newest_study, read
from regexp.comparison.remarks import remarks, unbegun, undrawn
from regexp.comparison.scales import check, comparable
from regexp.comparison.settings import Setting, group, seeds_of, split_sizes
from regexp.comparison.variation import variation
from regexp.files.naming import SEARCH_NOTE
from regexp.words import counted, quoted


class NothingToCompare(ValueError):
    """There is no run, or none that can be compared. The message says what was found."""


def compare(*folders: str | Path, metric: str | None = None, baseline: str | None = None, at: str | None = None) -> Comparison:
    """Compare the finished runs in and below ``folders`` (none: the newest study below ``outputs``).

    ``metric``: any column of ``metrics.csv``; None: ``test/loss``, and where settings differ in their loss, whose values then
    have no order, ``test/accuracy``. ``baseline``: a setting's label, or values that only one
    setting has (``"strength=0.1"``); None: without regularizer, else the weakest. ``at``: ``final`` compares the weights that
    runs end with, ``best`` those at the best epoch by validation; None: ``final``. The folder of a search is by default
    compared as the search did: at ``best``, by its objective's counterpart on the test split.

    Reads ``summary.json``, ``config.yaml`` and ``metrics.csv``, and trains nothing. What cannot be read is in ``remarks``.
    Raises :class:`NothingToCompare`, and ``ValueError`` for a metric or baseline that settings cannot be compared by.
    """
    places = _places(folders)
    runs, problems = read(places)
    return compare_runs(runs, problems, metric=metric, baseline=baseline, at=at, places=places)


def compare_runs(
    runs: Sequence[Run],
    problems: Sequence[str],
    *,
    metric: str | None = None,
    baseline: str | None = None,
    at: str | None = None,
    places: Sequence[Path] = (),
) -> Comparison:
    """Compare runs that were read from ``places``, or never written; ``problems`` is what is to be said of others."""
    if at not in (None, "final", "best"):
        raise ValueError(f"at must be final or best, got {at!r}")
    if not runs:
        raise NothingToCompare("\n".join(["there is no run to compare", *problems]))
    settings, repeated = group(runs)
    seeds = seeds_of(settings)
    searched = len(places) == 1 and (places[0] / SEARCH_NOTE).is_file()
    metric = _metric(settings, metric, searched=searched)
    between = variation(settings, metric)
    how = Measure(metric, at or ("best" if searched else "final"), _objective(settings, metric), between.correction)
    rows = measure(settings, seeds, how)
    if not any(row.n for row in rows):
        raise NothingToCompare(_no_metric(settings, how, problems))
    choice = None if split_sizes(settings) else chosen(rows, how, seeds)
    base = find(settings, baseline) if baseline else by_default(rows, how)
    rows = with_differences(rows, base, how)
    picked = next((row for row in rows if choice and row.setting is choice.setting), None)
    findings = Findings(rows, base, picked, choice, how, seeds, between, _study(runs), places)
    return Comparison(findings, [*problems, *unbegun(places), *repeated, *remarks(findings)])


def main() -> None:
    """Print the answer, and write it. Exit status: 0 done, 1 nothing to compare or nowhere to write, 2 a wrong flag."""
    arguments = _parser().parse_args()
    try:
        _run(arguments)
        sys.stdout.flush()
    except BrokenPipeError:  # the reader has seen enough, such as head
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (ValueError, OSError) as error:
        sys.exit(str(error))


def _run(arguments: argparse.Namespace) -> None:
    places = _places(arguments.folders)
    averages = Path(arguments.tensorboard) if arguments.tensorboard else None
    if averages:
        must_be_empty(averages)
    done = compare(*places, metric=arguments.metric, baseline=arguments.baseline, at=arguments.at)
    out = Path(arguments.out) if arguments.out else output(places, _asked(arguments))
    print(done)
    try:
        done.write(out, figures=not arguments.no_figures)
    except OSError as error:
        sys.exit(f"\nnothing was written ({error.strerror}: {error.filename}): name a folder by --out FOLDER")
    what = "table and methods" if arguments.no_figures else "table, methods and pictures"
    print(f"\n{what} are in {os.path.relpath(out)}")
    if not arguments.no_figures and (text := undrawn(done.findings)):
        print(text)
    if averages:
        done.write_averages(averages)
        line = " ".join(map(quoted, ["tensorboard", "--logdir", str(averages)]))
        print(f"every setting's mean and interval are in {averages}\n{line}")


def _asked(arguments: argparse.Namespace) -> list[str]:
    """The options that make another comparison of the same runs, as words."""
    found = [arguments.metric or "", arguments.at or "", f"baseline {arguments.baseline}" if arguments.baseline else ""]
    return [word for word in found if word]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="regexp-compare", description="Compare finished runs: is the difference real?")
    parser.add_argument("folders", nargs="*", metavar="FOLDER", help="folders with runs (default: the newest study in outputs)")
    parser.add_argument(
        "--metric",
        help="a column of metrics.csv (default: test/loss, accuracy where losses differ; of a search its objective, on test)",
    )
    parser.add_argument("--baseline", help='a setting, e.g. "weight_decay 0.1" or strength=0.1 (default: no regularizer)')
    parser.add_argument(
        "--at", choices=("final", "best"), help="weights: the final ones (default), or those of the best epoch (of a search)"
    )
    parser.add_argument("--out", metavar="FOLDER", help="where to write (default: comparison, in or beside what is compared)")
    parser.add_argument("--tensorboard", metavar="DIR", help="write every setting's mean and interval for TensorBoard")
    parser.add_argument("--no-figures", action="store_true", help="draw no pictures")
    return parser


def _places(folders: Sequence[str | Path]) -> Sequence[Path]:
    if folders:
        return [Path(folder) for folder in folders]
    newest = newest_study(Path("outputs")) if Path("outputs").is_dir() else None
    if newest is None:
        raise NothingToCompare("there is no study in outputs: name the folders to compare")
    return [newest]


def _metric(settings: Sequence[Setting], asked: str | None, *, searched: bool) -> str:
    """What is compared: never a loss where settings differ in theirs."""
    if asked:
        check(asked, settings)
        return asked
    kind = _objective(settings, "test/loss").partition("/")[2] if searched else "loss"
    return comparable(f"test/{kind}", settings)


def _objective(settings: Sequence[Setting], metric: str) -> str:
    """What the runs were told to be judged by; where they were told differently, the metric's own counterpart."""
    told = {str(setting.fields.get("objective", "val/loss")) for setting in settings}
    return comparable(told.pop() if len(told) == 1 else f"val/{metric.partition('/')[2]}", settings)


def _no_metric(settings: Sequence[Setting], how: Measure, problems: Sequence[str]) -> str:
    runs = [run for setting in settings for run in setting.runs.values()]
    known = sorted({name for run in runs if run.status == "completed" for name in run.summary["final"]})
    known = [name for name in known if comparable(name, settings) == name]
    if not known:
        statuses = ", ".join(sorted({run.status for run in runs}))
        return "\n".join([f"none of {counted(len(runs), 'run')} is completed ({statuses})", *problems])
    return f"--metric must be one of {', '.join(known)}, got {how.metric!r}"


def _study(runs: Sequence[Run]) -> str | None:
    """The name of the runs' folder if that is a study; a sweep by time is none, though it notes its command too."""
    folder = runs[0].folder.parent
    try:
        commands = (folder / COMMANDS).read_text(encoding="utf-8")
    except OSError:
        return None
    alone = all(run.folder.parent == folder for run in runs)
    name = folder.resolve().name
    return name if alone and f"study={name}" in commands.split() else None


if __name__ == "__main__":
    main()
