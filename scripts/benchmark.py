"""This project and its peers on the same work, in one invocation: ``python scripts/benchmark.py``.

Peers come with ``pip install -e ".[benchmark]"``; those that are not there are named in the report. Contestants take turns
(A B A B ...), so that what else the machine does hits all; each is checked to reach the same loss. Written are
``benchmark.md``, ``benchmark.txt``, ``benchmark.json`` (raw numbers), the pictures ``benchmark.png`` and ``growth.png``, and
``scale.md``: what the measured slopes say of larger machines, on paper. About 30 minutes on two quiet cores;
``--keep --work W4`` measures one part again and leaves the others as they stand, and the report says so; ``--work ""``
only writes all of it again. The exit status is 1 if a peer reached another loss.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from benchmarks import growing, kept, pictures, profile, ratios, report, scale
from benchmarks.about import about
from benchmarks.sizes import FULL, QUICK, Sizes
from benchmarks.works import cuda, epoch, networks, options, parts, reading, regression, start_up

WORKS = {
    "W1": epoch.measure,
    "W2": regression.measure,
    "W3": networks.measure,
    "W4": start_up.measure,
    "W5": reading.measure,
    "W6": cuda.measure,
    "options": options.measure,
    "parts": parts.measure,
}
PARTS = [*WORKS, "growth", "profile"]
REPORTS = Path(__file__).parents[1] / "reports" / "benchmark"


def main() -> None:
    """Measure what is asked for, and write it down after every part."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=asked, default=PARTS, help=",".join(PARTS))
    parser.add_argument("--quick", action="store_true", help="small sizes, once, to see that everything works")
    parser.add_argument("--out", type=Path, default=REPORTS, help="the folder of the report")
    parser.add_argument("--keep", action="store_true", help="keep what the report there says of all other parts")
    chosen = parser.parse_args()
    sizes = QUICK if chosen.quick else FULL
    now = about()
    found = kept.kept(chosen.out, now) if chosen.keep else report.Report(now)
    for name in chosen.work:
        before = found.again.get(name, {}).get("before") or found.bounded(name)  # the first ones, however often it is repeated
        measure(name, sizes, found)
        if found.about is not now:
            found.again[name] = {**now, "before": before}
        write(found, chosen.out)
        print(f"{name} done", flush=True)
    write(found, chosen.out)
    print(report.plain(found))
    if others := [f"{work.name}, {check.who}" for work in found.works for check in work.checks if not check.passed]:
        sys.exit(f"another loss than regexp's: {'; '.join(others)}")


def measure(name: str, sizes: Sizes, found: report.Report) -> None:
    """One part, put into the report."""
    if name == "growth":
        found.curves = growing.curves(sizes)
    elif name == "profile":
        found.shares = profile.shares(sizes)
    else:
        found.put(WORKS[name](sizes))


def write(found: report.Report, folder: Path) -> None:
    """Tables, raw numbers, pictures, and the page of larger machines."""
    report.write(found, folder)
    kept.write(found, folder)
    ratios.draw(found.works, folder / "benchmark.png")
    if found.curves:
        pictures.growth(found.curves, folder / "growth.png")
        scale.write(found, folder / "scale.md")


def asked(text: str) -> list[str]:
    """The names of parts, checked."""
    names = text.split(",") if text else []
    if unknown := sorted(set(names) - set(PARTS)):
        raise argparse.ArgumentTypeError(f"must be of {', '.join(PARTS)}, got {', '.join(unknown)}")
    return names


if __name__ == "__main__":
    main()
