"""``regexp-reproduce``: the textbook's experiments, run as sweeps, and their claims judged."""

from __future__ import annotations

import argparse
import datetime
import functools
import math
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from regexp import machine, train
from regexp.textbook import destination, experiments, pages, report, sweeps
from regexp.textbook.jobs import INTERRUPTED, parallel, side_by_side
from regexp.textbook.listing import listing, measured
from regexp.textbook.protocol import TIERS, Protocol
from regexp.textbook.reading import ProtocolError
from regexp.textbook.rehearsing import rehearse
from regexp.words import duration, listed, quoted


def main() -> None:
    """List the experiments, or run some. Exit status: 0 done, 1 refused or a run failed, 2 a wrong flag, 130 interrupted."""
    arguments = _parser().parse_args()
    if arguments.jobs is not None and arguments.jobs < 1:
        _parser().error(f"--jobs must be >= 1, got {arguments.jobs}")
    train.import_from_here()
    try:
        protocols, broken = experiments.find(train.config_folder(), arguments.config_dir)
        if not arguments.experiments:
            print(listing(protocols, measured(), parallel(arguments.jobs, len(protocols)), arguments.tier))
            _refuse(broken.values())
            return
        _refuse(text for name, text in broken.items() if name in arguments.experiments or "all" in arguments.experiments)
        chosen = experiments.choose(arguments.experiments, protocols)
        if broken and not set(arguments.experiments) <= set(protocols):
            print(f"left out, if of this chapter: {', '.join(broken)} (regexp-reproduce says what is wrong)", file=sys.stderr)
        tier = arguments.tier or "standard"
        _refuse(problem for protocol in chosen for problem in rehearse(protocol, tier, train.planned))
        jobs = parallel(arguments.jobs, len(chosen))
        run = reproduce if jobs == 1 else functools.partial(_side_by_side, jobs=jobs, config_dir=arguments.config_dir)
        out = _out(arguments)
        destination.check(out, [protocol.name for protocol in chosen])
        failed = run(chosen, tier, out, redraw=arguments.redraw)
    except (ProtocolError, ValueError, OSError) as error:
        sys.exit(str(error))
    except KeyboardInterrupt as error:
        print(f"interrupted{f' ({error})' if str(error) else ''}: the same command goes on from here", file=sys.stderr)
        sys.exit(130)
    if failed:
        sys.exit("\n".join(["some runs failed:", *failed]))


def reproduce(chosen: Sequence[Protocol], tier: str, out: Path, *, redraw: bool = False) -> list[str]:
    """Train what is missing, judge, draw, and write the report to ``out``. Returns what failed."""
    failed, times = [], measured()
    for number, protocol in enumerate(chosen, start=1):
        _tell(f"{number} of {len(chosen)}: {protocol.name}, {tier}{_estimate(times, protocol, tier)}")
        swept = _stored(protocol, tier) if redraw else sweeps.sweep(protocol, tier, _regexp_train)
        failed += swept.failed
        data = _report(protocol, tier, swept, out)
        pages.write(report.in_order(out), out)
        _tell(f"  {data['paragraph']}")
    _tell(f"\nreport: {out / 'index.html'}")
    return failed


def _side_by_side(
    chosen: Sequence[Protocol], tier: str, out: Path, *, redraw: bool, jobs: int, config_dir: str | None
) -> list[str]:
    """The same, an experiment per process: those that take long first, and all pages at the end.

    Raises ``KeyboardInterrupt`` with their names if some were interrupted, and nothing failed.
    """
    times = measured()
    ordered = sorted(chosen, key=lambda protocol: -times.get((protocol.name, tier), math.inf))
    options = ["--tier", tier, "--out", str(out), *(["--redraw"] if redraw else [])]
    options += ["--config-dir", config_dir] if config_dir is not None else []
    module = [sys.executable, "-m", "regexp.reproducing"]
    commands = {protocol.name: [*module, protocol.name, *options] for protocol in ordered}
    _tell(f"{len(chosen)} experiments, {jobs} at a time: {', '.join(commands)}")
    ended = side_by_side(commands, jobs, _tell)
    if reports := report.in_order(out):
        pages.write(reports, out)
        _tell(f"\nreport: {out / 'index.html'}")
    interrupted = [name for name, status in ended.items() if status in INTERRUPTED]
    failed = [name for name in ended if name not in interrupted]
    if interrupted and not failed:
        raise KeyboardInterrupt(listed(interrupted))
    return [*failed, *(f"{name} was interrupted: the same command goes on from there" for name in interrupted)]


