"""A report that was written before: parts of it can be measured again without the 25 minutes of the others."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from benchmarks.growth import Curve, Point
from benchmarks.report import Report
from benchmarks.work import Check, Limit, Row, Work


def kept(folder: Path, about: dict[str, Any], growth_images: int) -> Report:
    """The report of ``benchmark.json`` if the folder has one, else an empty one; new parts will carry ``about``."""
    file = folder / "benchmark.json"
    if not file.exists():
        return Report(about, growth_images=growth_images)
    raw = json.loads(file.read_text(encoding="utf-8"))
    works = [_work(name, plain) for name, plain in raw["works"].items()]
    curves = [Curve(axis, [Point(**point) for point in points]) for axis, points in raw["growth"].items()]
    first = {name: raw[name] for name in ("commit", "command", "date", "machine", "versions")}
    return Report(first, works, curves, raw["profile"], growth_images, raw.get("again", {}))


def _work(name: str, plain: dict[str, Any]) -> Work:
    rows = [
        Row(row["what"], row["figures"], row["unit"], tuple(map(_limit, row["limits"])), row.get("why", ""))
        for row in plain["rows"]
    ]
    fields = ("who", "loss", "ours", "tolerance", "what")
    checks = [Check(**{field: check[field] for field in fields if field in check}) for check in plain["checks"]]
    return Work(name, plain["title"], plain["how"], rows, plain["seconds"], checks, plain["notes"])


def _limit(text: str) -> Limit:
    sign, bound = text.split()
    return Limit(sign, float(bound))
