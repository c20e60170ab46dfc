"""One row per experiment: the table with which a report begins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from regexp.textbook.jobs import MOST, at_best
from regexp.textbook.protocol import TIERS
from regexp.words import duration

Data = Mapping[str, Any]

COLUMNS = ("experiment", "question", "tier", "runs", "verdicts", "time")
SEVERAL = {"holds": "hold", "does not hold": "do not hold"}
ORDER = ("holds", "inside", "does not hold", "outside", "not decided", "no verdict", "not measured", "shown")


def row(data: Data, named: str) -> list[str]:
    """The cells of an experiment; ``named`` is what it is called."""
    tier = f"{data['tier']}, n = {data['n']}"
    return [f"{named}: {data['title']}", data["question"], tier, str(data["runs"]), verdicts(data), duration(took(data))]


def took(data: Data) -> float:
    """Seconds of training and drawing."""
    return float(data["seconds"]) + float(data.get("reporting_seconds") or 0.0)


def verdicts(data: Data) -> str:
    """``4 hold, 1 not decided``: the decided ones first."""
    found = sorted(data["verdicts"].items(), key=lambda item: ORDER.index(item[0]))
    return ", ".join(f"{n} {word if n == 1 else SEVERAL.get(word, word)}" for word, n in found)


def time(reports: Sequence[Data]) -> str:
    """What the column of times is of, and what it adds up to."""
    seconds = {tier: [took(data) for data in reports if data["tier"] == tier] for tier in TIERS}
    totals = [f"{tier} {_total(several)}" for tier, several in seconds.items() if len(several) > 1]
    what = "The time is that of training and drawing."
    best = "With --jobs N it is the sum divided by N at best, and no less than the longest experiment."
    return f"{what} In all, one experiment after the other: {', '.join(totals)}. {best}" if totals else what


def _total(seconds: Sequence[float]) -> str:
    """``60.0 min (--jobs 2: 30.0 min)``."""
    shorter = [f"--jobs {jobs}: {duration(at_best(seconds, jobs))}" for jobs in (2, MOST) if jobs <= len(seconds)]
    return f"{duration(sum(seconds))} ({', '.join(shorter)})"
