"""What is said beside a verdict: what would decide it, which number was measured, and what neither of them shows."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from regexp.comparison.power import CHANCE, MOST, Needed
from regexp.textbook import seeds
from regexp.textbook.wording import number

if TYPE_CHECKING:
    from regexp.textbook.judging import Judgement

SHARE = "share, Clopper and Pearson's interval"


def beside(found: Judgement, needed: Needed) -> str:
    """All remarks on a judgement, its own one first. ``needed``: the seeds that would decide it."""
    undecided = found.verdict == "not decided" and found.claim.kind != "band"
    return joined(found.remark, _more_seeds(found, needed) if undecided else "", tied(found), _how(found))


def tied(found: Judgement) -> str:
    """Why a median of paired values could be no other: more than half of the pairs are two equal numbers."""
    same = {"minus": 0.0, "over": 1.0}.get(found.claim.value.joined or "")
    pairs = sum(value == same for value in found.values)
    if not found.median or 2 * pairs <= found.n:
        return ""
    what = "ratio" if same else "difference"
    return f"the two are the same in {pairs} of {found.n} pairs, so the median {what} is {same:g} whatever the others are"


def outside(found: Judgement) -> str:
    """That the number to compare with lies outside the interval, where the verdict does not say so.

    A difference of two medians is not compared: the interval is that of the paired differences.
    """
    printed = found.claim.printed
    if printed is None or found.constant or _is_told(found) or found.medians is not None:
        return ""
    return "outside the interval" if printed < found.low or printed > found.high else ""


def joined(*parts: str) -> str:
    """Those that say something, one after the other."""
    return "; ".join(filter(None, parts))


def _is_told(found: Judgement) -> bool:
    """Whether the verdict is about that number; an equality with it that holds may miss it within the margin."""
    claim = found.claim
    refuted = claim.kind == "equal" and found.decided is False and claim.printed == claim.target
    return refuted or claim.kind in ("exact", "published")


def _how(found: Judgement) -> str:
    """Which number was measured, where it is no mean, or not what was printed."""
    what = SHARE if found.claim.share else "median and sign interval" if found.median else ""
    if found.medians is None:
        return what
    paired = "ratios" if found.claim.value.joined == "over" else "differences"
    return f"{what or 'mean'} of the paired {paired}, not the {paired.removesuffix('s')} of the medians"


def _more_seeds(found: Judgement, needed: Needed) -> str:
    claim, n = found.claim, needed.seeds
    if claim.kind == "published":
        n = seeds.for_published(found.values, claim.tolerance or 0.0) or math.inf
        vary = f"single runs vary by more than {number(claim.tolerance or 0.0)}"
        return f"about {n:.0f} seeds would decide" if math.isfinite(n) else vary
    some = f"about {n:.0f} seeds would decide" if math.isfinite(n) else f"more than {MOST} seeds would be needed to decide"
    return f"{some} with a chance of {CHANCE:.0%}".replace("%", " %")
