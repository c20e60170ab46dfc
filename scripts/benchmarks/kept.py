"""The raw numbers, ``benchmark.json``: parts of a report can be measured again without the time of the others."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

from benchmarks.curve import Curve, Point
from benchmarks.report import Report
from benchmarks.work import Check, Limit, Row, Work

FILE = "benchmark.json"


def write(report: Report, folder: Path) -> None:
    """Everything, as JSON."""
    works = {work.name: _plain(work) for work in report.works}
    growth = {curve.axis: [dataclasses.asdict(point) for point in curve.points] for curve in report.curves}
    parts = {"works": works, "growth": growth, "profile": report.shares}
    text = json.dumps({**report.about, **parts, "again": report.again}, indent=1)
    (folder / FILE).write_text(text + "\n", encoding="utf-8")


def kept(folder: Path, about: dict[str, Any]) -> Report:
    """The report of the folder if it has one, else an empty one; new parts will carry ``about``."""
    file = folder / FILE
    if not file.exists():
        return Report(about)
    raw = json.loads(file.read_text(encoding="utf-8"))
    works = [_work(name, plain) for name, plain in raw["works"].items()]
    curves = [Curve(axis, [Point(**point) for point in points]) for axis, points in raw["growth"].items()]
    first = {name: raw[name] for name in ("commit", "command", "date", "machine", "versions")}
    return Report(first, works, curves, raw["profile"], raw["again"])


def _plain(work: Work) -> dict[str, Any]:
    rows = [
        dataclasses.asdict(row)
        | {"median": row.median if row.figures else None, "limits": list(map(str, row.limits)), "verdict": row.verdict}
        for row in work.rows
    ]
    checks = [dataclasses.asdict(check) | {"passed": check.passed} for check in work.checks]
    plain = {"title": work.title, "how": work.how, "notes": work.notes}
    return plain | {"rows": rows, "checks": checks, "seconds": work.seconds}


def _work(name: str, plain: dict[str, Any]) -> Work:
    rows = [_of(Row, row | {"limits": tuple(map(_limit, row["limits"]))}) for row in plain["rows"]]
    checks = [_of(Check, check) for check in plain["checks"]]
    return Work(name, plain["title"], plain["how"], rows, plain["seconds"], checks, plain["notes"])


def _of(kind: Any, plain: dict[str, Any]) -> Any:
    """A row or a check; what was computed from it is left out."""
    return kind(**{field.name: plain[field.name] for field in dataclasses.fields(kind)})


def _limit(text: str) -> Limit:
    sign, bound = text.split()
    return Limit(sign, float(bound))