def _refuse(problems: Iterable[str]) -> None:
    if found := list(problems):
        raise ProtocolError("\n".join(found))


def _report(protocol: Protocol, tier: str, swept: sweeps.Swept, out: Path) -> dict[str, Any]:
    from regexp.textbook.figures import draw
    from regexp.textbook.figures.caption import recipe
    from regexp.textbook.judging import judge
    from regexp.textbook.study import read_study

    started = time.perf_counter()
    study = read_study(protocol, tier, swept.folders)
    if study.unread and not swept.failed:
        problem = f"{protocol.name}: {len(study.unread)} of {len(swept.folders)} runs cannot be read"
        way_out = "remove their folders, and repeat the command without --redraw: it trains what is missing"
        raise ValueError("\n  ".join([f"{problem}: {way_out}", *study.unread]))
    found = judge(study)
    drawn = draw(study, found, out / protocol.name)
    now = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d %H:%M UTC")
    about = {"command": _command(), "date": now, "reporting_seconds": time.perf_counter() - started}
    about["trained"] = recipe(study.runs)
    about["judged_at"] = machine.commit()
    files = experiments.recipes(protocol, swept.commands, train.config_folder())
    data = report.report(study, found, swept, drawn, files, about)
    report.write(data, out / protocol.name)
    return data


def _regexp_train(arguments: list[str]) -> None:
    """The command ``regexp-train``, in this process."""
    before, sys.argv = sys.argv, ["regexp-train", *arguments]
    try:
        train.main()
    finally:
        sys.argv = before


def _stored(protocol: Protocol, tier: str) -> sweeps.Swept:
    found = sweeps.stored(protocol, tier)
    if found is None:
        raise ValueError(f"{protocol.name} has no complete {tier} runs in outputs: run it without --redraw")
    return found


def _estimate(times: Mapping[tuple[str, str], float], protocol: Protocol, tier: str) -> str:
    known = times.get((protocol.name, tier))
    return f", about {duration(known)} when it was measured" if known else ""


def _command() -> str:
    """What makes the report from nothing: drawn again it would need the runs."""
    return " ".join(map(quoted, ["regexp-reproduce", *(word for word in sys.argv[1:] if word != "--redraw")]))


def _tell(text: str) -> None:
    print(text, flush=True)


def _out(arguments: argparse.Namespace) -> Path:
    if arguments.out:
        return Path(arguments.out)
    return destination.FOLDER / datetime.datetime.now().strftime("%Y-%m-%d_%H-%M-%S.%f")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="regexp-reproduce", description="Run the textbook's experiments and judge its claims."
    )
    parser.add_argument("experiments", nargs="*", metavar="EXPERIMENT", help="names, chapters, or all (default: list them)")
    parser.add_argument(
        "--tier", choices=TIERS, help="how much (default: standard; quick gives no verdicts, except on exact statements)"
    )
    parser.add_argument("--redraw", action="store_true", help="judge and draw again from stored runs, and train nothing")
    parser.add_argument(
        "--jobs", type=int, metavar="N", help="experiments trained at a time (default: one per core, at most 4)"
    )
    parser.add_argument("--out", metavar="DIR", help=f"the report's folder (default: {destination.FOLDER.as_posix()}/<time>)")
    parser.add_argument(
        "--config-dir", metavar="DIR", help="a folder with experiments of your own: reproduce/*.yaml and experiment/*.yaml"
    )
    return parser


if __name__ == "__main__":
    main()
