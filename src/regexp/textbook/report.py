"""What is reported of an experiment, as plain data; the pages are made from it and from nothing else."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from regexp import atomic
from regexp.textbook import sweeps
from regexp.textbook.judging import Judgement, count
from regexp.textbook.paragraph import paragraph
from regexp.textbook.protocol import READ, Claim
from regexp.textbook.searched import searched
from regexp.textbook.study import Study
from regexp.textbook.wording import interval, named, number

FILE = "report.json"


def report(
    study: Study,
    found: Sequence[Judgement],
    swept: sweeps.Swept,
    drawn: Sequence[str],
    recipes: Mapping[str, str],
    about: Mapping[str, Any],
) -> dict[str, Any]:
    """Everything that a page shows. ``recipes``: the files that the sweep names; ``about``: the command and its time."""
    protocol = study.protocol
    return {
        "name": protocol.name,
        "chapter": protocol.chapter,
        "title": protocol.title,
        "question": " ".join(protocol.question.split()),
        "source": protocol.source,
        "conditional": protocol.conditional,
        "tier": study.tier,
        "n": study.n,
        "runs": len(study.runs),
        "commands": swept.commands,
        "failed": swept.failed,
        "recipes": dict(recipes),
        "claims": [_row(judgement) for judgement in found],
        "verdicts": count(found),
        "paragraph": paragraph(found),
        "searched": searched(study),
        "pictures": [{"name": p.name, "title": p.title, "drawn": p.name in drawn} for p in protocol.pictures],
        "seconds": sweeps.seconds(swept.folders),
        **sweeps.origin(swept.folders),
        **about,
    }


def write(data: Mapping[str, Any], folder: Path) -> None:
    """Note it beside the pictures."""
    folder.mkdir(parents=True, exist_ok=True)
    atomic.write(folder / FILE, (json.dumps(data, indent=1, ensure_ascii=False) + "\n").encode())


def read_all(folder: Path) -> list[dict[str, Any]]:
    """Every experiment that is reported below the folder; none if there is none."""
    found = []
    for file in sorted(folder.glob(f"*/{FILE}")):
        try:
            found.append(json.loads(file.read_text(encoding="utf-8")))
        except ValueError as error:
            raise ValueError(f"{file} is damaged ({error})") from error
    return found


def in_order(folder: Path) -> list[dict[str, Any]]:
    """The same by chapter, as they are listed."""
    return sorted(read_all(folder), key=lambda one: (one["chapter"], one["name"]))


def _row(found: Judgement) -> dict[str, Any]:
    claim = found.claim
    return {
        "name": claim.name,
        "says": claim.says,
        "measures": claim.value.text,
        "kind": claim.kind,
        "rule": rule(claim),
        "role": claim.role,
        "published": _published(claim),
        "n": found.n,
        "value": named(claim, found.center),
        "interval": interval(found.low, found.high),
        "values": [number(value) for value in found.values],
        "verdict": found.verdict,
        "remark": "; ".join(filter(None, [found.remark, found.diverged])),
        "picture": found.n > 1,
    }


def rule(claim: Claim) -> str:
    """What decides, in a few words: fixed before the runs."""
    return {
        "exact": f"|error| <= {claim.tolerance:g}" if claim.tolerance is not None else "",
        "band": f"mean in {list(claim.band)}" if claim.band else "",
        "direction": f"above {claim.target:g}, margin {claim.margin:g}" if claim.margin else "",
        "equal": f"within {claim.margin:g} of {claim.target:g}" if claim.margin else "",
        "published": f"in the prediction interval, at most {claim.tolerance:g} wide" if claim.tolerance else "",
        "shown": "not judged",
    }[claim.kind]


def _published(claim: Claim) -> str:
    if claim.published is None:
        return f"{claim.target:g} (exact)" if claim.kind == "exact" else ""
    found, value = claim.published, claim.published.value
    shown = str(value) if claim.printed is None else number(claim.printed)
    parts = f"{value[0]:g} {claim.value.joined or 'minus'} {value[1]:g}" if isinstance(value, tuple) else ""
    return f"{shown} ({'; '.join(filter(None, [parts, found.of, found.source, READ[found.read]]))})"
