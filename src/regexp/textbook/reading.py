"""Protocols from their files, with every mistake named: file, key, and the nearest name that would be right."""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

from regexp.textbook import agreement, typed
from regexp.textbook.expression import Expression, parse
from regexp.textbook.protocol import KINDS, TIERS, Claim, Picture, Protocol, Published, Tier

NEEDS = {"exact": ("tolerance",), "band": ("band", "band_seeds"), "direction": ("margin",), "equal": ("margin",)}
NEEDS |= {"published": ("published", "tolerance"), "shown": ()}
PARTS = ("tiers", "claims", "pictures", "settings", "labels", "arguments")
"""Of a protocol, what has keys of its own."""
GIVEN = ("name", "config_dir")
"""Of a protocol, what its file does not say, but where it lies."""


class ProtocolError(ValueError):
    """A file of claims is wrong; the message has one line per mistake."""


def read_all(folder: Path) -> dict[str, Protocol]:
    """Every protocol in the folder, by name. Raises :class:`ProtocolError` with the mistakes of all files."""
    found, broken = read_each(folder)
    if broken:
        raise ProtocolError("\n".join(broken.values()))
    return found


def read_each(folder: Path) -> tuple[dict[str, Protocol], dict[str, str]]:
    """The protocols in the folder that are right, and the mistakes of the others, by name."""
    found, broken = {}, {}
    for file in sorted(folder.glob("*.yaml")):
        try:
            found[file.stem] = read(file)
        except ProtocolError as error:
            broken[file.stem] = str(error)
    return found, broken


def read(file: Path) -> Protocol:
    """The protocol in one file. Raises :class:`ProtocolError`."""
    try:
        node = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError, OSError) as error:
        raise ProtocolError(f"{file}: {' '.join(str(error).split())}") from error
    wrong = _Problems(file)
    protocol = _protocol(file.stem, node, wrong)
    if protocol is not None:
        agreement.check(protocol, wrong.add, whole=not wrong.found)
    if wrong.found or protocol is None:
        raise ProtocolError("\n".join(wrong.found))
    return dataclasses.replace(protocol, tiers=dict.fromkeys(TIERS, protocol.tiers["standard"]) | protocol.tiers)


class _Problems:
    """Mistakes, each with its file and key."""

    def __init__(self, file: Path):
        self.file, self.found = file, list[str]()

    def add(self, key: str, text: str) -> None:
        self.found.append(f"{self.file}: {key} {text}")


def _protocol(name: str, node: Any, wrong: _Problems) -> Protocol | None:
    """The protocol, as far as its parts are right, so that all of them are looked at; None where there are none."""
    fields = _fields(Protocol, node, "the file", wrong, GIVEN)
    if fields is None:
        return None
    nodes = {key: _keys(fields, key, wrong) for key in PARTS}
    tiers = {key: _make(Tier, part, f"tiers.{key}", wrong) for key, part in nodes["tiers"].items()}
    claims = [_claim(key, part, wrong) for key, part in nodes["claims"].items()]
    pictures = [_make(Picture, part, f"pictures.{key}", wrong, name=key) for key, part in nodes["pictures"].items()]
    settings = {key: _keys(nodes["settings"], key, wrong, "settings.") for key in nodes["settings"]}
    made: dict[str, Any] = {"tiers": {key: tier for key, tier in tiers.items() if tier}, "settings": settings}
    made |= {"claims": tuple(filter(None, claims)), "pictures": tuple(filter(None, pictures))}
    absent = dict.fromkeys(_required(Protocol, GIVEN), "")
    return Protocol(name=name, **{**absent, **fields, **nodes, **made})


def _claim(name: str, node: Any, wrong: _Problems) -> Claim | None:
    key, before = f"claims.{name}", len(wrong.found)
    fields = _complete(Claim, node, key, wrong, ("name",))
    if fields is None:
        return None
    if fields["kind"] not in KINDS:
        wrong.add(f"{key}.kind", agreement.one_of(fields["kind"], KINDS))
    elif (missing := [need for need in NEEDS[fields["kind"]] if fields.get(need) is None]) and len(wrong.found) == before:
        wrong.add(key, f"is {fields['kind']} and needs {', '.join(missing)}")
    fields["value"] = _expression(fields["value"], f"{key}.value", wrong)
    if "published" in fields:
        fields["published"] = _make(Published, fields["published"], f"{key}.published", wrong)
    return Claim(name=name, **fields) if fields["value"] else None


def _expression(text: Any, key: str, wrong: _Problems) -> Expression | None:
    try:
        return parse(text)
    except ValueError as error:
        wrong.add(key, str(error))
        return None


def _make(kind: Any, node: Any, key: str, wrong: _Problems, **more: Any) -> Any:
    """The object; None where a value is missing."""
    fields = _complete(kind, node, key, wrong, tuple(more))
    return kind(**more, **fields) if fields is not None else None


def _complete(kind: Any, node: Any, key: str, wrong: _Problems, without: tuple[str, ...]) -> dict[str, Any] | None:
    """The node's values; None where one is missing that has no default."""
    fields = _fields(kind, node, key, wrong, without)
    return fields if fields is not None and set(_required(kind, without)) <= set(fields) else None


def _fields(kind: Any, node: Any, key: str, wrong: _Problems, without: tuple[str, ...]) -> dict[str, Any] | None:
    """The node's values that are right, lists as tuples. Other keys and values, and what is missing, are mistakes."""
    known = {field.name: str(field.type) for field in dataclasses.fields(kind) if field.name not in without}
    if not isinstance(node, Mapping):
        wrong.add(key, f"must have keys ({', '.join(known)}), got {node!r}")
        return None
    prefix, meant, found = "" if kind is Protocol else f"{key}.", set[str](), dict[str, Any]()
    for name, value in node.items():
        if name not in known:
            wrong.add(f"{prefix}{name}", agreement.one_of(name, known, "is no key of a protocol"))
            meant |= set(difflib.get_close_matches(str(name), known, 1))
        elif problem := typed.problem(value, known[name]):
            wrong.add(f"{prefix}{name}", problem)
        else:
            found[name] = tuple(value) if isinstance(value, list) else value
    for name in _required(kind, without):
        if name not in node and name not in meant:
            wrong.add(key, f"needs {name}")
    return found


def _required(kind: Any, without: Iterable[str]) -> list[str]:
    """The fields that have no default."""
    missing = dataclasses.MISSING
    needed = [field.name for field in dataclasses.fields(kind) if field.default is missing and field.default_factory is missing]
    return [name for name in needed if name not in without]


def _keys(fields: Mapping[str, Any], key: str, wrong: _Problems, prefix: str = "") -> dict[str, Any]:
    node = fields.get(key, {})
    if isinstance(node, Mapping):
        return dict(node)
    wrong.add(f"{prefix}{key}", f"must have keys, got {node!r}")
    return {}
