"""What a reader must know beside the answer: who is not counted, and what is not alike."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from regexp.comparison.coefficients import saved
from regexp.comparison.figures.paths import strength_lines
from regexp.comparison.findings import Findings
from regexp.comparison.reading import COMMANDS
from regexp.comparison.scales import losses_of
from regexp.comparison.settings import named
from regexp.words import listed

_LISTED = 20


def remarks(found: Findings) -> list[str]:
    """One line each."""
    return [*_uncounted(found), *_unlike(found), *_circular(found)]


def unbegun(folders: Sequence[Path]) -> list[str]:
    """What to say of folders whose last command asked for more runs than were begun, as ``sweep.json`` has it."""
    lines = []
    for folder in folders:
        try:
            told = json.loads((folder / "sweep.json").read_text(encoding="utf-8"))
            missing = int(told["jobs"]) - len(told["folders"])
        except (OSError, ValueError, KeyError, TypeError):
            continue
        if missing > 0:
            lines.append(
                f"{missing} of the {told['jobs']} runs that the last command in {folder} asked for were never begun: repeat it "
                f"(the last line of {folder / COMMANDS})"
            )
    return lines


def _uncounted(found: Findings) -> Iterator[str]:
    """Every run that should be in a mean and is not, by setting and seed."""
    lines = [
        f"{row.setting.label}: {len(seeds)} {_worded(why)} (seed {named(seeds)})"
        for row in found.rows
        for why, seeds in row.absent.items()
    ]
    yield from lines[:_LISTED]
    if len(lines) > _LISTED:
        yield f"{len(lines) - _LISTED} more settings lack runs: see the columns 'seeds ...' of table.csv"


def _worded(why: str) -> str:
    return "still running or killed" if why == "running" else why


def _unlike(found: Findings) -> Iterator[str]:
    """Differences that make numbers hard to compare, or losses impossible."""
    if len(losses := losses_of(found.settings)) > 1:
        by = f"{found.how.objective} chooses, where there is a validation split, and {found.how.metric} is compared"
        yield f"settings differ in the loss ({listed(losses)}), whose values are on different scales: {by}"
    if "dataset._target_" in found.baseline.values:
        yield f"settings differ in the data set: their {found.how.metric} is not measured alike, and differences mean little"
    for name in ("device", "threads", "commit", "versions"):
        values = {str(run.summary.get(name)) for run in found.runs if run.summary.get(name) is not None}
        if len(values) > 1:
            yield f"runs differ in {name}: {'; '.join(sorted(values)[:3])}{' ...' if len(values) > 3 else ''}"


def _circular(found: Findings) -> Iterator[str]:
    if found.choice and found.how.metric.startswith("val/"):
        yield f"{found.how.metric} chose and compares: the difference of the chosen setting is too good on average"
    if found.how.metric.startswith("train/"):
        yield f"{found.how.metric} says how well a model fits, not how well it generalizes"


def undrawn(found: Findings) -> str | None:
    """Where the path of a linear model's weights could be drawn, and its runs kept none: what it takes."""
    lines = strength_lines(found)
    if not lines or any(saved(setting, found.how.at) for _, line in lines.values() for setting in line):
        return None
    return "the path of the weights against strength is not drawn: it needs save=last, in a study (or folder) of its own"
