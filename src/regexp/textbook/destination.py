"""Where a report may be written: looked at before anything is trained."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from pathlib import Path

from regexp.textbook import pages, report

FOLDER = Path("outputs") / "reproduce"
"""Where reports are written, each in a folder of its own, unless another is named."""


def check(folder: Path, names: Iterable[str]) -> None:
    """Raise ``ValueError`` if pages cannot be written to the folder, or would replace pages that are not a report's."""
    try:
        nearest = next(place for place in (folder, *folder.absolute().parents) if place.exists() or place.is_symlink())
        if not nearest.is_dir():
            raise ValueError(f"--out must name a folder, got {folder}: {nearest} is a file; name another")
        _try(nearest, folder.absolute().relative_to(nearest.absolute()))
        for file in (folder / "index.md", folder / "index.html"):
            if file.exists() and not _ours(file):
                raise ValueError(_foreign(folder, file))
        for part in (folder / name for name in names):
            _check_part(part)
    except OSError as error:
        why = f"nothing can be written there ({error.strerror})"
        raise ValueError(f"--out must name a folder that can be written, got {folder}: {why}; name another") from error


def _try(nearest: Path, rest: Path) -> None:
    """Make what is missing of a folder, and remove it again: whether it can be made, no system tells beforehand.

    Beside where it will lie, since other processes may be making it. Raises ``OSError``.
    """
    with tempfile.TemporaryDirectory(dir=nearest) as tried:
        (Path(tried) / rest).mkdir(parents=True, exist_ok=True)


def _check_part(part: Path) -> None:
    """The same of the folder of one experiment."""
    folder = part.parent
    if part.exists() and not part.is_dir():
        raise ValueError(f"--out must have room for a folder {part.name}, got {folder}: {part} is a file; name another")
    if (part / "index.md").exists() and not (part / report.FILE).exists():
        raise ValueError(_foreign(folder, part / "index.md"))
    if part.exists():
        _try(part, Path())


def _foreign(folder: Path, file: Path) -> str:
    return f"--out must name a new folder or one of an earlier report, got {folder}: {file} is no report's; name another"


def _ours(file: Path) -> bool:
    """Whether the page has our title; an empty file is nobody's."""
    if not file.is_file():
        return False
    start = file.read_bytes()[:1000].decode("utf-8", "replace")
    return not start.strip() or start.startswith(f"# {pages.TITLE}\n") or f"<title>{pages.TITLE}</title>" in start
