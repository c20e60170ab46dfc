"""Which experiments there are, in the package's ``conf`` and in a folder of one's own, and which of them are meant."""

from __future__ import annotations

import dataclasses
import difflib
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from regexp.textbook.protocol import Protocol
from regexp.textbook.reading import ProtocolError, read_each
from regexp.words import listed, quoted


def find(package: Path, own: str | None = None) -> tuple[dict[str, Protocol], dict[str, str]]:
    """The protocols that are right, and the mistakes of the others, by name. ``own``: a folder given by ``--config-dir``.

    Raises :class:`ProtocolError` if there are none in one's own folder, or of names that the package has.
    """
    found, broken = read_each(package / "reproduce")
    if own is None or Path(own).resolve() == package.resolve():
        return found, broken
    folder = Path(own)
    if not folder.is_dir():
        raise ProtocolError(f"--config-dir must be a folder, got {own!r}")
    mine, wrong = read_each(folder / "reproduce")
    if not mine and not wrong:
        raise ProtocolError(f"--config-dir must hold a protocol, reproduce/NAME.yaml, got {own!r}, which has none")
    if taken := sorted({*mine, *wrong} & {*found, *broken}):
        files = listed(str(folder / "reproduce" / f"{name}.yaml") for name in taken)
        raise ProtocolError(f"an experiment of yours must have a name that the package has not, got {files}: rename it")
    mine = {name: dataclasses.replace(protocol, config_dir=str(folder)) for name, protocol in mine.items()}
    return found | mine, broken | wrong


def choose(names: Sequence[str], protocols: Mapping[str, Protocol]) -> list[Protocol]:
    """The experiments of these names, or else chapters. Raises ``ValueError`` with the nearest name."""
    chosen: dict[str, Protocol] = {}
    for name in names:
        named = {key: protocol for key, protocol in protocols.items() if name in (key, "all")}
        matching = named or {k: protocol for k, protocol in protocols.items() if name.lower() == protocol.chapter.lower()}
        if not matching:
            raise ValueError(f"there is no experiment or chapter {name!r}: {_meant(name, protocols)}")
        chosen |= matching
    return list(chosen.values())


def _meant(name: str, protocols: Mapping[str, Protocol]) -> str:
    """The name that is nearest, else all that there are."""
    chapters = sorted({protocol.chapter for protocol in protocols.values()})
    if near := difflib.get_close_matches(name.lower(), [*protocols, *chapters, "all"], 1):
        return f"did you mean {quoted(near[0])}?"
    return f"experiments: {', '.join(protocols)}; chapters: {', '.join(map(quoted, chapters))}; all"


def recipes(protocol: Protocol, commands: Sequence[str], package: Path) -> dict[str, Path]:
    """The files behind ``experiment=NAME`` as it is typed there: one's own before the package's, as Hydra looks for them."""
    typed = [names for line in commands for names in re.findall(r"\bexperiment=([\w/.,-]+)", line)]
    places = [*([Path(protocol.config_dir)] if protocol.config_dir else []), package]
    files = {name: [place / "experiment" / f"{name}.yaml" for place in places] for names in typed for name in names.split(",")}
    return {name: next(filter(Path.is_file, several), several[-1]) for name, several in files.items()}
