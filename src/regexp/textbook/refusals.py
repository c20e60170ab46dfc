"""What a conversion refuses, and why: losses that do not fit or are not said, and families without equivalents."""

from __future__ import annotations

from regexp.textbook.convention import LOSSES, Convention, Facts, Inconvertible, rounded


def losses(loss: str | None, before: Convention, after: Convention) -> list[str]:
    """The losses that may be meant: the given one, or all that both conventions are used with."""
    if loss is not None and loss not in LOSSES:
        raise ValueError(f"loss must be one of {', '.join(LOSSES)}, got {loss!r}")
    common = [one for one in LOSSES if one in before.losses and one in after.losses]
    if not common:
        raise Inconvertible(f"{before.name} has no equivalent in {after.name}: one is a regression, the other a classifier")
    if loss is not None and loss not in common:
        raise ValueError(f"{before.name} to {after.name} is not for loss {loss}: give --loss {' or '.join(common)}")
    return [loss] if loss is not None else common


def depends(found: dict[str, tuple[float, float]], before: Convention, after: Convention) -> str:
    """What to say where no loss was given, and (value, ours) differ between the losses."""
    several = len({ours for _, ours in found.values()}) > 1 and any(value != ours for value, ours in found.values())
    numbers: dict[str, list[str]] = {}
    for loss, (value, ours) in found.items():
        numbers.setdefault(f"{value:.10g}{f' (in regexp {ours:.10g})' if several else ''}", []).append(loss)
    told = ", ".join(f"{number} with {' or '.join(names)}" for number, names in numbers.items())
    choices = f"{', '.join(list(found)[:-1])} or {list(found)[-1]}"
    return (
        f"{before.name} to {after.name} depends on the data loss: {told}; give --loss {choices} (mse has no half, half_mse has)"
    )


def unlike(before: Convention, after: Convention, strength: float, facts: Facts) -> str:
    """Why there is no equivalent, and what to do instead."""
    if "decoupled" not in (before.family, after.family):
        return (
            f"{before.name} ({before.family}) has no equivalent in {after.name} ({after.family}): they regularize by different "
            "means"
        )
    one, other = (before, after) if before.family == "decoupled" else (after, before)
    way = f"; regexp has it as such: {_typed(one, strength, facts)}" if one is before else ""
    return (
        f"{one.name} has no equivalent in {other.family}: it shrinks W by lr * strength beside Adam's step, whose size "
        f"adapts to the gradient, so no penalty in the loss has its optimum{way}"
    )


def _typed(decoupled: Convention, strength: float, facts: Facts) -> str:
    try:
        ours = decoupled.override(rounded(decoupled.to_ours(strength, facts)), facts)
    except ValueError as error:  # the reason for the refusal matters more than the fact that is missing
        return f"regularizer=weight_decay, and for its strength {error}"
    return f"regexp-train {ours}"
