"""The report as a page and as text: what is not met, tables, checks, how cost grows, and where the time is."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from benchmarks import misses
from benchmarks.curve import Curve
from benchmarks.findings import findings
from benchmarks.found import Found
from benchmarks.growth import sentences
from benchmarks.profile import PARTS
from benchmarks.work import Check, Row, Work

HEADER = ("what", "median", "range", "n", "limit", "")
PROFILER = "By torch's profiler, one thread; it makes small operations dearer than they are."


@dataclasses.dataclass
class Report:
    """All that one invocation measured, and what later ones measured again."""

    about: dict[str, Any]
    works: list[Work] = dataclasses.field(default_factory=list)
    curves: list[Curve] = dataclasses.field(default_factory=list)
    shares: dict[str, dict[str, float]] = dataclasses.field(default_factory=dict)
    again: dict[str, dict[str, Any]] = dataclasses.field(default_factory=dict)
    """By part: the ``about`` of a later invocation that measured it again."""

    def put(self, work: Work) -> None:
        """Add a work, in the place of what was measured of it before."""
        names = [one.name for one in self.works]
        place = names.index(work.name) if work.name in names else len(names)
        self.works[place : place + 1] = [work]

    def bounded(self, name: str) -> dict[str, str]:
        """The rows of a work that have a limit, with figure and range: what measuring it again must not hide."""
        rows = [row for work in self.works if work.name == name for row in work.rows if row.limits and row.figures]
        return {row.what: "{} ({:.3g} to {:.3g})".format(row.figure, *row.span) for row in rows}

    def findings(self) -> list[str]:
        """Where the time is, in words."""
        return findings(Found(self.works, self.shares, self.about["machine"]["cuda"]))


def write(report: Report, folder: Path) -> None:
    """``benchmark.md`` and ``benchmark.txt``."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in (("md", markdown(report)), ("txt", plain(report))):
        (folder / f"benchmark.{name}").write_text(text + "\n", encoding="utf-8")


def cells(row: Row) -> tuple[str, ...]:
    """A row of the table as texts."""
    span = "{:.3g} to {:.3g}".format(*row.span) if row.figures else ""
    return row.what, row.figure, span, str(len(row.figures)), ", aim ".join(map(str, row.limits)), row.verdict


def check_line(check: Check) -> str:
    """A check in words."""
    verdict = f"the same {check.what}" if check.passed else f"ANOTHER {check.what.upper()}: its times say nothing"
    return f"{check.who}: {verdict} ({check.loss:.5g}, regexp {check.ours:.5g}, tolerance {100 * check.tolerance:g} %)"


def plain(report: Report) -> str:
    """For a terminal."""
    lines = [*head(report), "", f"{misses.HEADING}:", *misses.listed(report.works), ""]
    for work in report.works:
        lines += [work.title, f"  ({work.how})"]
        lines += [f"  {a:68} {b:>16}  {c:>19} {n:>3}  {d:14} {e}".rstrip() for a, b, c, n, d, e in map(cells, work.rows)]
        lines += [f"  {text}" for text in (*map(check_line, work.checks), *work.notes)] + [""]
    lines += [text for curve in report.curves for text in sentences(curve)]
    for name, shares in report.shares.items():
        parts = ", ".join(f"{part} {100 * shares[part]:.0f} %" for part in PARTS if shares[part] >= 0.005)
        lines.append(f"{name} ({shares['seconds']:.3g} s): {parts}")
    return "\n".join([*lines, *report.findings()])


def markdown(report: Report) -> str:
    """For a page."""
    lines = ["# Speed: this project and its peers on the same work", "", *(f"{text}  " for text in head(report)), ""]
    lines += ["Ratios are medians over n interleaved turns (A B A B ...), with their range.", ""]
    lines += ["![The ratios](benchmark.png)", "", f"## {misses.HEADING}", "", *misses.listed(report.works)]
    for work in report.works:
        lines += ["", f"## {work.title}", "", f"{work.how}.", ""]
        lines += table([HEADER, *map(cells, work.rows)]) if work.rows else []
        lines += ["", *(f"- {text}" for text in (*map(check_line, work.checks), *work.notes))]
    if report.curves:
        lines += ["", "## How cost grows", "", "![Time and memory against size](growth.png)", ""]
        for first, *more in map(sentences, report.curves):
            lines += [f"- {first}", *(f"  - {text}" for text in more)]
    profiled = ["", PROFILER, "", *profile(report.shares), ""] if report.shares else [""]
    return "\n".join([*lines, "", "## Where the time is", *profiled, *(f"- {text}" for text in report.findings())])


def profile(shares: dict[str, dict[str, float]]) -> list[str]:
    """The profiler's shares, as a table."""
    names = list(shares)
    rows = [(part, *(f"{100 * shares[name][part]:.0f} %" for name in names)) for part in PARTS]
    total = ("seconds, with the profiler", *(f"{shares[name]['seconds']:.3g}" for name in names))
    return table([("part", *names), *rows, total])


def table(rows: Sequence[Sequence[str]]) -> list[str]:
    """A table in Markdown, header first."""
    header, *body = rows
    return [f"| {' | '.join(row)} |" for row in (header, ["---"] * len(header), *body)]


def head(report: Report) -> list[str]:
    """What was measured where, and what again."""
    versions = report.about["versions"]
    again = [
        f"{part}, measured again: {', '.join(told(about))}, {named(about['versions'].items() - versions.items())}"
        + former(about)
        for part, about in report.again.items()
    ]
    return [*told(report.about), named(versions.items()), *again]


def former(about: dict[str, Any]) -> str:
    """The figures that another invocation has replaced."""
    figures = [f"{what} {figure}" for what, figure in about.get("before", {}).items()]
    return f"; before: {'; '.join(figures)}" if figures else ""


def told(about: dict[str, Any]) -> list[str]:
    """An invocation: its command and machine."""
    machine = about["machine"]
    where = f"{machine['processor']}, {machine['cores']} cores, {machine['memory_gb']} GB, {machine['system']}"
    busy = f"load {machine['load at the start']} at the start"
    return [f"`{about['command']}`, commit {about['commit']}, {about['date']}", f"{where}, {busy}"]


def named(versions: Iterable[tuple[str, str]]) -> str:
    """Versions of packages; of a later invocation those that are others."""
    return ", ".join(f"{name} {number}" for name, number in versions) or "the same versions"
