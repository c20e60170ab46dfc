"""From claims and runs to verdicts."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from regexp.comparison.power import Needed, needed_by_holm
from regexp.comparison.statistics import LEVEL
from regexp.textbook import remarks, seeds, verdicts
from regexp.textbook.measuring import diverged, measure, of_term
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
    medians: tuple[float, float] | None = None
    """Of both sides, where what was printed is a difference (or ratio) of two medians."""
    prediction: tuple[float, float] | None = None
    """The 95 % prediction interval of one more run, by which a published value is judged."""

    @property
    def n(self) -> int:
        return len(self.values)

    @property
    def pictured(self) -> bool:
        """Whether there are numbers to draw; one of a list of names is none."""
        return self.n > 0 and not self.claim.names

    @property
    def constant(self) -> bool:
        """Whether all values are one number, in the digits that are shown; a share has an interval even so."""
        return self.n > 1 and not self.claim.share and len(set(map(number, self.values))) == 1

    @property
    def spread(self) -> str:
        """``[low, high]``; nothing where all values are one number."""
        return "" if self.constant else interval(self.low, self.high)

    @property
    def of_medians(self) -> float | None:
        """The difference (or ratio) of the medians: like for like, for it is none of paired values."""
        if self.medians is None:
            return None
        first, second = self.medians
        return first / second if self.claim.value.joined == "over" else first - second

    @property
    def error(self) -> float:
        """The largest distance of a value from the claim's target, by which an exact claim is judged."""
        return max((abs(value - self.claim.target) for value in self.values), default=math.nan)

    @property
    def decided(self) -> bool | None:
        """True or false for a claim that was decided."""
        return {"holds": True, "inside": True, "does not hold": False, "outside": False}.get(self.verdict)


def judge(study: Study) -> list[Judgement]:
    """Every claim of the study's protocol, the primary ones that are tested corrected for their number."""
    found = [_judge(claim, study) for claim in study.protocol.claims]
    tested = sum(one.claim.role == "primary" and not math.isnan(one.p) for one in found)
    stands = verdicts.withstand([one.p if one.claim.role == "primary" else math.nan for one in found])
    found = [_withdrawn(one, tested) if one.p < LEVEL and not stand else one for one, stand in zip(found, stands, strict=True)]
    needed = zip(found, _needed(found), strict=True)
    return [dataclasses.replace(one, remark=remarks.beside(one, more)) for one, more in needed]


def _judge(claim: Claim, study: Study) -> Judgement:
    """The claim by itself."""
    try:
        values, out = measure(claim.value, study), lost(diverged(claim.value, study))
    except NotMeasured as reason:
        return Judgement(claim, "not measured", remark=str(reason))
    median = claim.median or bool(out) or bool(np.isinf(values).any())
    low, high = verdicts.interval(values, median=median) if len(values) > 1 else (math.nan, math.nan)
    if claim.share:
        low, high = verdicts.interval_of_share(values)
    seen: dict[str, Any] = {"values": tuple(values.tolist()), "median": median, "diverged": out}
    seen |= {"center": float(verdicts.center(values, median=median))}
    seen |= {"low": float(low), "high": float(high), "medians": _medians(claim, study)}
    if claim.kind == "shown":
        return Judgement(claim, "shown", **seen)
    if study.tier == "quick" and claim.kind != "exact":
        return Judgement(claim, "no verdict", **seen)
    verdict, found, remark = _decide(claim, values, median=median)
    if claim.kind == "published" and np.isfinite([found.low, found.high]).all():
        seen["prediction"] = float(found.low), float(found.high)
    return Judgement(claim, verdict, **seen, p=float(found.p), remark=remark)


def _medians(claim: Claim, study: Study) -> tuple[float, float] | None:
    if claim.published is None or not claim.published.medians:
        return None
    first, second = (float(np.median([*of_term(term, study).values()])) for term in claim.value.terms)
    return first, second


def _decide(claim: Claim, values: np.ndarray, *, median: bool) -> tuple[str, verdicts.Decision, str]:
    """The verdict, what the data say, and what else is to be said."""
    if claim.kind == "band" and len(values) < claim.band_seeds:
        return "not decided", verdicts.UNTESTED, f"the band is for means of {claim.band_seeds} seeds"
    found = _decision(claim, values, median=median)
    yes, no = WORDS.get(claim.kind, ("holds", "does not hold"))
    remark = f"prediction interval {interval(found.low, found.high)}" if claim.kind == "published" else ""
    return yes if found.holds else no if found.fails else "not decided", found, remark


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


def _withdrawn(judgement: Judgement, tested: int) -> Judgement:
    """A decision that does not stand among the others."""
    alone, rule = f"by itself it {judgement.verdict} (p = {judgement.p:.2g})", "Holm's correction"
    why = f"{alone}, which does not stand after {rule} over {tested} tested primary claims"
    return dataclasses.replace(judgement, verdict="not decided", remark=remarks.joined(why, judgement.remark))


def _needed(found: Sequence[Judgement]) -> list[Needed]:
    """What would decide each claim by its test: of the primary ones by Holm's procedure, by which they are judged together."""
    tests = [None if math.isnan(one.p) else seeds.planned(one.claim, one.values, median=one.median) for one in found]
    primary = [one.claim.role == "primary" for one in found]
    together = needed_by_holm([test if main else None for test, main in zip(tests, primary, strict=True)])
    alone = [needed_by_holm([test])[0] for test in tests]
    return [both if main else own for both, own, main in zip(together, alone, primary, strict=True)]


def count(judgements: Sequence[Judgement]) -> dict[str, int]:
    """How many claims ended how."""
    words = [judgement.verdict for judgement in judgements]
    return {word: words.count(word) for word in dict.fromkeys(words)}
