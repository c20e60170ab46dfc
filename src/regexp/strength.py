"""``regexp-strength``, and :func:`convert_strength`: one book's regularization strength in the words of another.

The symbol lambda means at least nine things. Each is converted through our own convention, ``J = mean data loss + strength / 2
* sum ||W||^2`` (L1: ``+ strength * sum |W|``), the data loss summed over the outputs of an example, half of the square for
regression.
"""

from __future__ import annotations

import argparse
import dataclasses
import sys

from regexp.textbook.convention import LOSSES, Convention, Facts, Inconvertible, is_finite, rounded
from regexp.textbook.conventions import CONVENTIONS, OURS, find
from regexp.textbook.differences import difference, notes
from regexp.textbook.refusals import depends, losses, unlike


@dataclasses.dataclass(frozen=True)
class Strength:
    """A converted strength. ``float(strength)`` is its value."""

    value: float
    """In the convention that was asked for."""
    canonical: float
    """In ours."""
    override: str
    """What to type after ``regexp-train``."""
    difference: str
    """The factor between the two numbers, and its reasons."""
    remarks: tuple[str, ...]
    """What else differs between the two."""
    to: str
    """The convention of ``value``: where ``regexp`` was asked for, ours of the source's family."""

    def __float__(self) -> float:
        return self.value


def convert_strength(
    strength: float,
    source: str,
    to: str = "regexp",
    *,
    loss: str | None = None,
    n: int | None = None,
    batch_size: int | None = None,
    outputs: int = 1,
    lr: float | None = None,
    l1_ratio: float | None = None,
) -> Strength:
    """The strength that gives the same optimum in another convention.

    ``source`` and ``to``: names of ``regexp-strength --list``; ``regexp`` is ours for the other's family (L2, L1, dropout).
    ``loss``: the data loss, needed where the result depends on it: mse (the library's own mean squared error), half_mse or
    cross_entropy. ``n``: training examples; ``batch_size``: examples per step; ``outputs``: numbers that the network returns;
    ``lr``: the initial learning rate; ``l1_ratio``: ElasticNet's. They are needed where the conventions use them.

    Raises ``ValueError`` for a name, loss or fact that is missing, and for what has no equivalent, with the reason.

    >>> convert_strength(0.1, "keras", to="sklearn_ridge", n=1000, loss="mse").value
    100.0
    >>> convert_strength(5.0, "nielsen", n=50_000).override
    'regularizer=l2 regularizer.l2.strength=0.0001'
    """
    before, after = _pair(source, to)
    if not (is_finite(strength) and strength >= 0):
        raise ValueError(f"strength must be a finite number >= 0, got {strength!r}")
    given = Facts(loss or "", n, batch_size, outputs, lr, l1_ratio)
    given.check()
    before.check(strength, given)
    if before.family != after.family:
        raise Inconvertible(unlike(before, after, strength, given))
    found = {
        one: _convert(strength, before, after, dataclasses.replace(given, loss=one)) for one in losses(loss, before, after)
    }
    if len({(one.value, one.canonical) for one in found.values()}) > 1:
        raise ValueError(depends({name: (one.value, one.canonical) for name, one in found.items()}, before, after))
    return next(iter(found.values()))


def _convert(strength: float, before: Convention, after: Convention, facts: Facts) -> Strength:
    canonical = rounded(before.to_ours(strength, facts))
    value = rounded(strength if before is after else after.from_ours(before.to_ours(strength, facts), facts))
    told = difference(before, after, facts), notes(before, after, facts)
    return Strength(value, canonical, before.override(canonical, facts), *told, after.name)


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
    after = CONVENTIONS[found.to]
    print(f"{after.symbol} = {found.value:.10g}  ({after.name}: {after.written})")
    print(f"differs: {found.difference}")
    for remark in found.remarks:
        print(f"note: {remark}")
    print(f"regexp-train {found.override}")


def listing() -> str:
    """Every convention: its name and how it is written."""
    width = max(map(len, CONVENTIONS))
    return "\n".join(f"{name:<{width}}  {one.written}" for name, one in CONVENTIONS.items())


def _pair(source: str, to: str) -> tuple[Convention, Convention]:
    before, after = find(source), find(to)
    ours = OURS["L2"]
    if after is ours:
        after = OURS.get(before.family, ours)
    return (OURS.get(after.family, ours) if before is ours else before), after


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="regexp-strength", description="Convert a regularization strength between books.")
    parser.add_argument("strength", nargs="?", type=float, help="the number in the book")
    parser.add_argument("--from", dest="source", metavar="NAME", help="whose number it is")
    parser.add_argument("--to", default="regexp", metavar="NAME", help="whose number you want (default: regexp, ours)")
    parser.add_argument("--loss", choices=LOSSES, help="the data loss, where the result depends on it")
    parser.add_argument("--n", type=int, help="number of training examples")
    parser.add_argument("--batch-size", type=int, help="examples per step")
    parser.add_argument("--outputs", type=int, default=1, help="numbers that the network returns (default: 1)")
    parser.add_argument("--lr", type=float, help="the initial learning rate (composer_adamw)")
    parser.add_argument("--l1-ratio", type=float, help="ElasticNet's share of L1")
    parser.add_argument("--list", action="store_true", help="show all names and how they are written")
    return parser
