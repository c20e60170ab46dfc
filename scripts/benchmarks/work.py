"""What was measured: rows of a table, and the checks that everybody did the same work."""

from __future__ import annotations

import dataclasses
import statistics
from collections.abc import Iterable, Sequence

from benchmarks.timing import Contestant, ratios


@dataclasses.dataclass(frozen=True)
class Limit:
    """A bound that a figure must keep: ``Limit("<=", 2.5)``."""

    sign: str
    bound: float

    def __str__(self) -> str:
        return f"{self.sign} {self.bound:g}"

    def met(self, figure: float) -> bool:
        """Whether a figure keeps it."""
        return figure >= self.bound if self.sign == ">=" else figure <= self.bound


def at_least(bound: float) -> Limit:
    return Limit(">=", bound)


def at_most(bound: float) -> Limit:
    return Limit("<=", bound)


@dataclasses.dataclass(frozen=True)
class Row:
    """One line of the table: a figure of every turn, its median and range, and the limits that the median must keep.

    The first limit is the limit, a second one an aim beyond it.
    """

    what: str
    figures: list[float]
    unit: str = "x"
    limits: tuple[Limit, ...] = ()
    why: str = ""
    """Why a limit or an aim is not met, where it is not: in a sentence, without the figure itself."""

    @property
    def median(self) -> float:
        return statistics.median(self.figures)

    @property
    def figure(self) -> str:
        """The median and its unit; a row without figures says what could not be measured."""
        return f"{self.median:.3g} {self.unit if self.unit != 'x' else ''}".rstrip() if self.figures else "not measured"

    @property
    def span(self) -> tuple[float, float]:
        return min(self.figures), max(self.figures)

    @property
    def missed(self) -> list[Limit]:
        """The limits that the median does not keep."""
        return [limit for limit in self.limits if self.figures and not limit.met(self.median)]

    @property
    def verdict(self) -> str:
        """``met``, ``not met``, or nothing where no limit is set; with an aim behind the limit, of each."""
        if not self.figures:
            return "not measured"
        words = ["not met" if limit in self.missed else "met" for limit in self.limits]
        return words[0] if len(set(words)) == 1 else ", aim ".join(words)


@dataclasses.dataclass(frozen=True)
class Check:
    """Whether a peer reached the loss that regexp reached."""

    who: str
    loss: float
    ours: float
    tolerance: float
    """Of the difference, relative to our loss."""
    what: str = "loss"

    @property
    def passed(self) -> bool:
        return abs(self.loss - self.ours) <= self.tolerance * abs(self.ours)


@dataclasses.dataclass
class Work:
    """Everything that was measured of one kind of work."""

    name: str
    title: str
    how: str
    rows: list[Row] = dataclasses.field(default_factory=list)
    seconds: dict[str, list[float]] = dataclasses.field(default_factory=dict)
    checks: list[Check] = dataclasses.field(default_factory=list)
    notes: list[str] = dataclasses.field(default_factory=list)

    def record(self, contestants: Iterable[Contestant], label: str = "") -> dict[str, list[float]]:
        """Keep the seconds of every turn, and give them back by name."""
        timed = {one.name: one.seconds for one in contestants}
        labelled = {f"{label}{name}": taken for name, taken in timed.items()}
        if known := sorted(labelled.keys() & self.seconds.keys()):
            raise ValueError(f"seconds are recorded already of {', '.join(known)}: give them another label")
        self.seconds |= labelled
        return timed

    def compare(
        self, what: str, a: Sequence[float], b: Sequence[float], *limits: Limit, scale: float = 1.0, why: str = ""
    ) -> None:
        """A row with the ratios A/B of every turn."""
        self.rows.append(Row(what, ratios(a, b, scale), limits=limits, why=why))

    def check(self, contestants: Iterable[Contestant], ours: Contestant, tolerance: float, label: str = "") -> None:
        """Compare the last losses of contestants with ours."""
        losing = (one for one in contestants if one.losses)
        self.checks += [Check(f"{label}{one.name}", one.losses[-1], ours.losses[-1], tolerance) for one in losing]

    def lacks(self, who: str, *packages: str) -> None:
        """Note a peer that is not installed."""
        self.notes.append(f'{who}: not installed ({", ".join(packages)}; pip install -e ".[benchmark]")')
