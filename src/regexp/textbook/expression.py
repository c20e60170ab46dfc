"""What a claim measures, as words: ``test/loss of plain at end minus test/loss of decayed at end``.

    expression:  term | term minus term | term over term
    term:        quantity [of SETTING] [at PLACE]
    quantity:    a column of metrics.csv (test/loss)
                 a quantity of a diagnostic (null_space.outside)
                 epochs until COLUMN < NUMBER, epochs until COLUMN > NUMBER (on the line between two evaluations)
    place:       final (the weights the run ends with), best (the best epoch by validation), end (the mean over the last tenth
                 of the epochs, or what early stopping has kept; the default), last NUMBER (over so many epochs), start,
                 smallest, largest, epoch NUMBER

A mean is that of the epochs at which the run was evaluated. A diagnostic has no place: it measures
the weights the run ends with, or says what else.

A term has one value per seed; differences and ratios are taken within seeds. A diagnostic's quantity stands without a setting
where the diagnostic looks at all of them.
"""

from __future__ import annotations

import dataclasses
import re

PLACES = ("final", "best", "end", "start", "smallest", "largest")
_NUMBER = r"[-+]?[0-9.]+(?:e[-+]?[0-9]+)?"


@dataclasses.dataclass(frozen=True)
class Until:
    """``epochs until COLUMN < NUMBER``: where the line to the first evaluation at which it is so crosses it."""

    metric: str
    below: bool
    limit: float


@dataclasses.dataclass(frozen=True)
class Last:
    """``last NUMBER``: the mean over the last epochs, of those that were evaluated."""

    epochs: int


Place = str | int | Last
"""A word of ``PLACES``, the number of an epoch, or the last epochs."""


@dataclasses.dataclass(frozen=True)
class Term:
    """One number per seed."""

    quantity: str | Until
    setting: str | None = None
    place: Place = "end"

    @property
    def diagnostic(self) -> tuple[str, str] | None:
        """The diagnostic and its quantity; None for what runs have recorded."""
        if isinstance(self.quantity, Until) or "/" in self.quantity or "." not in self.quantity:
            return None
        name, _, quantity = self.quantity.partition(".")
        return name, quantity

    @property
    def column(self) -> str | None:
        """The column of metrics.csv that is read; None for a diagnostic."""
        return self.quantity.metric if isinstance(self.quantity, Until) else None if self.diagnostic else self.quantity


@dataclasses.dataclass(frozen=True)
class Expression:
    """One term, or the difference or the ratio of two."""

    text: str
    first: Term
    joined: str | None = None
    """``minus``, ``over`` or None."""
    second: Term | None = None

    @property
    def terms(self) -> list[Term]:
        return [self.first, *([self.second] if self.second else [])]


def parse(text: str) -> Expression:
    """Read an expression. Raises ``ValueError`` that says what is expected.

    >>> parse("test/loss of plain at final").first
    Term(quantity='test/loss', setting='plain', place='final')
    """
    words = " ".join(str(text).split())
    parts = re.split(r" (minus|over) ", words)
    if len(parts) not in (1, 3):
        raise ValueError(f"must be one term, or two joined by minus or over, got {text!r}")
    terms = [_term(part) for part in parts[::2]]
    return Expression(words, terms[0], parts[1], terms[1]) if len(parts) == 3 else Expression(words, terms[0])


def measuring(text: str, setting: str = "any", place: Place = "end") -> Term:
    """The term of a quantity that stands alone, as pictures name it. Raises ``ValueError``."""
    return Term(_quantity(" ".join(str(text).split())), setting, place)


def _term(text: str) -> Term:
    rest, _, place = text.partition(" at ")
    quantity, _, setting = rest.partition(" of ")
    if not re.fullmatch(r"\w*", setting) or not quantity.strip():
        raise ValueError(f"must be 'quantity of setting at place', got {text!r}")
    return Term(_quantity(quantity), setting or None, read_place(place) if place else "end")


def _quantity(text: str) -> str | Until:
    until = re.fullmatch(rf"epochs until (\S+) ([<>]) ({_NUMBER})", text)
    if until:
        return Until(until[1], until[2] == "<", float(until[3]))
    if not re.fullmatch(r"[\w./]+", text):
        raise ValueError(f"must measure a column (test/loss), a diagnostic (name.quantity) or 'epochs until ...', got {text!r}")
    return text


def read_place(text: str) -> Place:
    """A place from its words. Raises ``ValueError``."""
    numbered = re.fullmatch(r"epoch (\d+)|last ([1-9]\d*)", text)
    if numbered:
        return int(numbered[1]) if numbered[1] else Last(int(numbered[2]))
    if text not in PLACES:
        raise ValueError(f"must be at one of {', '.join(PLACES)}, 'epoch NUMBER' or 'last NUMBER', got {text!r}")
    return text
