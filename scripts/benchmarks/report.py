"""The report: table as Markdown and as text, and the raw numbers as JSON."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.growth import Curve, sentences
from benchmarks.profile import PARTS
from benchmarks.work import Check, Row, Work

HEADER = ("what", "median", "range", "n", "limit", "")


@dataclasses.dataclass
class Report:
    """All that one invocation measured, and what later ones measured again."""

    about: dict[str, Any]
    works: list[Work] = dataclasses.field(default_factory=list)
    curves: list[Curve] = dataclasses.field(default_factory=list)
    shares: dict[str, dict[str, float]] = dataclasses.field(default_factory=dict)
    growth_images: int = 0
    again: dict[str, dict[str, Any]] = dataclasses.field(default_factory=dict)
    """By part: the ``about`` of a later invocation that measured it again."""

    def put(self, work: Work) -> None:
        """Add a work, in the place of what was measured of it before."""
        names = [one.name for one in self.works]
        place = names.index(work.name) if work.name in names else len(names)
        self.works[place : place + 1] = [work]


def write(report: Report, folder: Path) -> None:
    """``benchmark.md``, ``benchmark.txt`` and ``benchmark.json``."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in (("md", markdown(report)), ("txt", plain(report)), ("json", raw(report))):
        (folder / f"benchmark.{name}").write_text(text + "\n", encoding="utf-8")


def cells(row: Row) -> tuple[str, ...]:
    """A row of the table as texts."""
    limits = ", aim ".join(map(str, row.limits))
    low, high = row.span if row.figures else ("", "")
    span = f"{low:.3g} to {high:.3g}" if row.figures else ""
    return row.what, row.figure, span, str(len(row.figures)), limits, row.verdict


def check_line(check: Check) -> str:
    """A check in words."""
    verdict = f"the same {check.what}" if check.passed else f"ANOTHER {check.what.upper()}: its times say nothing"
    return f"{check.who}: {verdict} ({check.loss:.5g}, regexp {check.ours:.5g}, tolerance {100 * check.tolerance:g} %)"


def plain(report: Report) -> str:
    """For a terminal."""
    lines = [*head(report), ""]
    for work in report.works:
        lines += [work.title, f"  ({work.how})"]
        lines += [f"  {a:68} {b:>12}  {c:>19} {n:>3}  {d:14} {e}".rstrip() for a, b, c, n, d, e in map(cells, work.rows)]
        lines += [f"  {text}" for text in (*map(check_line, work.checks), *work.notes)] + [""]
    lines += [text for curve in report.curves for text in sentences(curve)]
    for name, shares in report.shares.items():
        parts = ", ".join(f"{part} {100 * shares[part]:.0f} %" for part in PARTS if shares[part] >= 0.005)
        lines.append(f"{name} ({shares['seconds']:.3g} s): {parts}")
    return "\n".join(lines)


def markdown(report: Report) -> str:
    """For a page."""
    lines = ["# Speed: this project and its peers on the same work", "", *(f"{text}  " for text in head(report)), ""]
    lines += ["Ratios are medians over interleaved turns (A B A B ...), with their range.", "", "![The ratios](benchmark.png)"]
    for work in report.works:
        lines += ["", f"## {work.title}", "", f"{work.how}.", ""]
        lines += table([HEADER, *map(cells, work.rows)]) if work.rows else []
        lines += ["", *(f"- {text}" for text in (*map(check_line, work.checks), *work.notes))]
    if report.curves:
        lines += ["", "## How cost grows", "", "![Time and memory against size](growth.png)", ""]
        lines += [f"- {' '.join(sentences(curve))}" for curve in report.curves]
    return "\n".join([*lines, *(profile(report.shares) if report.shares else [])])


def profile(shares: dict[str, dict[str, float]]) -> list[str]:
    """Where the time is, as lines."""
    names = list(shares)
    rows = [(part, *(f"{100 * shares[name][part]:.0f} %" for name in names)) for part in PARTS]
    total = ("seconds, with the profiler", *(f"{shares[name]['seconds']:.3g}" for name in names))
    said = "By torch's profiler, one thread; it makes small operations dearer than they are."
    return ["", "## Where the time is", "", said, "", *table([("part", *names), *rows, total])]


def table(rows: Sequence[Sequence[str]]) -> list[str]:
    """A table in Markdown, header first."""
    header, *body = rows
    return [f"| {' | '.join(row)} |" for row in (header, ["---"] * len(header), *body)]


def head(report: Report) -> list[str]:
    """What was measured where."""
    again = [f"{part}, measured again: {', '.join(told(about)[:2])}" for part, about in report.again.items()]
    return [*told(report.about), *again]


def told(about: dict[str, Any]) -> list[str]:
    """An invocation: its command, machine and versions."""
    machine = about["machine"]
    versions = ", ".join(f"{name} {number}" for name, number in about["versions"].items())
    where = f"{machine['processor']}, {machine['cores']} cores, {machine['memory_gb']} GB, {machine['system']}"
    busy = f"load {machine['load at the start']} at the start"
    return [
        f"`{about['command']}`, commit {about['commit']}, {about['date']}",
        f"{where}, {busy}",
        versions,
    ]


def raw(report: Report) -> str:
    """Everything, as JSON."""
    works = {}
    for work in report.works:
        rows = [
            dataclasses.asdict(row)
            | {"median": row.median if row.figures else None, "limits": list(map(str, row.limits)), "verdict": row.verdict}
            for row in work.rows
        ]
        checks = [dataclasses.asdict(check) | {"passed": check.passed} for check in work.checks]
        plain = {"title": work.title, "how": work.how, "notes": work.notes}
        works[work.name] = plain | {"rows": rows, "checks": checks, "seconds": work.seconds}
    growth = {curve.axis: [dataclasses.asdict(point) for point in curve.points] for curve in report.curves}
    parts = {"works": works, "growth": growth, "profile": report.shares, "again": report.again}
    return json.dumps({**report.about, **parts}, indent=1)
