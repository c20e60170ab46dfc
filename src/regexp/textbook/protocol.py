"""The protocol of an experiment: what is swept, what is claimed, how it is judged; all fixed before the runs."""

from __future__ import annotations

import dataclasses
import shlex
from typing import Any

from regexp.textbook.expression import Expression
from regexp.words import quoted

TIERS = ("quick", "standard", "full")
KINDS = ("exact", "band", "direction", "equal", "published", "shown")
READ = {
    "R": "read in the source",
    "R2": "read in several agreeing transcriptions",
    "J": "from the author's own result file",
    "S": "simulated independently for this project",
    "D": "an exact identity",
    "L": "exact in the limit only",
    "M": "from memory, not verified",
}
NAMED = {"R": "published", "R2": "published", "J": "published", "S": "simulated"}
NAMED |= {"D": "exact", "L": "limit", "M": "not verified"}
"""What pictures and tables call a number that was read so: published is what somebody has published."""


Printed = float | tuple[float, float] | str


@dataclasses.dataclass(frozen=True)
class Published:
    """A number that somebody printed or simulated, or that follows from a formula."""

    value: Printed
    """A number as the claim measures it; two numbers of which the claim measures the difference or the ratio; or a text, where
    what is in print is nothing of the kind."""
    source: str
    read: str
    """How it was read: a key of ``READ``."""
    of: str = ""
    """What it is a number of, where that is not what is measured: another statistic, other seeds."""
    data: str = ""
    """Other data or another recipe that it was found with, in few words: pictures show them beside its line."""
    medians: bool = False
    """Whether the two numbers are medians over seeds: their difference is compared with that of the medians measured."""
    others: tuple[float, ...] = ()
    """Further numbers printed of the same: shown beside the first, which alone is judged."""

    @property
    def named(self) -> str:
        """``published``, ``simulated, 60,000 images``."""
        return ", ".join(filter(None, [NAMED[self.read], self.data]))


@dataclasses.dataclass(frozen=True)
class Claim:
    """One statement that numbers decide.

    ``kind``: exact (``tolerance``, ``target``), band (``band``: an independent simulation's range for the mean of
    ``band_seeds`` seeds), direction (the value is above ``target``, ``margin``), equal (within ``margin`` of ``target``),
    published (``tolerance``: the widest useful prediction interval), shown (not judged).
    """

    name: str
    says: str
    kind: str
    value: Expression
    role: str = "secondary"
    margin: float | None = None
    tolerance: float | None = None
    target: float = 0.0
    band: tuple[float, float] | None = None
    band_seeds: int = 0
    median: bool = False
    """Heavy tails: the median with its sign interval."""
    share: bool = False
    """Of a claim that is shown, whose values are 0 and 1: the interval is Clopper and Pearson's."""
    published: Published | None = None
    holds: str | None = None
    """What the report's paragraph says if the claim holds; ``{value}`` and ``{interval}`` are the measured ones, ``{n}``,
    ``{target}``, ``{margin}``, ``{tolerance}`` and ``{published}`` the claim's own; ``{wins}``, ``{losses}`` and ``{ties}`` are
    the seeds above, below and at the target, and ``{error}``, of exact claims, is the largest error."""
    fails: str | None = None
    undecided: str | None = None
    """The same if it is not decided; what would decide it is in the table."""
    below: str | None = None
    """The same, instead of ``fails``, where the whole interval of a direction is below the target: the contrary."""
    names: tuple[str, ...] = ()
    """What is measured is the number of one of these, from 1: the report has the name."""
    besides: str = ""
    """The theme, in words, under which its sentence stands below the paragraph; none: in the paragraph, which is short and
    answers the question."""

    @property
    def printed(self) -> float | None:
        """What is in print, in the unit of what is measured; None where there is no such number."""
        value = self.published.value if self.published else None
        if isinstance(value, tuple):
            return value[0] / value[1] if self.value.joined == "over" else value[0] - value[1]
        return float(value) if isinstance(value, int | float) else None


