"""What a protocol's pictures must say."""

from __future__ import annotations

from collections.abc import Callable

from regexp.textbook import columns, diagnostics
from regexp.textbook.expression import Term, measuring, parse, read_place
from regexp.textbook.protocol import Picture, Protocol

KINDS = ("curves", "against", "points", "exact", "one_and_all", "drawn")


def check(protocol: Protocol, wrong: Callable[[str, str], None]) -> None:
    """Report every mistake as a key and a text."""
    for picture in protocol.pictures:
        for field, text in _problems(picture, protocol):
            wrong(f"pictures.{picture.name}.{field}", text)


def _problems(picture: Picture, protocol: Protocol) -> list[tuple[str, str]]:
    found = []
    if picture.kind not in KINDS:
        found.append(("kind", f"must be one of {', '.join(KINDS)}, got {picture.kind!r}"))
    if picture.kind == "against" and not picture.x:
        found.append(("x", "must be the key of a swept number"))
    if picture.kind in ("curves", "against", "points", "one_and_all") and not picture.metrics:
        found.append(("metrics", "must name a metric at least"))
    if picture.kind == "drawn" and (text := diagnostics.unknown(str(picture.by))):
        found.append(("by", text))
    try:
        read_place(picture.place)
    except ValueError as error:
        found.append(("place", str(error)))
    found += [("metrics", problem) for metric in picture.metrics if (problem := _of_metric(metric, picture.kind))]
    exact = [claim.name for claim in protocol.claims if claim.kind == "exact"]
    found += [("levels", f"must name claims of kind exact, got {name!r}") for name in picture.levels if name not in exact]
    named = [*picture.settings, *picture.one, picture.minus, *(term.setting for term in _terms(picture, found))]
    strange = [name for name in named if name is not None and name not in protocol.settings]
    return found + [("settings", f"names a setting that is not known, got {name!r}") for name in strange]


def _of_metric(metric: str, kind: str) -> str | None:
    """What is wrong with a quantity that a picture draws; only one value per run may be more than a column."""
    try:
        term = measuring(metric)
    except ValueError as error:
        return str(error)
    if kind in ("curves", "one_and_all") and term.column != metric:
        return f"must be columns of metrics.csv, got {metric!r}"
    return diagnostics.problem(term) or columns.of_term(term)


def _terms(picture: Picture, found: list[tuple[str, str]]) -> list[Term]:
    """The terms of what is drawn beside, or chosen; their mistakes join ``found``."""
    terms: list[Term] = []
    texts = [("beside", text) for text in picture.beside]
    for field, text in [*texts, ("chosen", picture.chosen)] if picture.chosen else texts:
        try:
            named = parse(text).terms
        except ValueError as error:
            found.append((field, str(error)))
            continue
        found += [(field, problem) for term in named if (problem := diagnostics.problem(term))]
        terms += named
    return terms
