"""What differs between two conventions, in words: the factor with its reasons, and what no factor can say."""

from __future__ import annotations

from regexp.textbook.convention import Convention, Facts
from regexp.textbook.conventions import OURS

_SHAPES = {"inverse": "C multiplies the loss, not the penalty", "keep": "p is the probability of keeping, not of dropping"}


def difference(before: Convention, after: Convention, facts: Facts) -> str:
    """One line: the factor between the two numbers and its reasons."""
    reasons = _reasons(before, after, facts)
    if not reasons:
        return "the same number: same convention"
    return f"{_relation(before, after, facts)}: {'; '.join(reasons)}"


def notes(before: Convention, after: Convention, facts: Facts) -> tuple[str, ...]:
    """What differs beside the number: each note names whose habit it is and where to act on it."""
    own = [f"{one.name}: {remark}" for one in (before, after) for remark in one.remarks]
    found = [*own, _biases(before, after), _zeros(before, after), _steps(before, after, facts)]
    return tuple(dict.fromkeys(filter(None, found)))


def _relation(before: Convention, after: Convention, facts: Facts) -> str:
    if "keep" in (before.shape, after.shape):
        return "1 minus the number"
    ratio = before.factor(facts) / after.factor(facts)
    if "inverse" in (before.shape, after.shape):
        return f"{ratio if before.shape == 'inverse' else 1 / ratio:g} divided by the number"
    return "the same number" if abs(ratio - 1) < 1e-12 else f"times {ratio:g}"


def _reasons(before: Convention, after: Convention, facts: Facts) -> list[str]:
    """Why each differs from ours; what both have in common cancels."""
    reasons = []
    linear = before.shape == after.shape == "linear"
    for one, other, power in ((before, after, 1), (after, before, -1)):
        told = [_SHAPES[one.shape]] if one.shape not in ("linear", other.shape) else []
        for term in one.terms:
            factor = term.factor(facts)
            if term not in other.terms and factor != 1:
                told.append(term.told(facts) + (f" (times {factor**power:g})" if linear else ""))
        if told:
            reasons.append(f"{one.name}: {', '.join(told)}")
    return reasons


def _biases(before: Convention, after: Convention) -> str:
    name = "weight_decay" if before.family == "decoupled" else "l2"
    if before.biases and (after.biases or after in OURS.values()):
        return f"{before.name} decays biases too; in regexp that is regularizer.{name}.biases=true"
    if before.biases:
        return (
            f"{before.name} decays biases too, {after.name} does not: they agree where {before.name} leaves biases out (a "
            f"parameter group with weight_decay=0); in regexp, leave out regularizer.{name}.biases=true"
        )
    if after.biases:
        return (
            f"{after.name} decays biases too, {before.name} does not: in {after.name} exclude them (a parameter group with "
            "weight_decay=0 for biases)"
        )
    return ""


def _zeros(before: Convention, after: Convention) -> str:
    if before.subgradient == after.subgradient:
        return ""
    rough, exact = (before, after) if before.subgradient else (after, before)
    ours = f" (regularizer=l1_subgradient steps as {rough.name} does)" if exact in OURS.values() else ""
    return f"{rough.name} steps along a subgradient, which never gives exact zeros; {exact.name} gives them{ours}"


def _steps(before: Convention, after: Convention, facts: Facts) -> str:
    """The learning rate follows the scale of the data loss."""
    if before.scale is None or after.scale is None:
        return ""
    ratio = before.scale(facts) / after.scale(facts)
    if abs(ratio - 1) < 1e-12:
        return ""
    return f"for the same steps of plain SGD {after.name}'s learning rate is {ratio:g} times {before.name}'s"
