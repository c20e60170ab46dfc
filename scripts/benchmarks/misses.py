"""What is not met, and why: every limit and aim that a figure does not keep, and those that were not measured here."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.work import Row, Work

HEADING = "Not met, and why"


def misses(works: Sequence[Work]) -> list[str]:
    """A line for every row that misses a limit or an aim, or has one and no figures."""
    return [line(work, row) for work in works for row in work.rows if row.missed or (row.limits and not row.figures)]


def line(work: Work, row: Row) -> str:
    """The figure, what it should be, and the reason."""
    bounds = ", ".join(f"{name} {limit}" for name, limit in zip(("limit", "aim"), row.limits, strict=False))
    why = row.why.rstrip(".") or "why is not found yet"
    return f"{work.name}, {row.what}: {row.figure} ({bounds}: {row.verdict}). {why[:1].upper()}{why[1:]}."


def listed(works: Sequence[Work]) -> list[str]:
    """The misses as a list; a sentence where there is none."""
    return [f"- {text}" for text in misses(works) or ["Every limit and every aim is met."]]
