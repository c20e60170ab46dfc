"""The first sentence: what validation chose, or why it could not, and the command that goes on from there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from regexp.comparison.commands import studied, sweep
from regexp.comparison.extending import extension
from regexp.comparison.findings import Findings
from regexp.comparison.labels import short, short_key
from regexp.comparison.settings import Setting, split_sizes
from regexp.comparison.wording import number
from regexp.metrics import lower_is_better
from regexp.rules import is_number
from regexp.words import counted


def choice(found: Findings) -> str:
    """The chosen setting, by which mean, and how its grid goes on if it is an end of it."""
    if found.choice is None:
        return _no_choice(found)
    if len(found.rows) == 1:
        return "There is one setting only: nothing was chosen."
    row, by = found.choice, found.chosen_by
    assert by is not None
    which = "" if by.n == len(found.seeds) else " that all settings have" if by.shared else " of its own: too few are shared"
    best = "lowest" if lower_is_better(found.how.objective) else "highest"
    text = (
        f"Validation chose {found.name(row.setting)}{strength(row.setting)}: the {best} mean {found.how.objective} "
        f"({number(by.mean)}, {counted(by.n, 'seed')}{which}) of {_candidates(found)}{_tied(by.tied)}."
    )
    return text + extension(row.setting, found.settings, found.seeds, found.study, found.folders)


def strength(setting: Setting) -> str:
    """`` at strength 0.3`` where sets of regularizers differ, and the label leaves it out because a set has but one."""
    on = {key: setting.fields[key] for key, size in setting.strengths.items() if size and key not in setting.told}
    if "regularizer" not in setting.values or not on:
        return ""
    return " at " + ", ".join(f"{short_key(key, on)} {short(value)}" for key, value in on.items())


def _tied(others: int) -> str:
    """How many others have the same mean, of which the weakest setting is preferred."""
    if not others:
        return ""
    return (
        f" ({'another has' if others == 1 else f'{others} others have'} the same, but for rounding: the weakest is preferred)"
    )


def _candidates(found: Findings) -> str:
    """How many settings there were to choose from."""
    having, all_ = sum(row.validation is not None for row in found.rows), len(found.rows)
    return f"{all_} settings" if having == all_ else f"the {having} settings (of {all_}) with finished runs"


def _no_choice(found: Findings) -> str:
    if sizes := split_sizes(found.settings):
        names = " and ".join(key.removeprefix("dataset.") for key in sizes)
        return (
            f"Nothing was chosen: settings differ in {names}, and means over different splits are not comparable. Compare "
            "settings of one size, in a study (or folder) of its own."
        )
    text = f"Nothing was chosen: no run has {found.how.objective}, and the test split decides nothing."
    key, size = _validation_split(found.runs[0].fields)
    line = sweep(found.runs, {key: [size]}, _of_its_own(found))
    return f"{text} For a choice, train with a validation split, {key} > 0" + (f":\n  {line}" if line else ".")


def _validation_split(fields: Mapping[str, Any]) -> tuple[str, str]:
    """The field that sets a validation split aside, and a usual value for it."""
    if "dataset.val_fraction" in fields:
        return "dataset.val_fraction", "0.2"
    train_size = fields.get("dataset.train_size")
    return "dataset.val_size", str(int(train_size) if is_number(train_size) and train_size else 5000)


def _of_its_own(found: Findings) -> str | None:
    """A new study for runs with a validation split: in one with the runs without, they would be other settings."""
    study = found.study or studied(found.runs)
    return f"{study}-val" if study else None
