"""Which columns a run will record, known before it is trained: a mistyped metric is told before any work."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from regexp.experiment import Experiment
from regexp.regularizers.regularizer import defines
from regexp.report import METRICS, SPLITS
from regexp.textbook.expression import Term, measuring
from regexp.textbook.protocol import Protocol
from regexp.textbook.study import matches

NORMS = ("l2_norm", "l1_norm", "zero_fraction")
SIZES = ("/accuracy", "/rmse", *(f"/{norm}" for norm in NORMS))
"""Ends of columns that are never negative, which a loss may be."""
KNOWN = (
    *(f"{split}/{kind}" for split in SPLITS for kind in METRICS),
    *("gap/loss", *(f"weights/{norm}" for norm in NORMS)),
)
LIKE = re.compile(rf"train/penalty/\w+|weights/\S+/({'|'.join(NORMS)})")
"""Penalties and norms by layer: their names are known by the run alone."""

Runs = Sequence[tuple[Mapping[str, Any], Experiment]]
"""Runs that will be trained, each as its fields and its experiment."""


def of_term(term: Term) -> str | None:
    """What is wrong with the name of a term's column."""
    column = term.column
    if column is None or column in KNOWN or LIKE.fullmatch(column):
        return None
    near = difflib.get_close_matches(column, KNOWN, 1)
    return f"measures a column that no run has, got {column!r}: " + (
        f"did you mean {near[0]}?" if near else f"there are {', '.join(KNOWN)}, train/penalty/NAME and weights/LAYER/NORM"
    )


def of_text(text: str) -> str | None:
    """The same of a quantity that stands alone."""
    try:
        return of_term(measuring(text))
    except ValueError as error:
        return str(error)


def of_arguments(protocol: Protocol) -> Iterator[tuple[str, str]]:
    """The metrics that diagnostics are given, by their keys."""
    for name, arguments in protocol.arguments.items():
        for key, value in (arguments or {}).items():
            if key in ("metric", "by"):
                yield f"arguments.{name}.{key}", str(value)


def missing(protocol: Protocol, runs: Runs, *, some: bool = False) -> list[str]:
    """What of the protocol the runs will not record, a line each.

    A claim needs its column in all runs of its setting; a picture or a diagnostic needs it in one run at least. ``some``:
    these are not all of the runs, but examples of what a search may train.
    """
    found = []
    for claim in protocol.claims:
        for term in claim.value.terms:
            meant = [one for fields, one in runs if term.setting and matches(fields, protocol.settings[term.setting])]
            if term.setting and not meant and not some:
                found.append(f"claims.{claim.name}.value names setting {term.setting}, of which the sweep has no run")
            found += _lacking(f"claims.{claim.name}.value", term, meant, some=False)
    named = [(f"pictures.{picture.name}.metrics", metric) for picture in protocol.pictures for metric in picture.metrics]
    for key, metric in [*named, *of_arguments(protocol)]:
        found += _lacking(key, measuring(metric), [one for _, one in runs], some=True)
    return found


def _lacking(key: str, term: Term, runs: Sequence[Experiment], *, some: bool) -> list[str]:
    if term.column is None or not runs:
        return []
    have = [records(one, term.column) for one in runs]
    if (any if some else all)(have):
        return []
    lacking = runs[have.index(False)]
    columns = [column for column in KNOWN if records(lacking, column)]
    whose = f"the runs of setting {term.setting}" if not some else "the sweep's runs"
    return [f"{key} measures {term.column}, which {whose} will not record: they have {', '.join(columns)}"]


def records(experiment: Experiment, column: str) -> bool:
    """Whether ``metrics.csv`` will have the column; taken as true for layers, and for the unit of scaled targets."""
    split, _, kind = column.partition("/")
    classifies = experiment.dataset.task == "classification"
    if split == "val" and not experiment.dataset.has_validation:
        return False
    if column.startswith("train/penalty/"):
        reporting = [one for one in experiment.regularizers if defines(one, "penalty") or defines(one, "report")]
        return column.removeprefix("train/penalty/") in {one.name() for one in reporting}
    return {"accuracy": classifies, "rmse": not classifies}.get(kind, True)
