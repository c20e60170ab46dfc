"""Settings that were trained by different losses: no value of one loss is better or worse than a value of another."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from regexp.comparison.settings import Setting
from regexp.losses import KINDS, resolve
from regexp.metrics import is_loss
from regexp.words import listed


class NotOnOneScale(ValueError):
    """The metric is a loss, and settings differ in theirs. The message says what to compare instead."""


def losses_of(settings: Iterable[Setting]) -> list[str]:
    """The data losses of the settings by name, each once; ``auto`` is the one that it means beside the others."""
    told = dict.fromkeys(str(setting.fields.get("loss", "auto")) for setting in settings)
    tasks = {KINDS[loss].task for loss in told if loss in KINDS}
    task = tasks.pop() if len(tasks) == 1 else None
    return list(dict.fromkeys(resolve(loss, task) if task else loss for loss in told))


def comparable(metric: str, settings: Sequence[Setting]) -> str:
    """The metric, or where it is a loss and settings differ in theirs the accuracy of the same split.

    What a setting loses in squared error and another in cross-entropy has no order, and a difference no p-value.
    """
    if not is_loss(metric) or len(losses_of(settings)) < 2:
        return metric
    split = metric.partition("/")[0]
    return f"{'test' if split == 'gap' else split}/accuracy"


def check(metric: str, settings: Sequence[Setting]) -> None:
    """Raise :class:`NotOnOneScale` for a loss by which these settings cannot be compared."""
    if (instead := comparable(metric, settings)) == metric:
        return
    names = listed(losses_of(settings))
    raise NotOnOneScale(
        f"--metric must not be a loss where settings differ in theirs ({names}: values on different scales), "
        f"got {metric!r}: compare {instead!r}, or the settings of one loss (train them in a study of their own)"
    )
