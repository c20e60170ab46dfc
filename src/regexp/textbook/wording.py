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
OF_EXACT = ("error",)
"""Places of exact claims alone: the largest error, by which they are judged."""
SAYS = {"S": "simulation"}
"""Sources that say no more than how the number was read."""
MOST = 3
"""Decimals that a difference's parts may have more than the difference, so that theirs is the same."""
WHOLE, HUGE = 9999.5, 1e7
"""From here on four digits are fewer than those before the point; from there on those would be too many to read."""


def problem(text: str | None, claim: Claim) -> str | None:
    """What is wrong with the places of a text of the claim."""
    known = [*MEASURED, *given(claim), *MORE, *(OF_EXACT if claim.kind == "exact" else ())]
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
    """``2.62960 minus 2.54944``: in so many decimals that they have the difference that is printed; ratios need no more."""
    shown = [number(first), number(second)]
    if joined == "minus" and math.isfinite(first - second):
        difference = number(first - second)
        least = max(-int(_decimal(text).as_tuple().exponent) for text in ["0", *shown, difference])
        tried = [[f"{value:,.{places}f}" for value in (first, second)] for places in range(least, least + MOST + 1)]
        shown = next((pair for pair in tried if number(float(_decimal(pair[0]) - _decimal(pair[1]))) == difference), tried[-1])
    return f" {joined} ".join(shown)


def _decimal(shown: str) -> decimal.Decimal:
    return decimal.Decimal(shown.replace(",", ""))


def reference(claim: Claim, *more: str) -> str:
    """The number that a claim's is to be compared with, and where it is from: ``0.3 (0.9 minus 0.6; MNIST; Nielsen)``.

    ``more``: what else is said of it.
    """
    if claim.published is None:
        return f"{claim.target:g} (exact)" if claim.kind == "exact" else ""
    found, value = claim.published, claim.published.value
    shown = str(value) if claim.printed is None else number(claim.printed)
    pair = f"{value[0]:g} {claim.value.joined or 'minus'} {value[1]:g}" if isinstance(value, tuple) else ""
    medians = "medians" if found.medians else ""
    also = f"also {', '.join(map(number, found.others))}" if found.others else ""
    source = "" if found.source == SAYS.get(found.read) else found.source
    said = "; ".join(filter(None, [pair, medians, found.of, found.data, source, also, *more]))
    return f"{shown} ({said})" if said else shown


def interval(low: float, high: float) -> str:
    """``[low, high]``; nothing where there is none."""
    return "" if math.isnan(low) or math.isnan(high) else f"[{number(low)}, {number(high)}]"
