"""The files that a data set of torchvision is made of, and where it looks for them."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Any


def advice(kind: Any, root: str) -> str:
    """Which files to put where, one line each; nothing for a class that does not say. ``kind``: torchvision's class."""
    files = _files(kind)
    if not files:
        return ""
    folder = Path(root) / kind.__name__ / "raw" if hasattr(kind, "resources") else Path(root)
    lines = "\n".join(f"  {name}  MD5 {md5}" for name, md5 in files)
    return f"its files belong in {folder}, where dataset.download=true unpacks them without a network:\n{lines}"


def _files(kind: Any) -> list[tuple[str, str]]:
    """Names and MD5, in the ways in which torchvision's classes have them."""
    if isinstance(listed := getattr(kind, "resources", None), list):
        return [(PurePosixPath(name).name, md5) for name, md5 in listed]
    if hasattr(kind, "tgz_md5"):
        return [(kind.filename, kind.tgz_md5)]
    splits = getattr(kind, "split_list", {})
    return [(name, md5) for split, (_, name, md5) in splits.items() if split in ("train", "test")]
