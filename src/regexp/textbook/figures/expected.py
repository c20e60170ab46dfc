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
    if line := named_line(claim):
        style: dict[str, Any] = {"color": ORANGE, "linewidth": 2, "linestyle": (0, (4, 1.5))}
        axes.axvline(line[0], label=line[1], **style)


def shaded(claim: Claim) -> tuple[float, float] | None:
    """The range in which the claim holds, where it has two ends."""
    half = {"equal": claim.margin, "exact": claim.tolerance}.get(claim.kind)
    if half:
        return claim.target - half, claim.target + half
    return claim.band if claim.kind == "band" else None


def named_line(claim: Claim) -> tuple[float, str] | None:
    """The number to compare with, and what it is called; of what is exact the target, if nobody printed another number."""
    if claim.published is not None and claim.printed is not None:
        return claim.printed, claim.published.named
    return (claim.target, "exact") if claim.kind == "exact" else None


def expected(claim: Claim) -> list[float]:
    """All numbers that are drawn of it besides the measured ones."""
    line = named_line(claim)
    found = [*(shaded(claim) or ()), *([line[0]] if line else [])]
    return [*found, claim.target] if claim.kind in ("direction", "equal", "exact") else found
