"""The folders of the command line's runs: claimed before, judged after."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from regexp.files.history import read_summary
from regexp.words import quoted


class Taken(FileExistsError):
    """The folder holds a run or a sweep already."""


def claim(folder: Path, *, sweep: bool, grows: bool = False) -> None:
    """Make the folder and mark it as taken, in one atomic step.

    The marks are what Hydra writes there anyway: the folder ``.hydra`` of a run, the file ``multirun.yaml`` of a sweep.
    A sweep that ``grows`` may be there already, and a run that ``grows`` may have been cut before it began.

    Raises :class:`Taken` if the folder is taken, also by a run of :func:`regexp.fit`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    try:
        if (folder / "summary.json").exists():
            raise FileExistsError
        if sweep:
            (folder / "multirun.yaml").touch(exist_ok=grows)
        else:
            (folder / ".hydra").mkdir(exist_ok=grows)
    except FileExistsError:
        raise Taken(f"{folder} holds a run already: choose another folder, or leave the choice to us") from None


def note_command(folder: Path, words: Sequence[str]) -> None:
    """Add to the folder of a sweep what was typed after ``regexp-train``."""
    with (folder / "commands.txt").open("a", encoding="utf-8") as file:
        file.write(" ".join(map(quoted, ["regexp-train", *words])) + "\n")


def holds_run(folder: Path) -> bool:
    """Whether a run has begun in the folder."""
    return (folder / "summary.json").exists()


def failed(folder: Path, *, sweep: bool, divergence_fails: bool) -> list[Path]:
    """Of the run in ``folder``, or of the runs below it, those that did not come to a good end, as the disk has it."""
    runs = [mark.parent for mark in sorted(folder.rglob(".hydra"))] if sweep else [folder]
    well = ("completed",) if divergence_fails else ("completed", "diverged")
    return [run for run in runs if _status(run) not in well]


def why(folder: Path) -> str:
    """Where it is told why a run has failed; of one that diverged, the reason itself."""
    if _status(folder) == "diverged":
        return f"{folder} diverged: {read_summary(folder)['reason']}"
    return f"why is in {folder / 'train.log'}"


def count(folder: Path) -> int:
    """How many runs have left something in a folder below this one."""
    return sum(1 for _ in folder.rglob("summary.json"))


def _status(folder: Path) -> str:
    return read_summary(folder)["status"] if (folder / "summary.json").exists() else "failed"
