"""What is reported of an experiment, as plain data; the pages are made from it and from nothing else."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from regexp.files import atomic
from regexp.textbook import diagnostics, remarks, searched, sweeps
from regexp.textbook.judging import Judgement, count
from regexp.textbook.paragraph import besides, paragraph
from regexp.textbook.protocol import READ, Claim, Protocol
from regexp.textbook.study import Study
from regexp.textbook.wording import named, number, parts, reference

FILE = "report.json"


def report(
    study: Study,
    found: Sequence[Judgement],
    swept: sweeps.Swept,
    drawn: Sequence[str],
    recipes: Mapping[str, Path],
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
        "runs_that_chose": len(study.tuning),
        "commands": swept.commands,
        "failed": swept.failed,
        "recipes": {name: file.read_text(encoding="utf-8") for name, file in recipes.items()},
        "own_recipes": _own(recipes, protocol),
        "claims": [_row(judgement) for judgement in found],
        "verdicts": count(found),
        "paragraph": paragraph(found),
        "besides": besides(found),
        "searched": searched.searched(study),
        "pictures": [{"name": p.name, "title": p.title, "drawn": p.name in drawn} for p in protocol.pictures],
        "seconds": sweeps.seconds(swept.folders),
        **sweeps.origin(swept.folders),
        "computed": _computed(study),
        **about,
    }


def _own(recipes: Mapping[str, Path], protocol: Protocol) -> dict[str, str]:
    """Where those recipes lie that are none of the package's."""
    own = {name: file for name, file in recipes.items() if protocol.config_dir and file.is_relative_to(protocol.config_dir)}
    return {name: file.as_posix() for name, file in own.items()}


def _computed(study: Study) -> dict[str, str]:
    """What diagnostics that train nothing, or networks of their own, compute, by their names."""
    drawn = [picture.by for picture in study.protocol.pictures if picture.by]
    named = [term.diagnostic[0] for claim in study.protocol.claims for term in claim.value.terms if term.diagnostic]
    found = {name: diagnostics.find(name) for name in dict.fromkeys([*named, *drawn])}
    return {name: one.recipe(**study.arguments(name)) for name, one in found.items() if hasattr(one, "recipe")}


def write(data: Mapping[str, Any], folder: Path) -> None:
    """Note it beside its pictures, and remove those that only the report before it had there: they belong to no page."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in _pictures(_before(folder)) - _pictures(data):
        for kind in ("png", "svg"):
            (folder / f"{name}.{kind}").unlink(missing_ok=True)
    atomic.write(folder / FILE, (json.dumps(data, indent=1, ensure_ascii=False) + "\n").encode())


def _before(folder: Path) -> dict[str, Any]:
    """The report that is there already; nothing where there is none, or a damaged one."""
    try:
        return json.loads((folder / FILE).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}


def _pictures(data: Mapping[str, Any]) -> set[str]:
    """The names of the files that were drawn for a report: its own, and one per claim."""
    own = {picture["name"] for picture in data.get("pictures", ()) if picture["drawn"]}
    found = own | {f"claim-{row['name']}" for row in data.get("claims", ()) if row["picture"]}
    return {name for name in found if Path(name).name == name}


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
        "published": _published(found),
        "n": found.n,
        **_measured(found),
        "values": [number(value) for value in found.values],
        "verdict": found.verdict,
        "remark": "; ".join(filter(None, [found.remark, found.diverged])),
        "picture": found.pictured,
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


def _measured(found: Judgement) -> dict[str, str]:
    """The mean and its interval; of what is exact the largest error, which decides, and the mean where the target is no 0."""
    if found.claim.kind != "exact" or not found.values:
        return {
            "value": named(found.claim, found.center),
            "interval": f"all {found.n} agree" if found.constant else found.spread,
        }
    error = f"largest error {number(found.error)}"
    return {"value": f"{number(found.center)}, {error}" if found.claim.target else error, "interval": ""}


def _published(found: Judgement) -> str:
    """With how it was read, whether the interval misses it, and of two medians what they are here."""
    if (printed := found.claim.published) is None:
        return reference(found.claim)
    return reference(found.claim, READ[printed.read], remarks.outside(found)) + _here(found)


def _here(found: Judgement) -> str:
    if found.medians is None or found.of_medians is None:
        return ""
    return f"; of the medians here {number(found.of_medians)} ({parts(*found.medians, found.claim.value.joined)})"
