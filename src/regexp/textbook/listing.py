"""The list of experiments, with the time that each took when it was reported."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from regexp.textbook import pages, report
from regexp.textbook.protocol import TIERS, Protocol
from regexp.words import duration

Times = Mapping[tuple[str, str], float]
"""Seconds of training and drawing by experiment and tier."""

USAGE = "regexp-reproduce NAME ... | CHAPTER | all  [--tier quick|standard|full]"


def listing(protocols: Mapping[str, Protocol], times: Times, tier: str | None = None) -> str:
    """The experiments by chapter, and the time of all. ``tier``: of it alone; times of another would be taken for its own."""
    tiers = [tier] if tier else list(TIERS)
    lines = []
    took = {name: _time(name, tiers, times) for name in protocols}
    wide = [max(map(len, column), default=0) for column in (took, took.values())]
    for chapter in sorted({protocol.chapter for protocol in protocols.values()}):
        lines += ["", chapter]
        for name, protocol in protocols.items():
            if protocol.chapter == chapter:
                lines.append(f"  {name:<{wide[0]}}  {took[name]:<{wide[1]}}  {' '.join(protocol.question.split())}")
    return "\n".join([*lines[1:], "", *_totals(protocols, tiers, times), USAGE])


def measured() -> dict[tuple[str, str], float]:
    """The times from the reports in a checkout's ``reports/textbook``."""
    folder = Path(__file__).resolve().parents[3] / "reports" / "textbook"
    return {(data["name"], data["tier"]): pages.took(data) for data in report.read_all(folder)}


def _time(name: str, tiers: list[str], times: Times) -> str:
    known = [f"{tier} {duration(times[name, tier])}" for tier in tiers if (name, tier) in times]
    return ", ".join(known) or " ".join([*(tiers if len(tiers) == 1 else []), "not measured"])


def _totals(protocols: Mapping[str, Protocol], tiers: list[str], times: Times) -> list[str]:
    """A line per tier: what one experiment after the other takes."""
    lines = []
    for tier in tiers:
        known = [times[name, tier] for name in protocols if (name, tier) in times]
        which = f"all {len(protocols)}" if len(known) == len(protocols) else f"{len(known)} of {len(protocols)}"
        if known:
            lines.append(f"{which} at {tier}: {duration(sum(known))} of training and drawing, one after the other")
    return lines
