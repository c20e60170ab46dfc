"""The list of experiments, with the time that each tier took when it was reported."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from regexp.textbook import pages, report
from regexp.textbook.protocol import TIERS, Protocol
from regexp.words import duration, listed

Times = Mapping[tuple[str, str], float]
"""Seconds of training and drawing by experiment and tier."""

NOT_MEASURED = "-"
USAGE = "regexp-reproduce NAME ... | CHAPTER | all  [--tier quick|standard|full]"


def listing(protocols: Mapping[str, Protocol], times: Times, tier: str | None = None) -> str:
    """The experiments by chapter, with a column of times for each tier that was measured, and the time of all. ``tier``: it
    alone; times of another would be taken for its own.
    """
    tiers = [tier] if tier else [one for one in TIERS if any((name, one) in times for name in protocols)]
    rows = {name: [name, *(_time(times.get((name, one))) for one in tiers), _question(protocols[name])] for name in protocols}
    head = ["experiment", *tiers, "question"]
    wide = [max(map(len, column)) for column in zip(head, *rows.values(), strict=True)]
    lines = [_line(head, wide)]
    for chapter in sorted({protocol.chapter for protocol in protocols.values()}):
        lines += ["", chapter]
        lines += [_line(rows[name], wide) for name, protocol in protocols.items() if protocol.chapter == chapter]
    unmeasured = [f"{NOT_MEASURED} not measured"] if any(NOT_MEASURED in row for row in rows.values()) else []
    return "\n".join([*lines, "", *unmeasured, *(_total(one, protocols, times) for one in tiers), USAGE])


def measured() -> dict[tuple[str, str], float]:
    """The times from the reports in a checkout's ``reports/textbook``."""
    folder = Path(__file__).resolve().parents[3] / "reports" / "textbook"
    return {(data["name"], data["tier"]): pages.took(data) for data in report.read_all(folder)}


def _line(cells: Sequence[str], wide: Sequence[int]) -> str:
    """Indented, its times on the right of their columns."""
    name, *took, question = cells
    right = [f"{time:>{width}}" for time, width in zip(took, wide[1:-1], strict=True)]
    return "  " + "  ".join([f"{name:<{wide[0]}}", *right, question])


def _time(seconds: float | None) -> str:
    return NOT_MEASURED if seconds is None else duration(seconds)


def _question(protocol: Protocol) -> str:
    return " ".join(protocol.question.split())


def _total(tier: str, protocols: Mapping[str, Protocol], times: Times) -> str:
    """What one experiment after the other takes at a tier, and what the sum leaves out."""
    known = {name: times[name, tier] for name in protocols if (name, tier) in times}
    left = [name for name in protocols if name not in known]
    if not known:
        return f"{tier}: none of {len(protocols)} measured"
    which = f"all {len(protocols)}"
    if left:
        which = f"without {listed(left)}" if len(left) < len(known) else f"of {listed(known)} alone"
    return f"{tier}, {which}: {duration(sum(known.values()))} of training and drawing, one after the other"
