"""What the parts of a protocol must say of each other."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable

from regexp.textbook import columns, diagnostics, pictured, wording
from regexp.textbook.expression import Term, Until
from regexp.textbook.protocol import READ, TIERS, Claim, Protocol
from regexp.textbook.study import TUNING

Wrong = Callable[[str, str], None]
"""Is told a key, and what is wrong with it."""


def check(protocol: Protocol, wrong: Wrong, *, whole: bool = True) -> None:
    """Report every mistake. ``whole``: nothing was left out of the protocol, so that what no part knows is a mistake."""
    if "standard" not in protocol.tiers and whole:
        wrong("tiers", "must have standard; quick and full are like it where they are absent")
    for tier in set(protocol.tiers) - set(TIERS):
        wrong(f"tiers.{tier}", one_of(tier, TIERS))
    for name in sorted(set(protocol.labels) - set(_called(protocol))) if whole else ():
        wrong(f"labels.{name}", one_of(name, _called(protocol), "names a setting that is not known"))
    for name, chosen in protocol.tiers.items():
        if chosen.n < 1:
            wrong(f"tiers.{name}.n", f"must be > 0, got {chosen.n}")
        elif (last := protocol.seeds(name)[-1]) >= TUNING:
            wrong("first_seed", f"must leave the seeds of {name} below {TUNING}, from which on seeds only tune, got {last}")
    for claim in protocol.claims:
        _check_claim(claim, protocol, wrong)
    for key, metric in columns.of_arguments(protocol):
        if problem := columns.of_text(metric):
            wrong(key, problem)
    pictured.check(protocol, wrong)


def one_of(name: object, options: Iterable[str], what: str = "is not known") -> str:
    """What to say of a name that is none of the options."""
    near = difflib.get_close_matches(str(name), list(options), 1)
    return f"{what}, got {name!r}: " + (f"did you mean {near[0]}?" if near else f"known are {', '.join(options)}")


def _called(protocol: Protocol) -> list[str]:
    """All that may have a label."""
    named = [*protocol.settings, *(str(term.quantity) for claim in protocol.claims for term in claim.value.terms)]
    pictures = [(*picture.metrics, *picture.beside, picture.x, picture.chosen) for picture in protocol.pictures]
    return named + [name for names in pictures for name in names if name]


def _check_claim(claim: Claim, protocol: Protocol, wrong: Wrong) -> None:
    key = f"claims.{claim.name}"
    if claim.role not in ("primary", "secondary"):
        wrong(f"{key}.role", one_of(claim.role, ("primary", "secondary")))
    if claim.share and claim.kind != "shown":
        wrong(f"{key}.share", f"is for claims that are shown, got kind {claim.kind}")
    if claim.margin is not None and not claim.margin > 0:
        wrong(f"{key}.margin", f"must be > 0, got {claim.margin!r}")
    if claim.kind == "published" and claim.published and claim.printed is None:
        wrong(f"{key}.published.value", f"must be a number to be judged by, got {claim.published.value!r}")
    if claim.published and claim.published.read not in READ:
        wrong(f"{key}.published.read", one_of(claim.published.read, READ))
    if claim.published and claim.published.medians and not (claim.value.joined and isinstance(claim.published.value, tuple)):
        wrong(f"{key}.published.medians", "needs two numbers, and a value of two terms")
    if claim.published and claim.published.read == "M" and claim.kind != "shown":
        wrong(f"{key}.published", "is from memory (M): such a number is shown and never judged")
    problems = [problem for term in claim.value.terms for problem in _of_term(term, protocol)]
    for problem in problems:
        wrong(f"{key}.value", problem)
    if claim.kind == "direction" and claim.target <= 0 and not problems and _is_never_negative(claim):
        why = "what is measured is never negative, so that the claim could not fail"
        wrong(f"{key}.target", f"must be above 0, got {claim.target:g}: {why}")
    for field in ("holds", "fails", "undecided", "below"):
        if text := wording.problem(getattr(claim, field), claim):
            wrong(f"{key}.{field}", text)


def _is_never_negative(claim: Claim) -> bool:
    return claim.value.joined != "minus" and all(map(_is_a_size, claim.value.terms))


def _is_a_size(term: Term) -> bool:
    """Whether a term is an accuracy, a norm, a number of epochs or an error: nothing that has a sign."""
    if term.diagnostic:
        return diagnostics.is_nonnegative(*term.diagnostic)
    return isinstance(term.quantity, Until) or str(term.column).endswith(columns.SIZES)


def _of_term(term: Term, protocol: Protocol) -> list[str]:
    found = []
    if term.setting is not None and term.setting not in protocol.settings:
        found.append(one_of(term.setting, protocol.settings, "names a setting that is not known"))
    return [*found, *filter(None, [diagnostics.problem(term) or columns.of_term(term)])]
