"""What a protocol's pictures must say."""

from __future__ import annotations

from collections.abc import Callable

from regexp.textbook import diagnostics
from regexp.textbook.expression import PLACES, Term
from regexp.textbook.protocol import Picture, Protocol

KINDS = ("curves", "against", "exact", "drawn")


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
    if picture.kind in ("curves", "against") and not picture.metrics:
        found.append(("metrics", "must name a metric at least"))
    if picture.names and len(picture.names) != len(picture.metrics):
        found.append(("names", f"must be one per metric ({len(picture.metrics)}), got {len(picture.names)}"))
    if picture.kind == "drawn" and picture.by not in diagnostics.quantities():
        found.append(("by", f"must be a diagnostic ({', '.join(diagnostics.quantities())}), got {picture.by!r}"))
    if picture.place not in PLACES:
        found.append(("place", f"must be one of {', '.join(PLACES)}, got {picture.place!r}"))
    if picture.kind == "against":
        found += [("metrics", text) for metric in picture.metrics if (text := diagnostics.problem(Term(metric, "any")))]
    strange = [name for name in picture.settings if name not in protocol.settings]
    return found + [("settings", f"names a setting that is not known, got {name!r}") for name in strange]
