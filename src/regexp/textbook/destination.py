"""Where a report may be written: looked at before anything is trained."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from regexp.textbook import pages, report


def check(folder: Path, names: Iterable[str]) -> None:
    """Raise ``ValueError`` if pages cannot be written to the folder, or would replace pages that are not a report's."""
    nearest = next(place for place in (folder, *folder.absolute().parents) if place.exists() or place.is_symlink())
    if not nearest.is_dir():
        raise ValueError(f"--out must name a folder, got {folder}: {nearest} is a file; name another")
    if not os.access(nearest, os.W_OK | os.X_OK):
        raise ValueError(f"--out must name a folder that can be written, got {folder}: {nearest} cannot; name another")
    for file in (folder / "index.md", folder / "index.html"):
        if file.exists() and not _ours(file):
            raise ValueError(_foreign(folder, file))
    for part in (folder / name for name in names):
        if part.exists() and not part.is_dir():
            raise ValueError(f"--out must have room for a folder {part.name}, got {folder}: {part} is a file; name another")
        if (part / "index.md").exists() and not (part / report.FILE).exists():
            raise ValueError(_foreign(folder, part / "index.md"))


def _foreign(folder: Path, file: Path) -> str:
    return f"--out must name a new folder or one of an earlier report, got {folder}: {file} is no report's; name another"


def _ours(file: Path) -> bool:
    """Whether the page has our title; an empty file is nobody's."""
    if not file.is_file():
        return False
    start = file.read_bytes()[:1000].decode("utf-8", "replace")
    return not start.strip() or start.startswith(f"# {pages.TITLE}\n") or f"<title>{pages.TITLE}</title>" in start
