"""What the numbers say: sentences of the protocol, chosen by the verdicts and filled with the numbers.

One paragraph answers the question; what is found besides stands below it, by themes. What would decide a claim that is not
decided is in the claims' table.
"""

from __future__ import annotations

from collections.abc import Sequence

from regexp.textbook.judging import Judgement
from regexp.textbook.wording import filled, given, named, number

DIVERGED = "Diverged"


def paragraph(judgements: Sequence[Judgement]) -> str:
    """The answer: the sentences of all claims without a theme, in their order."""
    return _sentences([one for one in judgements if not one.claim.besides])


def besides(judgements: Sequence[Judgement]) -> dict[str, str]:
    """The sentences of the others by their themes, and which runs diverged."""
    themes = dict.fromkeys(one.claim.besides for one in judgements if one.claim.besides)
    found = {theme: _sentences([one for one in judgements if one.claim.besides == theme]) for theme in themes}
    if lost := dict.fromkeys(judgement.diverged for judgement in judgements if judgement.diverged):
        how = "such a run counts as the worst outcome, and the median with its sign interval is given"
        found[DIVERGED] = f"{'; '.join(lost)}; {how}."
    return {theme: text for theme, text in found.items() if text}


def _sentences(judgements: Sequence[Judgement]) -> str:
    return " ".join(filter(None, [_sentence(one) for one in judgements]))


def _sentence(found: Judgement) -> str:
    claim, places = found.claim, _places(found)
    if text := _own(found):
        return filled(text, places)
    if claim.role != "primary":
        return ""
    if found.verdict == "not measured":
        return f"Not measured: {claim.says}."
    seen = f"{places['value']} {places['interval']}".strip()
    return {
        "no verdict": f"{claim.says}? {seen}, no verdict.",
        "not decided": f"Not decided: {claim.says} ({seen}).",
    }.get(found.verdict, f"{claim.says}: {found.verdict} ({seen}).")


def _own(found: Judgement) -> str | None:
    """The protocol's sentence for what was found."""
    claim = found.claim
    if found.decided is not None:
        return _of_decision(found)
    return {"shown": claim.holds, "not decided": claim.undecided}.get(found.verdict)


def _places(found: Judgement) -> dict[str, str]:
    """What the places of a sentence stand for; wins are seeds whose value is above the claim's target."""
    target = found.claim.target
    return given(found.claim) | {
        "value": named(found.claim, found.center),
        "interval": found.spread,
        "n": str(found.n),
        "wins": str(sum(value > target for value in found.values)),
        "losses": str(sum(value < target for value in found.values)),
        "ties": str(sum(value == target for value in found.values)),
        "error": number(found.error),
    }


def _of_decision(found: Judgement) -> str | None:
    if found.decided:
        return found.claim.holds
    opposite = found.claim.kind == "direction" and found.high < found.claim.target
    return (found.claim.below if opposite else None) or found.claim.fails
