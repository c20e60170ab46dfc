"""The files that a data set of torchvision is made of, and where it looks for them."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Any


def advice(kind: Any, root: str) -> str:
    """How to get a data set's files: by a download, or which to put where, one line each, if torchvision's class says it."""
    files = _files(kind)
    download = "Either: dataset.download=true, with a network"
    if not files:
        return download
    folder = Path(root) / kind.__name__ / "raw" if hasattr(kind, "resources") else Path(root)
    lines = [f"  {name}  MD5 {md5}" for name, md5 in files]
    by_hand = f"or put these files into {folder}; with dataset.download=true they are then unpacked, without a network:"
    return "\n".join([download, by_hand, *lines])


def _files(kind: Any) -> list[tuple[str, str]]:
    """Names and MD5, in the ways in which torchvision's classes have them."""
    if isinstance(listed := getattr(kind, "resources", None), list):
        return [(PurePosixPath(name).name, md5) for name, md5 in listed]
    if hasattr(kind, "tgz_md5"):
        return [(kind.filename, kind.tgz_md5)]
    splits = getattr(kind, "split_list", {})
    return [(name, md5) for split, (_, name, md5) in splits.items() if split in ("train", "test")]
