"""The folders of the command line's runs: claimed before, judged after."""

from __future__ import annotations

from pathlib import Path

from regexp.history import read_summary


def claim(folder: Path, *, sweep: bool) -> None:
    """Make the folder and mark it as taken, in one atomic step.

    The marks are what Hydra writes there anyway: the folder ``.hydra`` of a run, the file ``multirun.yaml`` of a sweep.
    Raises ``FileExistsError`` if the folder is taken, also by a run of :func:`regexp.fit`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    try:
        if (folder / "summary.json").exists():
            raise FileExistsError
        if sweep:
            (folder / "multirun.yaml").touch(exist_ok=False)
        else:
            (folder / ".hydra").mkdir()
    except FileExistsError:
        raise FileExistsError(f"{folder} holds a run already: choose another folder, or leave the choice to us") from None


def failed(root: Path, *, divergence_fails: bool) -> list[Path]:
    """The folders in ``root`` and below that were claimed by a run which did not come to a good end, as the disk has it."""
    well = ("completed",) if divergence_fails else ("completed", "diverged")
    return [mark.parent for mark in sorted(root.rglob(".hydra")) if _status(mark.parent) not in well]


def _status(folder: Path) -> str:
    return read_summary(folder)["status"] if (folder / "summary.json").exists() else "failed"
