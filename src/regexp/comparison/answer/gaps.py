"""Where a mean is over fewer runs than there should be, and the commands that train those."""

from __future__ import annotations

from collections.abc import Sequence

from regexp.comparison.commands import sweep
from regexp.comparison.findings import Findings
from regexp.comparison.measuring import Row
from regexp.comparison.wording import bracketed
from regexp.words import LISTED

_RETRAINED = {"missing", "failed", "interrupted", "running"}
"""Why a seed is absent, where training it (again) is the way out."""


def gaps(found: Findings) -> str:
    """Which settings lack runs, and why; nothing where all are in."""
    diverged = [row for row in found.rows if row.absent.get("diverged")]
    all_, some = [row.setting.label for row in diverged if not row.n], [row.setting.label for row in diverged if row.n]
    partial = [row for row in found.rows if set(row.absent) & _RETRAINED]
    failed = [row.setting.label for row in partial if "failed" in row.absent]
    waiting = [row.setting.label for row in partial if set(row.absent) & _RETRAINED - {"failed"}]
    parts = []
    if all_:
        parts.append(f"All runs of {_count(all_)} diverged{bracketed(all_)}.")
    if some:
        parts.append(
            f"Some runs of {_count(some)} diverged{bracketed(some)}: the means are of the others, and flatter those settings."
        )
    if failed:
        parts.append(f"Runs failed{bracketed(failed)}: see their train.log.")
    if waiting:
        parts.append(f"Not all seeds are in{bracketed(waiting)}.")
    return " ".join(parts) + (_retraining(partial, found) if partial else "")


def _count(labels: Sequence[str]) -> str:
    return f"{len(labels)} settings" if len(labels) != 1 else "one setting"


def _retraining(rows: Sequence[Row], found: Findings) -> str:
    """The commands that train what is missing; where they are many, the first."""
    lines = []
    for row in rows[:LISTED]:
        seeds = sorted({str(seed) for why in _RETRAINED for seed, _ in row.absent.get(why, ())}, key=int)
        line = sweep(list(row.setting.runs.values()), {"seed": seeds}, found.study)
        lines += [line] if line else []
    more = len(rows) - LISTED
    head = f" Train what is missing{f' (for the first {LISTED} of {len(rows)} settings)' if more > 0 else ''}:"
    return "\n  ".join([head, *lines]) if lines else ""