@dataclasses.dataclass(frozen=True)
class Picture:
    """``curves``: metrics against the epoch. ``against``: against the swept number ``x``. ``points``: a row per setting.
    ``exact``: the errors of all exact claims. ``one_and_all``: one run beside all seeds. ``drawn``: by a diagnostic.

    Every claim has a picture of its own besides, of its seeds' values, unless these have ``names``.
    """

    name: str
    kind: str
    title: str
    metrics: tuple[str, ...] = ()
    """A panel each: columns of metrics.csv; of ``against`` and ``points`` also quantities of diagnostics of one run."""
    settings: tuple[str, ...] = ()
    """Lines of the picture; of ``against`` each holds runs of every x. None: all."""
    x: str | None = None
    place: str = "end"
    first_epoch: int = 0
    """Of ``curves``: epochs before it would flatten the rest, and are left out, as the caption says."""
    by: str | None = None
    """The diagnostic that draws."""
    limits: tuple[float, float] | None = None
    """Of the vertical axis; of ``one_and_all``, of the enlarged part."""
    one: tuple[str, ...] = ()
    """Of ``one_and_all``: the settings of which the first seed is shown."""
    beside: tuple[str, ...] = ()
    """Quantities drawn as lines, ``closed_form.constant of zero_0``: level in ``one_and_all``, upright in ``against``."""
    levels: tuple[str, ...] = ()
    """Of ``curves``: claims of kind exact; in the panel of what they measure a level line is drawn at their target."""
    minus: str | None = None
    """Of ``points``: the setting that is subtracted, within seeds."""
    together: bool = False
    """Of ``against``: all metrics in one panel, with one scale."""
    chosen: str | None = None
    """Of ``against``: a quantity that is one of the x for every seed; below each x stands how many seeds have it."""
    median: bool = False
    """Of ``curves`` and ``against``, heavy tails: medians with their sign intervals."""


@dataclasses.dataclass(frozen=True)
class Tier:
    """``n`` seeds, and words that are added to every line of the sweep."""

    n: int
    add: str = ""
    sweep: tuple[str, ...] = ()
    """Lines instead of the protocol's, where one size does not fit them all."""


@dataclasses.dataclass(frozen=True)
class Protocol:
    """The second file of an experiment; the first, ``conf/experiment/<name>.yaml``, is the recipe of one run."""

    name: str
    chapter: str
    title: str
    question: str
    source: str
    tiers: dict[str, Tier]
    """Of a file, those that it does not have are like ``standard``."""
    sweep: tuple[str, ...] = ()
    """Arguments of ``regexp-train -m``, a line each. ``seed=range(n)`` is added where a line names no seed; ``{seeds}`` is the
    same range."""
    first_seed: int = 0
    """The first seed that is judged, of runs and of what diagnostics draw: another than 0 where those from 0 on have been
    looked at before the protocol was fixed."""
    settings: dict[str, dict[str, Any]] = dataclasses.field(default_factory=dict)
    """The runs that differ in nothing but their seed, by the fields that tell them from the others."""
    labels: dict[str, str] = dataclasses.field(default_factory=dict)
    """What legends call a setting, and axes a metric, a diagnostic's quantity or the key of a swept number."""
    claims: tuple[Claim, ...] = ()
    pictures: tuple[Picture, ...] = ()
    conditional: str = ""
    """What the verdicts are conditional on, such as one test set: at every tier, so without a number of one of them. Captions
    have its first sentence."""
    arguments: dict[str, Any] = dataclasses.field(default_factory=dict)
    """Of diagnostics, by their name."""
    config_dir: str = ""
    """The folder of one's own that has the protocol and its recipe; nothing if the package has them."""

    def seeds(self, tier: str) -> range:
        """What is judged at this tier: the seeds of its runs, and of what diagnostics draw themselves."""
        return range(self.first_seed, self.first_seed + self.tiers[tier].n)

    def lines(self, tier: str) -> list[str]:
        """The sweep's lines at this tier, complete but for the study."""
        chosen, own = self.tiers[tier], f"--config-dir {quoted(self.config_dir)} " if self.config_dir else ""
        first, end = self.seeds(tier).start, self.seeds(tier).stop
        seeds = f"range({first},{end})" if first else f"range({end})"
        found = []
        for line in chosen.sweep or self.sweep:
            added = "" if any(word.startswith("seed=") for word in shlex.split(line)) else f' "seed={seeds}"'
            found.append(own + " ".join(f"{line}{added} {chosen.add}".replace("{seeds}", seeds).split()))
        return found
