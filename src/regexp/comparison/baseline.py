"""Which setting the others are compared with."""

from __future__ import annotations

from collections.abc import Sequence

from regexp.comparison.labels import short
from regexp.comparison.measuring import Measure, Row
from regexp.comparison.settings import Setting, split_sizes
from regexp.metrics import lower_is_better


class NoBaseline(ValueError):
    """The baseline that was asked for is none of the settings."""


def weakest(settings: Sequence[Setting]) -> list[Setting]:
    """The candidates for a baseline: those without any regularizer, or the one with the fewest and weakest."""
    plain = [setting for setting in settings if not setting.active]
    absent = [setting for setting in plain if not setting.fields["regularizer"]]
    least = min(map(_strength, settings))
    return absent or plain or [setting for setting in settings if _strength(setting) == least]


def by_default(rows: Sequence[Row], how: Measure) -> Setting:
    """The weakest setting that has runs; of several without regularizer the one that validation prefers, else the first."""
    having = [row for row in rows if row.n]
    candidates = weakest([row.setting for row in having])
    scored = [row for row in having if row.setting in candidates and row.validation]
    if len(candidates) == 1 or not scored or split_sizes(candidates):
        return candidates[0]
    sign = 1 if lower_is_better(how.objective) else -1
    return min(scored, key=lambda row: sign * row.validation.mean if row.validation else 0).setting


def find(settings: Sequence[Setting], asked: str) -> Setting:
    """The setting with this label, or the only one with these values: ``strength=0.1``, ``optimizer.lr=0.1,strength=1``.

    Raises :class:`NoBaseline` that lists the settings.
    """
    found = [setting for setting in settings if setting.label == asked]
    found = found or [setting for setting in settings if all(_has(setting, word) for word in asked.split(","))]
    if len(found) == 1:
        return found[0]
    shown = "; ".join(setting.label for setting in (found or settings))
    raise NoBaseline(f"--baseline must name one setting, got {asked!r}: {len(found)} have that; choose from: {shown}")


def _strength(setting: Setting) -> tuple[int, float]:
    return len(setting.active), sum(setting.strengths.values())


def _has(setting: Setting, word: str) -> bool:
    key, equals, value = (part.strip() for part in word.partition("="))
    values = [v for k, v in setting.fields.items() if k == key or k.endswith(f".{key}")]
    return bool(equals) and any(_same(found, value) for found in values)


def _same(found: object, typed: str) -> bool:
    try:
        return float(found) == float(typed)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return short(found) == typed or (isinstance(found, str) and found.rpartition(".")[2] == typed)
