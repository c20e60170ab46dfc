"""On what, when and how the runs of a report were made, as one sentence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from regexp.words import duration

Data = Mapping[str, Any]


def about(data: Data) -> str:
    """``18 runs, 40 s of training; 2 threads; commit abc; `regexp-reproduce ...`.``: how the runs were made."""
    versions = data.get("versions") or {}
    sets = [versions] if isinstance(versions, Mapping) else versions
    known = [", ".join(f"{name} {number}" for name, number in one.items()) for one in sets]
    drawing = f" and {duration(data['reporting_seconds'])} of drawing" if data.get("reporting_seconds") else ""
    facts = [str(data.get("trained") or ""), f"{_runs(data)}, {duration(data['seconds'])} of training{drawing}"]
    facts += [_named("threads", data.get("threads")), _all(data.get("device")), " and ".join(known)]
    facts += [
        _named("runs: commit", data.get("commit"), "runs: commits"),
        _named("judged and drawn: commit", data.get("judged_at")),
    ]
    return "; ".join(filter(None, [*facts, data["date"], f"`{data['command']}`"])) + "."


def _runs(data: Data) -> str:
    """``132 runs and 176 that only tuned``: the time is that of both."""
    chose = f" and {data['runs_that_chose']} that only tuned" if data.get("runs_that_chose") else ""
    return f"{data['runs']} runs{chose}"


def _all(found: Any) -> str:
    """One value, or those of which the runs have several."""
    return ", ".join(map(str, found)) if isinstance(found, list) else str(found or "")


def _named(name: str, found: Any, several: str | None = None) -> str:
    """``commit a``, ``commits a, b``; nothing where nothing is known."""
    return f"{several if several and isinstance(found, list) else name} {_all(found)}" if found else ""
