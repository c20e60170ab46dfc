"""The pictures of an experiment: one per claim, and those that its protocol asks for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from regexp.comparison.figures.style import ascii_text, write
from regexp.textbook import diagnostics
from regexp.textbook.figures.claims import of_claim
from regexp.textbook.figures.exact import exact
from regexp.textbook.figures.one_and_all import one_and_all
from regexp.textbook.figures.points import points
from regexp.textbook.figures.runs import against, curves
from regexp.textbook.judging import Judgement
from regexp.textbook.protocol import Picture
from regexp.textbook.study import NotMeasured, Study

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def draw(study: Study, judgements: list[Judgement], folder: Path) -> list[str]:
    """Write every picture as PNG and SVG, and give the names of the protocol's own. What cannot be drawn is left out."""
    folder.mkdir(parents=True, exist_ok=True)
    drawn = []
    with ascii_text():
        for picture, figure in _asked(study):
            write({picture.name: figure}, folder)
            drawn.append(picture.name)
        for judgement in judgements:
            if judgement.pictured:
                write({claim_file(judgement): of_claim(judgement, study)}, folder)
    return drawn


def claim_file(judgement: Judgement) -> str:
    """The name of a claim's picture."""
    return f"claim-{judgement.claim.name}"


def _asked(study: Study) -> Iterator[tuple[Picture, Figure]]:
    for picture in study.protocol.pictures:
        try:
            yield picture, _draw(picture, study)
        except NotMeasured:
            continue


def _draw(picture: Picture, study: Study) -> Figure:
    if picture.kind == "drawn":
        name = str(picture.by)
        return diagnostics.find(name).draw(study, picture.title, **study.arguments(name))
    kinds = {"curves": curves, "against": against, "points": points, "exact": exact, "one_and_all": one_and_all}
    return kinds[picture.kind](picture, study)
