"""From claims and runs to verdicts."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from regexp.comparison.statistics import LEVEL
from regexp.textbook import seeds, verdicts
from regexp.textbook.measuring import diverged, measure
from regexp.textbook.protocol import Claim
from regexp.textbook.study import NotMeasured, Study
from regexp.textbook.wording import interval, lost, number

WORDS = {"published": ("inside", "outside")}
"""Instead of holds and does not hold."""


@dataclasses.dataclass(frozen=True)
class Judgement:
    """What was found of a claim."""

    claim: Claim
    verdict: str
    """holds, does not hold, inside, outside, not decided, shown, no verdict, not measured."""
    values: tuple[float, ...] = ()
    center: float = math.nan
    low: float = math.nan
    high: float = math.nan
    p: float = math.nan
    remark: str = ""
    median: bool = False
    """Whether centre and interval are the median and its sign interval."""
    diverged: str = ""
    """``1 of 10 plain runs diverged``: the worst value was put in for them."""

    @property
    def n(self) -> int:
        return len(self.values)

    @property
    def decided(self) -> bool | None:
        """True or false for a claim that was decided."""
        return {"holds": True, "inside": True, "does not hold": False, "outside": False}.get(self.verdict)


def judge(study: Study) -> list[Judgement]:
    """Every claim of the study's protocol, the primary ones corrected for their number."""
    primary = sum(claim.role == "primary" for claim in study.protocol.claims)
    found = [_judge(claim, study, LEVEL / max(primary, 1)) for claim in study.protocol.claims]
    stands = verdicts.withstand([judgement.p if judgement.claim.role == "primary" else math.nan for judgement in found])
    return [_withdrawn(j, primary) if j.p < LEVEL and not stand else j for j, stand in zip(found, stands, strict=True)]


def _judge(claim: Claim, study: Study, level: float) -> Judgement:
    try:
        values, out = measure(claim.value, study), lost(diverged(claim.value, study))
    except NotMeasured as reason:
        return Judgement(claim, "not measured", remark=str(reason))
    median = claim.median or bool(out) or bool(np.isinf(values).any())
    low, high = verdicts.interval(values, median=median) if len(values) > 1 else (math.nan, math.nan)
    if claim.share:
        low, high = verdicts.interval_of_share(values)
    remark = "median and sign interval" if median else ""
    seen: dict[str, Any] = {"values": tuple(values.tolist()), "median": median, "diverged": out}
    seen |= {"center": float(verdicts.center(values, median=median))}
    seen |= {"low": float(low), "high": float(high)}
    if claim.kind == "shown":
        return Judgement(claim, "shown", **seen, remark=remark)
    if study.tier == "quick" and claim.kind != "exact":
        return Judgement(claim, "no verdict", **seen, remark=remark)
    verdict, p, why = _decide(claim, values, level, median=median)
    return Judgement(claim, verdict, **seen, p=p, remark="; ".join(filter(None, [why, remark])))


def _decide(claim: Claim, values: np.ndarray, level: float, *, median: bool) -> tuple[str, float, str]:
    """The verdict, the error probability of the decision, and what else is to be said."""
    if claim.kind == "band" and len(values) < claim.band_seeds:
        return "not decided", math.nan, f"the band is for means of {claim.band_seeds} seeds"
    found = _decision(claim, values, median=median)
    yes, no = WORDS.get(claim.kind, ("holds", "does not hold"))
    remark = f"prediction interval {interval(found.low, found.high)}" if claim.kind == "published" else ""
    if found.holds or found.fails:
        return (yes if found.holds else no), float(found.p), remark
    return "not decided", float(found.p), "; ".join(filter(None, [remark, _more_seeds(claim, values, level, median=median)]))


def _decision(claim: Claim, values: np.ndarray, *, median: bool) -> verdicts.Decision:
    if claim.kind == "exact":
        return verdicts.exact(values, claim.target, claim.tolerance or 0.0)
    if claim.kind == "band":
        return verdicts.within_band(values, *(claim.band or (math.nan, math.nan)))
    if claim.kind == "published":
        assert claim.printed is not None  # the protocol was checked
        return verdicts.published(values, claim.printed, claim.tolerance or 0.0)
    rule = verdicts.direction if claim.kind == "direction" else verdicts.equal
    return rule(values - claim.target, claim.margin or 0.0, median=median)


def _more_seeds(claim: Claim, values: np.ndarray, level: float, *, median: bool) -> str:
    if claim.kind == "published":
        n = seeds.for_published(values, claim.tolerance or 0.0)
        return _would(n) if n else f"single runs vary by more than {number(claim.tolerance or 0.0)}"
    count = seeds.for_direction if claim.kind == "direction" else seeds.for_equality
    level = level if claim.role == "primary" else LEVEL
    return _would(count(values - claim.target, claim.margin or 0.0, level, median=median))


def _would(n: int | None) -> str:
    return f"about {n} seeds would decide" if n else f"more than {seeds.MOST} seeds would be needed"


def _withdrawn(judgement: Judgement, primary: int) -> Judgement:
    """A decision that does not stand among the others."""
    n = _more_seeds(judgement.claim, np.array(judgement.values), LEVEL / primary, median=judgement.median)
    why = f"p = {judgement.p:.2g} alone, which does not stand among {primary} primary claims (Holm); {n}"
    return dataclasses.replace(judgement, verdict="not decided", remark="; ".join(filter(None, [why, judgement.remark])))


def count(judgements: Sequence[Judgement]) -> dict[str, int]:
    """How many claims ended how."""
    words = [judgement.verdict for judgement in judgements]
    return {word: words.count(word) for word in dict.fromkeys(words)}
