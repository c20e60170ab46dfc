"""This project and its peers on the same work, in one invocation: ``python scripts/benchmark.py``.

Peers come with ``pip install -e ".[benchmark]"``; those that are not there are named in the report. Contestants take turns
(A B A B ...), so that what else the machine does hits all; each is checked to reach the same loss. Written are
``benchmark.md``, ``benchmark.txt``, ``benchmark.json`` (raw numbers), the pictures ``benchmark.png`` and ``growth.png``, and
``scale.md``: what the measured slopes say of larger machines, on paper. About 25 minutes on two quiet cores.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from benchmarks import growth, pictures, profile, report, scale
from benchmarks.about import about
from benchmarks.sizes import FULL, QUICK
from benchmarks.works import cuda, epoch, networks, options, reading, regression, start_up

WORKS = {
    "W1": epoch.measure,
    "W2": regression.measure,
    "W3": networks.measure,
    "W4": start_up.measure,
    "W5": reading.measure,
    "W6": cuda.measure,
    "options": options.measure,
}
REPORTS = Path(__file__).parents[1] / "reports" / "benchmark"


def main() -> None:
    """Measure what is asked for, and write it down after every part."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=parts, default=[*WORKS, "growth", "profile"], help="W1,...,W6,options,growth,profile")
    parser.add_argument("--quick", action="store_true", help="small sizes, once, to see that everything works")
    parser.add_argument("--out", type=Path, default=REPORTS, help="the folder of the report")
    chosen = parser.parse_args()
    sizes = QUICK if chosen.quick else FULL
    found = report.Report(about(), growth_images=sizes.growth_images)
    for name in chosen.work:
        if name == "growth":
            found.curves = growth.curves(sizes)
        elif name == "profile":
            found.shares = profile.shares(sizes)
        else:
            found.works.append(WORKS[name](sizes))
        report.write(found, chosen.out)
        print(f"{name} done", flush=True)
    pictures.ratios(found.works, chosen.out / "benchmark.png")
    if found.curves:
        pictures.growth(found.curves, chosen.out / "growth.png")
        scale.write(found, chosen.out / "scale.md")
    print(report.plain(found))


def parts(text: str) -> list[str]:
    """The names of parts, checked."""
    names = text.split(",")
    if unknown := sorted(set(names) - {*WORKS, "growth", "profile"}):
        raise argparse.ArgumentTypeError(f"must be of {', '.join(WORKS)}, growth, profile, got {', '.join(unknown)}")
    return names


if __name__ == "__main__":
    main()
