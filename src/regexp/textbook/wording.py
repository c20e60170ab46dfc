"""Numbers in sentences: a text of a protocol holds places, ``{value}``, ``{margin}``, and never a measured number."""

from __future__ import annotations

import decimal
import math
import re
import string
from collections.abc import Mapping

from regexp.rules import is_number
from regexp.textbook.protocol import Claim

MEASURED = ("value", "interval", "n")
"""Places of any text; besides those of the claim's own numbers, see :func:`given`."""
MORE = ("wins", "losses", "ties")
"""How many seeds are above, below and at the claim's target."""
WHOLE, HUGE = 9999.5, 1e7
"""From here on four digits are fewer than those before the point; from there on those would be too many to read."""


def problem(text: str | None, claim: Claim) -> str | None:
    """What is wrong with the places of a text of the claim."""
    known = [*MEASURED, *given(claim), *MORE]
    try:
        unknown = sorted({name for _, name, _, _ in string.Formatter().parse(text or "") if name is not None} - set(known))
    except ValueError as error:
        return f"is no text with places ({error})"
    return f"has the place {{{unknown[0]}}}: known are {', '.join(known)}" if unknown else None


def given(claim: Claim) -> dict[str, str]:
    """The numbers of the claim by their places."""
    found = {"target": claim.target, "margin": claim.margin, "tolerance": claim.tolerance, "published": claim.printed}
    return {name: number(value) for name, value in found.items() if value is not None and is_number(value)}


def named(claim: Claim, value: float) -> str:
    """The measured number, or what it is the number of."""
    chosen = round(value) - 1 if claim.names and math.isfinite(value) else -1
    return claim.names[chosen] if 0 <= chosen < len(claim.names) else number(value)


def filled(text: str, values: Mapping[str, str]) -> str:
    """The text with its numbers, as one paragraph; a place that has none leaves neither a blank nor brackets behind."""
    return re.sub(r" \(\)| (?=[.,;:)])", "", " ".join(text.format_map(values).split()))


def lost(diverged: Mapping[str, tuple[int, int]]) -> str:
    """``1 of 10 plain runs diverged, 2 of 10 dropout runs diverged``; nothing where none did."""
    said = ((n, of, f"{name.replace('_', ' ')} runs".strip()) for name, (n, of) in diverged.items())
    return ", ".join(f"{n} of {of} {runs} diverged" for n, of, runs in said)


def number(value: float) -> str:
    """Four digits, of large numbers all before the point (``13,768``), up to six of what is nearly 1; infinity as a word."""
    if math.isnan(value):
        return ""
    if WHOLE <= abs(value) < HUGE:
        return f"{value:,.0f}"
    if not math.isfinite(value):
        return "infinite" if value > 0 else "minus infinite"
    digits = next((n for n in (4, 5, 6) if f"{value:.{n}g}" != "1"), 4)
    return f"{value:.{digits}g}"


def parts(first: float, second: float, joined: str | None) -> str:
    """``2.62960 minus 2.54944``: in as many decimals as the difference has, so that it can be checked; ratios need no more."""
    shown = [number(first), number(second)]
    if joined == "minus" and math.isfinite(first - second):
        places = max(map(_decimals, [*shown, number(first - second)]))
        shown = [f"{value:,.{places}f}" for value in (first, second)]
    return f" {joined} ".join(shown)


def _decimals(shown: str) -> int:
    return max(0, -int(decimal.Decimal(shown.replace(",", "")).as_tuple().exponent))


def reference(claim: Claim) -> str:
    """The number that a claim's is to be compared with, and where it is from: ``0.3 (0.9 minus 0.6; MNIST; Nielsen)``."""
    if claim.published is None:
        return f"{claim.target:g} (exact)" if claim.kind == "exact" else ""
    found, value = claim.published, claim.published.value
    shown = str(value) if claim.printed is None else number(claim.printed)
    pair = f"{value[0]:g} {claim.value.joined or 'minus'} {value[1]:g}" if isinstance(value, tuple) else ""
    medians = "medians" if found.medians else ""
    also = f"also {', '.join(map(number, found.others))}" if found.others else ""
    return f"{shown} ({'; '.join(filter(None, [pair, medians, found.of, found.data, found.source, also]))})"


def interval(low: float, high: float) -> str:
    """``[low, high]``; nothing where there is none."""
    return "" if math.isnan(low) or math.isnan(high) else f"[{number(low)}, {number(high)}]"
