"""Protocols from their files, with every mistake named: file, key, and the nearest name that would be right."""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

from regexp.component import is_number
from regexp.textbook import diagnostics, pictured, wording
from regexp.textbook.expression import Expression, parse
from regexp.textbook.protocol import KINDS, READ, TIERS, Claim, Picture, Protocol, Published, Tier

NEEDS = {"exact": ("tolerance",), "band": ("band", "band_seeds"), "direction": ("margin",), "equal": ("margin",)}
NEEDS |= {"published": ("published", "tolerance"), "shown": ()}


class ProtocolError(ValueError):
    """A file of claims is wrong; the message has one line per mistake."""


def read_all(folder: Path) -> dict[str, Protocol]:
    """Every protocol in the folder, by name. Raises :class:`ProtocolError` with the mistakes of all files."""
    found, problems = {}, []
    for file in sorted(folder.glob("*.yaml")):
        try:
            found[file.stem] = read(file)
        except ProtocolError as error:
            problems.append(str(error))
    if problems:
        raise ProtocolError("\n".join(problems))
    return found


def read(file: Path) -> Protocol:
    """The protocol in one file. Raises :class:`ProtocolError`."""
    try:
        node = yaml.safe_load(file.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise ProtocolError(f"{file}: {' '.join(str(error).split())}") from error
    wrong = _Problems(file)
    protocol = _protocol(file.stem, node, wrong)
    if protocol is not None and not wrong.found:
        _check(protocol, wrong)
    if wrong.found or protocol is None:
        raise ProtocolError("\n".join(wrong.found))
    return protocol


class _Problems:
    """Mistakes, each with its file and key."""

    def __init__(self, file: Path):
        self.file, self.found = file, list[str]()

    def add(self, key: str, text: str) -> None:
        self.found.append(f"{self.file}: {key} {text}")


def _protocol(name: str, node: Any, wrong: _Problems) -> Protocol | None:
    fields = _fields(Protocol, node, "the file", wrong, without=("name",))
    if fields is None:
        return None
    tiers = {key: _make(Tier, value, f"tiers.{key}", wrong) for key, value in _mapping(fields["tiers"], "tiers", wrong)}
    claims = [_claim(key, value, wrong) for key, value in _mapping(fields.get("claims", {}), "claims", wrong)]
    pictures = [
        _make(Picture, value, f"pictures.{key}", wrong, name=key)
        for key, value in _mapping(fields.get("pictures", {}), "pictures", wrong)
    ]
    made = {"tiers": tiers, "claims": tuple(claims), "pictures": tuple(pictures), "sweep": tuple(fields.get("sweep", ()))}
    return None if wrong.found else Protocol(name=name, **{**fields, **made})


def _claim(name: str, node: Any, wrong: _Problems) -> Claim | None:
    key = f"claims.{name}"
    fields = _fields(Claim, node, key, wrong, without=("name",))
    if fields is None:
        return None
    if fields["kind"] not in KINDS:
        wrong.add(f"{key}.kind", _one_of(fields["kind"], KINDS))
        return None
    if missing := [need for need in NEEDS[fields["kind"]] if fields.get(need) is None]:
        wrong.add(key, f"is {fields['kind']} and needs {', '.join(missing)}")
    fields["value"] = _expression(fields["value"], f"{key}.value", wrong)
    if "published" in fields:
        fields["published"] = _make(Published, fields["published"], f"{key}.published", wrong)
    return (
        None if wrong.found else Claim(name=name, **{**fields, **({"band": tuple(fields["band"])} if "band" in fields else {})})
    )


def _expression(text: Any, key: str, wrong: _Problems) -> Expression | None:
    try:
        return parse(text)
    except ValueError as error:
        wrong.add(key, str(error))
        return None


def _make(kind: Any, node: Any, key: str, wrong: _Problems, **more: Any) -> Any:
    fields = _fields(kind, node, key, wrong, without=tuple(more))
    plain = {name: tuple(value) if isinstance(value, list) else value for name, value in (fields or {}).items()}
    return kind(**more, **plain) if fields is not None else None


def _fields(kind: Any, node: Any, key: str, wrong: _Problems, without: tuple[str, ...] = ()) -> dict[str, Any] | None:
    """The node's values if its keys are fields of the class, and none is missing that has no default."""
    known = {field.name: field for field in dataclasses.fields(kind) if field.name not in without}
    if not isinstance(node, Mapping):
        wrong.add(key, f"must have keys ({', '.join(known)}), got {node!r}")
        return None
    unknown = [name for name in node if name not in known]
    for name in unknown:
        wrong.add(f"{key}.{name}" if key != "the file" else str(name), _one_of(name, known, "is no key of a protocol"))
    required = [n for n, f in known.items() if f.default is dataclasses.MISSING and f.default_factory is dataclasses.MISSING]
    for name in required:
        if name not in node:
            wrong.add(key, f"needs {name}")
    return None if unknown or set(required) - set(node) else dict(node)


def _mapping(node: Any, key: str, wrong: _Problems) -> Iterable[tuple[str, Any]]:
    if isinstance(node, Mapping):
        return node.items()
    wrong.add(key, f"must have keys, got {node!r}")
    return ()


def _one_of(name: Any, options: Iterable[str], what: str = "is not known") -> str:
    near = difflib.get_close_matches(str(name), list(options), 1)
    return f"{what}, got {name!r}: " + (f"did you mean {near[0]}?" if near else f"known are {', '.join(options)}")


def _check(protocol: Protocol, wrong: _Problems) -> None:
    """What the parts must say of each other."""
    for tier in TIERS:
        if tier not in protocol.tiers:
            wrong.add("tiers", f"must have {tier}")
    for tier in set(protocol.tiers) - set(TIERS):
        wrong.add(f"tiers.{tier}", _one_of(tier, TIERS))
    called = [*protocol.settings, *(str(term.quantity) for claim in protocol.claims for term in claim.value.terms)]
    called += [name for picture in protocol.pictures for name in (*picture.metrics, *picture.beside, picture.x) if name]
    for name in set(protocol.labels) - set(called):
        wrong.add(f"labels.{name}", _one_of(name, called, "names a setting that is not known"))
    for claim in protocol.claims:
        _check_claim(claim, protocol, wrong)
    pictured.check(protocol, wrong.add)


def _check_claim(claim: Claim, protocol: Protocol, wrong: _Problems) -> None:
    key = f"claims.{claim.name}"
    if claim.role not in ("primary", "secondary"):
        wrong.add(f"{key}.role", _one_of(claim.role, ("primary", "secondary")))
    if claim.margin is not None and not (is_number(claim.margin) and claim.margin > 0):
        wrong.add(f"{key}.margin", f"must be > 0, got {claim.margin!r}")
    if claim.published and claim.published.read not in READ:
        wrong.add(f"{key}.published.read", _one_of(claim.published.read, READ))
    if claim.published and claim.published.read == "M" and claim.kind != "shown":
        wrong.add(f"{key}.published", "is from memory (M): such a number is shown and never judged")
    for term in claim.value.terms:
        if term.setting is not None and term.setting not in protocol.settings:
            wrong.add(f"{key}.value", _one_of(term.setting, protocol.settings, "names a setting that is not known"))
        if problem := diagnostics.problem(term):
            wrong.add(f"{key}.value", problem)
    for field in ("holds", "fails"):
        if problem := wording.problem(getattr(claim, field)):
            wrong.add(f"{key}.{field}", problem)
