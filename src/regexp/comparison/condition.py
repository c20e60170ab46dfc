"""What an answer holds for where all seeds share one split: for those examples, and no others."""

from __future__ import annotations

from regexp.comparison.findings import Findings


def where(found: Findings) -> str:
    """``on this one split of 200 examples``; nothing where seeds differ in their examples."""
    between = found.between_seeds
    if not between.one_split:
        return ""
    return f"on this one split of {between.examples or 'the'} examples"


def conditional(sentence: str, found: Findings) -> str:
    """``On this one split of 200 examples, validation chose ...``; the sentence itself where seeds differ in their examples."""
    place = where(found)
    return f"{place.capitalize()}, {sentence[:1].lower()}{sentence[1:]}" if place else sentence


def beyond(found: Findings) -> str:
    """That other examples are left open, and the way out; nothing where seeds differ in their examples."""
    if not found.between_seeds.one_split:
        return ""
    out = " (dataset.seed=null gives every seed a split of its own)" if found.between_seeds.fixed_by_seed else ""
    return (
        "Intervals and p-values are of the randomness of training on this one split: whether a difference holds for other "
        f"examples is left open{out}."
    )
