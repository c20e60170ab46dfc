"""What was measured, as the sentences about it ask for it."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from benchmarks.work import Row, Work

Shares = dict[str, dict[str, float]]


@dataclasses.dataclass(frozen=True)
class Found:
    """Works, the profiler's shares, and the name of the CUDA device if there is one."""

    works: Sequence[Work]
    shares: Shares
    cuda: str | None = None

    def rows(self, name: str) -> dict[str, Row]:
        """The rows of this name, by what is before its colon."""
        parted = ((row.what.rpartition(": "), row) for row in self.measured)
        return {what: row for (what, _, last), row in parted if last == name}

    @property
    def measured(self) -> list[Row]:
        """All rows that have figures."""
        return [row for work in self.works for row in work.rows if row.figures]

    def seconds(self, work: str, name: str) -> list[float]:
        """The seconds of somebody's turns; none if they were not measured."""
        return next((one.seconds.get(name, []) for one in self.works if one.name == work), [])

    def share(self, *names: str) -> str:
        """The shares of some parts together, in every profiled work."""
        each = {work: sum(shares[name] for name in names) for work, shares in self.shares.items()}
        return ", ".join(f"{100 * share:.0f} % ({work})" for work, share in each.items())
