"""``regexp-strength``, and :func:`convert_strength`: one book's regularization strength in the words of another.

The symbol lambda means at least nine things. Each is converted through our own convention, ``J = mean data loss + strength / 2
* sum ||W||^2`` (L1: ``+ strength * sum |W|``), the data loss summed over the outputs of an example, half of the square for
regression.
"""

from __future__ import annotations

import argparse
import dataclasses
import sys

from regexp.textbook.conventions import CONVENTIONS, LOSSES, Convention, Facts, Inconvertible


@dataclasses.dataclass(frozen=True)
class Strength:
    """A converted strength. ``float(strength)`` is its value."""

    value: float
    """In the convention that was asked for."""
    canonical: float
    """In ours."""
    override: str
    """What to type after ``regexp-train``."""
    remarks: tuple[str, ...]
    """What else differs between the two."""

    def __float__(self) -> float:
        return self.value


def convert_strength(
    strength: float,
    source: str,
    to: str = "regexp",
    *,
    loss: str = "cross_entropy",
    n: int | None = None,
    batch_size: int | None = None,
    outputs: int = 1,
    lr: float | None = None,
    l1_ratio: float | None = None,
) -> Strength:
    """The strength that gives the same optimum in another convention.

    ``source`` and ``to``: names of ``regexp-strength --list``. ``loss``: the data loss where the library lets you choose:
    mse (its own mean squared error), half_mse or cross_entropy. ``n``: training examples; ``batch_size``: examples per step;
    ``outputs``: numbers that the network returns; ``lr``: the initial learning rate; ``l1_ratio``: ElasticNet's. They are
    needed where the conventions use them.

    Raises ``ValueError`` for a name, loss or fact that is missing, and for what has no equivalent, with the reason.

    >>> convert_strength(0.1, "keras", to="sklearn_ridge", n=1000, loss="mse").value
    100.0
    >>> convert_strength(5.0, "nielsen", n=50_000).override
    'regularizer=l2 regularizer.l2.strength=0.0001'
    """
    before, after = _find(source), _find(to)
    facts = Facts(loss, n, batch_size, outputs, lr, l1_ratio)
    facts.check(strength)
    if before.family != after.family:
        raise Inconvertible(_unlike(source, before, to, after, strength))
    canonical = before.to_ours(strength, facts)
    value = strength if before is after else after.from_ours(canonical, facts)
    remarks = tuple(dict.fromkeys(text for one in (before, after) for text in one.remarks))
    return Strength(_rounded(value), _rounded(canonical), before.override(_rounded(canonical)), remarks)


def main() -> None:
    """Print the converted strength, what differs, and what to type. Exit status: 0 done, 1 no equivalent, 2 a wrong flag."""
    arguments = _parser().parse_args()
    if arguments.list:
        print(listing())
        return
    if arguments.strength is None or arguments.source is None:
        _parser().error("give a strength and --from (regexp-strength --list shows the names)")
    facts = {"loss": arguments.loss, "n": arguments.n, "batch_size": arguments.batch_size, "outputs": arguments.outputs}
    try:
        found = convert_strength(
            arguments.strength, arguments.source, arguments.to, **facts, lr=arguments.lr, l1_ratio=arguments.l1_ratio
        )
    except ValueError as error:
        sys.exit(str(error))
    name = "strength" if arguments.to == "regexp" else CONVENTIONS[arguments.to].symbol
    print(f"{name} = {found.value:.10g}  ({arguments.to}: {CONVENTIONS[arguments.to].written})")
    print("\n".join(f"note: {remark}" for remark in found.remarks), end="\n" if found.remarks else "")
    print(f"regexp-train {found.override}")


def listing() -> str:
    """Every convention: its name and how it is written."""
    width = max(map(len, CONVENTIONS))
    return "\n".join(f"{name:<{width}}  {one.written}" for name, one in CONVENTIONS.items())


def _find(name: str) -> Convention:
    if name not in CONVENTIONS:
        raise ValueError(f"there is no convention {name!r}: known are {', '.join(CONVENTIONS)}")
    return CONVENTIONS[name]


def _unlike(source: str, before: Convention, to: str, after: Convention, strength: float) -> str:
    """Why there is no equivalent, and what to do instead."""
    for name, one in ((source, before), (to, after)):
        if one.family == "decoupled" and (other := after if one is before else before).family != "decoupled":
            way = f"; regexp has it as such: regexp-train optimizer=adam {before.override(strength)}" if one is before else ""
            return (
                f"{name} has no equivalent in {other.family}: it shrinks W by lr * strength beside Adam's step, whose size "
                f"adapts to the gradient, so no penalty in the loss has its optimum{way}"
            )
    return f"{source} ({before.family}) has no equivalent in {to} ({after.family}): they regularize by different means"


def _rounded(value: float) -> float:
    """Without the last digits of a float's arithmetic."""
    return float(f"{value:.12g}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="regexp-strength", description="Convert a regularization strength between books.")
    parser.add_argument("strength", nargs="?", type=float, help="the number in the book")
    parser.add_argument("--from", dest="source", metavar="NAME", help="whose number it is")
    parser.add_argument("--to", default="regexp", metavar="NAME", help="whose number you want (default: regexp)")
    parser.add_argument("--loss", default="cross_entropy", choices=LOSSES, help="the data loss (default: cross_entropy)")
    parser.add_argument("--n", type=int, help="number of training examples")
    parser.add_argument("--batch-size", type=int, help="examples per step")
    parser.add_argument("--outputs", type=int, default=1, help="numbers that the network returns (default: 1)")
    parser.add_argument("--lr", type=float, help="the initial learning rate (composer_adamw)")
    parser.add_argument("--l1-ratio", type=float, help="ElasticNet's share of L1")
    parser.add_argument("--list", action="store_true", help="show all names and how they are written")
    return parser
