"""The folders that hold data sets."""

from __future__ import annotations

import os
from pathlib import Path


def roots(root: str | None) -> list[Path]:
    """Where to look for data, and, the first, where to put them: ``root``, ``$REGEXP_DATA``, the user's cache."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache") / "regexp"
    return [Path(path).expanduser() for path in (root, os.environ.get("REGEXP_DATA"), cache) if path]
