"""How the runs of a sweep ended: counted, told, and noted on disk."""

from __future__ import annotations

import collections
import json
from pathlib import Path

from regexp.files import atomic
from regexp.words import counted

WORDS = {
    "completed": "completed",
    "diverged": "diverged",
    "failed": "failed",
    "interrupted": "interrupted",
    "reused": "there already",
    "queued": "queued",
    "elsewhere": "in training by another process",
    "refused": "refused",
}


class Tally:
    """Counts runs by how they ended."""

    def __init__(self, folder: Path, jobs: int, refused: int = 0):
        self.folder, self.jobs, self.refused = folder, jobs, refused
        self.status: dict[Path, str] = {}

    def add(self, folder: Path, status: str) -> None:
        """Note how a run ended."""
        self.status[folder] = status

    def with_status(self, *statuses: str) -> list[Path]:
        """The folders of the runs that ended so."""
        return [folder for folder, status in self.status.items() if status in statuses]

    def counts(self) -> dict[str, int]:
        """How many runs ended how."""
        counted = collections.Counter(self.status.values()) + collections.Counter(refused=self.refused)
        return {status: counted[status] for status in WORDS if counted[status]}

    def write(self) -> None:
        """Note it in the sweep's folder, also of a sweep that was interrupted."""
        runs = {folder.name: status for folder, status in sorted(self.status.items())}
        text = json.dumps({"jobs": self.jobs, "runs": self.counts(), "folders": runs}, indent=2, ensure_ascii=False)
        atomic.write(self.folder / "sweep.json", text.encode() + b"\n")

    def __str__(self) -> str:
        """``512 runs in outputs/first: 500 completed, 2 diverged, 10 there already``."""
        parts = ", ".join(f"{count} {WORDS[status]}" for status, count in self.counts().items()) or "none begun"
        not_begun = self.jobs - len(self.status)
        rest = f", {not_begun} not begun" if not_begun and self.status else ""
        return f"{counted(self.jobs, 'run')} in {self.folder}: {parts}{rest}"
