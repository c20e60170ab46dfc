"""The list of experiments, with the time that each tier took when it was reported."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from regexp.textbook import destination, report, summary
from regexp.textbook.jobs import at_best
from regexp.textbook.protocol import TIERS, Protocol
from regexp.words import duration, listed

Times = Mapping[tuple[str, str], float]
"""Seconds of training and drawing by experiment and tier."""

NOT_MEASURED = "-"
USAGE = "regexp-reproduce NAME ... | CHAPTER | all  [--tier quick|standard|full]"


def listing(protocols: Mapping[str, Protocol], times: Times, jobs: int, tier: str | None = None) -> str:
    """The experiments by chapter, with a column of times for each tier that was measured, and the time of all, one after the
    other and ``jobs`` at a time. ``tier``: it alone; times of another would be taken for its own.
    """
    asked = [tier] if tier else TIERS
    tiers = [one for one in asked if tier or any((name, one) in times for name in protocols)]
    rows = {name: [name, *(_time(times.get((name, one))) for one in tiers), _question(protocols[name])] for name in protocols}
    head = ["experiment", *tiers, "question"]
    wide = [max(map(len, column)) for column in zip(head, *rows.values(), strict=True)]
    lines = [_line(head, wide)]
    for chapter in sorted({protocol.chapter for protocol in protocols.values()}):
        lines += ["", chapter]
        lines += [_line(rows[name], wide) for name, protocol in protocols.items() if protocol.chapter == chapter]
    unmeasured = [f"{NOT_MEASURED} not measured"] if any(NOT_MEASURED in row for row in rows.values()) else []
    return "\n".join([*lines, "", *unmeasured, *(_total(one, protocols, times, jobs) for one in asked), USAGE])


def measured() -> dict[tuple[str, str], float]:
    """The times from the newest of the reader's own reports, else from a checkout's ``reports/textbook``."""
    shipped = report.read_all(Path(__file__).resolve().parents[3] / "reports" / "textbook")
    own = sorted(_own(), key=lambda data: str(data["date"]))
    return {(data["name"], data["tier"]): summary.took(data) for data in [*shipped, *own] if not data["failed"]}


def _own() -> list[dict[str, Any]]:
    """What is reported where ``regexp-reproduce`` writes by itself; a damaged report is nobody's time."""
    found = []
    for folder in destination.FOLDER.glob("*"):
        with contextlib.suppress(ValueError):
            found += report.read_all(folder)
    return found


def _line(cells: Sequence[str], wide: Sequence[int]) -> str:
    """Indented, its times on the right of their columns."""
    name, *took, question = cells
    right = [f"{time:>{width}}" for time, width in zip(took, wide[1:-1], strict=True)]
    return "  " + "  ".join([f"{name:<{wide[0]}}", *right, question])


def _time(seconds: float | None) -> str:
    return NOT_MEASURED if seconds is None else duration(seconds)


def _question(protocol: Protocol) -> str:
    return " ".join(protocol.question.split())


def _total(tier: str, protocols: Mapping[str, Protocol], times: Times, jobs: int) -> str:
    """What a tier takes, and what the sum leaves out."""
    known = {name: times[name, tier] for name in protocols if (name, tier) in times}
    left = [name for name in protocols if name not in known]
    if not known:
        return f"{tier}: none of {len(protocols)} measured; the times of those that you run are listed from then on"
    which = f"all {len(protocols)}"
    if left:
        which = f"without {listed(left)}" if len(left) < len(known) else f"of {listed(known)} alone"
    several = f"; {jobs} at a time {duration(at_best([*known.values()], jobs))} at best" if min(jobs, len(known)) > 1 else ""
    return f"{tier}, {which}: {duration(sum(known.values()))} of training and drawing, one after the other{several}"
