"""What a sweep says at its end: the comparison of its runs, printed and kept beside them."""

from __future__ import annotations

import logging
import os
from pathlib import Path

from regexp.comparison.reading import OUTPUT
from regexp.comparison.written import fingerprint, note, noted
from regexp.words import quoted

log = logging.getLogger("regexp")


def conclude(folder: Path) -> None:
    """Compare all runs in ``folder``, print the answer, and write it with its pictures to ``folder/comparison``.

    If nothing has changed since that was written, it is printed again, without reading the runs. What cannot be compared is
    told in one line. Nothing is raised: the runs are trained, whatever becomes of their comparison.
    """
    out = folder / OUTPUT
    try:
        seen = fingerprint(folder)
        answer = noted(out, seen)
        print(f"\n{_compared(folder, out, seen) if answer is None else _with_place(answer, out)}")
    except Exception as error:
        log.debug("the comparison failed", exc_info=True)
        reason = (str(error).splitlines() or [""])[0]
        print(f"\nnot compared ({type(error).__name__}: {reason}): try regexp-compare {quoted(str(folder))}")


def _compared(folder: Path, out: Path, seen: str) -> str:
    from regexp.comparing import NothingToCompare, compare
    from regexp.comparison.answer import one_setting

    try:
        done = compare(folder)
    except NothingToCompare as error:
        return f"not compared: {str(error).splitlines()[0]}"
    if len(done.findings.rows) == 1:
        return one_setting(done.findings)
    answer = str(done)
    try:
        done.write(out)
        note(out, seen)
    except OSError as error:
        return f"{answer}\n\nnothing was written ({error.strerror}: {error.filename}): try regexp-compare with --out FOLDER"
    return _with_place(answer, out)


def _with_place(answer: str, out: Path) -> str:
    return f"{answer}\n\ntable, methods and pictures are in {os.path.relpath(out)}"
