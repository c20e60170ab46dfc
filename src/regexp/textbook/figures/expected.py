"""What would make a claim true, and what was printed or simulated of it: a shaded range and a line, each with its name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from regexp.textbook.protocol import Claim

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from regexp.textbook.judging import Judgement

ORANGE, GREEN = "#D55E00", "#009E73"
RANGES = {"equal": "equal within the margin", "band": "simulated range of the mean", "exact": "tolerated error"}


def draw_expected(axes: Axes, judgement: Judgement) -> None:
    """The range in which the claim holds, the number at which it begins or lies, and the reference."""
    claim = judgement.claim
    if ends := shaded(claim):
        axes.axvspan(*ends, color=GREEN, alpha=0.15, linewidth=0, label=RANGES[claim.kind])
    if judgement.prediction:
        axes.axvspan(*judgement.prediction, color="0.5", alpha=0.15, linewidth=0, label="95 % prediction interval of one run")
    if claim.kind in ("direction", "equal"):
        name = "claimed: above this" if claim.kind == "direction" else None
        axes.axvline(claim.target, color="0.3", linewidth=1, label=name)
    if (refuted := refuted_below(judgement)) is not None:
        axes.axvline(refuted, color="0.3", linewidth=1.4, linestyle=":", label="does not hold: below this")
    style: dict[str, Any] = {"color": ORANGE, "linestyle": (0, (4, 1.5))}
    if line := named_line(claim):
        axes.axvline(line[0], label=line[1], linewidth=2, **style)
    for number, other in enumerate(others(claim)):
        axes.axvline(other, label=None if number else "also published", linewidth=1, **style)


def shaded(claim: Claim) -> tuple[float, float] | None:
    """The range in which the claim holds, where it has two ends."""
    half = {"equal": claim.margin, "exact": claim.tolerance}.get(claim.kind)
    if half:
        return claim.target - half, claim.target + half
    return claim.band if claim.kind == "band" else None


def refuted_below(judgement: Judgement) -> float | None:
    """Of a direction that may not hold: the end of its margin, below which the whole interval must lie to refute it."""
    claim = judgement.claim
    if claim.kind != "direction" or judgement.low > claim.target:
        return None
    return claim.target + (claim.margin or 0.0)


def others(claim: Claim) -> tuple[float, ...]:
    """What else was printed of it."""
    return claim.published.others if claim.published else ()


def named_line(claim: Claim) -> tuple[float, str] | None:
    """The number to compare with, and what it is called; of what is exact the target, if nobody printed another number."""
    if claim.published is not None and claim.printed is not None:
        return claim.printed, claim.published.named
    return (claim.target, "exact") if claim.kind == "exact" else None


def expected(judgement: Judgement) -> list[float]:
    """All numbers that are drawn of its claim besides the measured ones."""
    claim, line, refuted = judgement.claim, named_line(judgement.claim), refuted_below(judgement)
    found = [*(shaded(claim) or ()), *([line[0]] if line else []), *others(claim), *([] if refuted is None else [refuted])]
    return [*found, claim.target] if claim.kind in ("direction", "equal", "exact") else found
