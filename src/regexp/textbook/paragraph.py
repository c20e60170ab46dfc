"""One paragraph of what the numbers say: sentences of the protocol, chosen by the verdicts and filled with the numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from regexp.textbook.judging import Judgement
from regexp.textbook.wording import filled, given, named

NOTHING: Mapping[str, str] = MappingProxyType({})


def paragraph(judgements: Sequence[Judgement], chosen: Mapping[str, str] = NOTHING) -> str:
    """The sentences of all claims that have something to say, in their order. ``chosen``: what a search chose, by setting."""
    lost = dict.fromkeys(judgement.diverged for judgement in judgements if judgement.diverged)
    ends = [f"{text}; such a run counts as the worst outcome, and the median with its sign interval is given." for text in lost]
    return " ".join(filter(None, [*(_sentence(one, chosen) for one in judgements), *ends]))


def _sentence(found: Judgement, chosen: Mapping[str, str]) -> str:
    claim, places = found.claim, _places(found, chosen)
    if found.verdict == "shown" and claim.holds:
        return filled(claim.holds, places)
    if found.decided is not None and (text := _of_decision(found)):
        return filled(text, places)
    if claim.role != "primary" and not (found.verdict == "not decided" and claim.undecided):
        return ""
    if found.verdict == "not measured":
        return f"Not measured: {claim.says}."
    seen = f"{places['value']} {places['interval']}".strip()
    if found.verdict == "not decided" and claim.undecided:
        return f"{filled(claim.undecided, places).removesuffix('.')} (n = {found.n}; {found.remark})."
    return {
        "no verdict": f"{claim.says}? Measured: {seen} (n = {found.n}; too few for a verdict).",
        "not decided": f"Not decided: {claim.says} ({seen}, n = {found.n}; {found.remark}).",
    }.get(found.verdict, f"{claim.says}: {found.verdict} ({seen}, n = {found.n}).")


def _places(found: Judgement, chosen: Mapping[str, str]) -> dict[str, str]:
    """What the places of a sentence stand for; wins are seeds whose value is above the claim's target."""
    target, setting = found.claim.target, found.claim.value.first.setting
    return given(found.claim) | {
        "value": named(found.claim, found.center),
        "interval": found.spread,
        "n": str(found.n),
        "wins": str(sum(value > target for value in found.values)),
        "losses": str(sum(value < target for value in found.values)),
        "ties": str(sum(value == target for value in found.values)),
        "chosen": chosen.get(setting or "", "as validation chose it"),
    }


def _of_decision(found: Judgement) -> str | None:
    if found.decided:
        return found.claim.holds
    opposite = found.claim.kind == "direction" and found.high < found.claim.target
    return (found.claim.below if opposite else None) or found.claim.fails
