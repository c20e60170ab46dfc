"""Where a search cannot go further: a set that has no range, and a strong end that is the constant predictor."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from regexp.comparison.comparison import Comparison
from regexp.comparison.references import beats_constant
from regexp.comparison.settings import strong_end
from regexp.config.composing import Composer
from regexp.config.ranges import declared, suggested
from regexp.config.spaces import Space
from regexp.search.outcomes import Searched
from regexp.words import exact, quoted


def how_to_search(space: Space, composer: Composer) -> str | None:
    """How to give a range to a set of regularizers that has none; None for the empty set."""
    tree, _ = composer.values(space.job(composer, {}, space.seeds[0]))
    found = suggested(tree)
    if found is None:
        return None
    key, range_ = found
    text = f"to search it, type {quoted(f'{key}={range_}')}"
    if key in declared(tree, set()):
        return f"{text}, or leave {key} away"
    if _of_regexp(tree, key):
        return text
    log = ", log=True" if range_.log else ""
    field, of = key.rpartition(".")[2], f"Search({exact(range_.low)}, {exact(range_.high)}{log})"
    return f"{text}, or declare a range in the class: {field} = per_run(..., search={of})"


def is_the_constant(one: Searched, key: str, end: str, composer: Composer, compared: Comparison) -> bool:
    """Whether a choice near the strong end of a range is not shown, with fresh seeds, to beat the constant predictor."""
    for row in compared.findings.rows:
        run = next(iter(row.setting.runs.values()))
        job = one.space.build(composer, one.chosen.values, run.fields["seed"])
        if job.experiment.hash() == run.summary.get("config_hash"):
            return end == strong_end(key, row.setting.fields) and beats_constant(row, compared.findings) is False
    return False


def _of_regexp(tree: Mapping[str, Any], key: str) -> bool:
    """Whether the class that has this number is one of ours."""
    _, name, _ = key.split(".")
    return str(tree["regularizer"][name]["_target_"]).startswith("regexp.")
