"""What a search says where it cannot go further: a set without a range, and an end beyond which lies the constant predictor."""

from __future__ import annotations

import re
import shlex

import pytest

import regexp
from regexp.comparison.reading import fields_of
from regexp.comparison.settings import strong_end
from regexp.regularizers import MaxNorm
from regexp.search.outcomes import Outcome, Searched
from regexp.search.report import remarks
from run_folders_of import write_run
from test_search import SEARCH, TABLE, planned

STRENGTH = "regularizer.weight_decay.strength"
OF_A_TABLE = (*SEARCH, "dataset=table", f"dataset.path={TABLE.as_posix()}", "dataset.target=y")
MINE = """
import dataclasses
from regexp import Regularizer, per_run

@dataclasses.dataclass(frozen=True)
class Mine(Regularizer):
    strength: float = per_run(off=0.0)

    def penalty(self, weights, numbers):
        return numbers["strength"] * sum(w.abs().flatten(1).sum(1) for w in weights)
"""


def notes_at(strength, tmp_path, *, network, constant):
    """The notes of a search that chose this strength between 1e-6 and 10, with the losses of fresh seeds."""
    asked = planned(*OF_A_TABLE)
    none, decay = asked.search.spaces
    for space, values in ((none, {}), (decay, {STRENGTH: strength})):
        for seed in range(1, 7):
            beside = {"constant": {"test/loss": constant + 0.001 * seed}}
            loss = network + 0.001 * (seed % 3) + (0.1 if space is none else 0)
            write_run(tmp_path, space.build(asked.composer, values, seed).experiment, loss, loss, baselines=beside)
    outcomes = [Outcome(0, {STRENGTH: strength}, [0.5], [0.5]), Outcome(1, {STRENGTH: 0.01}, [0.9], [0.9])]
    found = [Searched(none, "val/loss", [Outcome(0, {}, [0.9], [0.9])]), Searched(decay, "val/loss", outcomes)]
    return remarks(found, 1, asked.composer, regexp.compare(tmp_path))


@pytest.mark.parametrize(
    ("strength", "network", "widens"),
    [(9.0, 0.5, False), (9.0, 0.7, False), (9.0, 0.2, True), (1.5e-6, 0.5, True)],
)
def test_a_strong_end_that_is_the_constant_is_not_to_be_widened(strength, network, widens, tmp_path):
    (note,) = notes_at(strength, tmp_path, network=network, constant=0.5)
    assert f"{STRENGTH} {strength:g} is near the" in note
    assert ("Widen it: " in note) == widens
    assert ("not shown to beat the constant predictor: the best network found is that constant" in note) != widens


def test_without_a_comparison_the_range_is_to_be_widened():
    asked = planned(*OF_A_TABLE)
    outcomes = [Outcome(n, {STRENGTH: value}, [loss], [loss]) for n, (value, loss) in enumerate(((9.0, 0.5), (0.1, 0.9)))]
    (_, note) = remarks([Searched(asked.search.spaces[1], "val/loss", outcomes)], 1, asked.composer)
    assert "the best may lie beyond. Widen it: " in note


def test_which_end_is_strong():
    fields = fields_of({"regularizer": {"max_norm": {"_target_": f"{MaxNorm.__module__}.MaxNorm", "limit": 2.0}}})
    assert strong_end("regularizer.max_norm.limit", fields) == "lower"
    decay = {"regularizer.weight_decay._target_": "regexp.regularizers.weight_decay.WeightDecay"}
    assert strong_end(STRENGTH, decay) == "upper"
    assert strong_end("optimizer.lr", fields) is None


@pytest.mark.parametrize(
    ("words", "names", "field"),
    [
        (("regularizer=[mine]",), ["none", "mine"], "declare a range in the class: strength = per_run(..., search=Search("),
        (("regularizer=[early_stopping]",), ["none", "early_stopping"], "patience=interval(1,10)"),
        ((f"{STRENGTH}=0.1",), ["none", "weight_decay"], f"or leave {STRENGTH} away"),
    ],
)
def test_a_set_without_a_range_is_told_how_to_get_one(words, names, field, tmp_path, monkeypatch):
    (tmp_path / "mine.py").write_text(MINE, encoding="utf-8")
    (tmp_path / "conf/regularizer").mkdir(parents=True)
    text = "mine:\n  _target_: mine.Mine\n  strength: 0.1\n"
    (tmp_path / "conf/regularizer/mine.yaml").write_text(text, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    asked = planned("--config-dir", str(tmp_path / "conf"), *SEARCH, *words)
    found = [Searched(space, "val/loss", [Outcome(0, {}, [1.0], [1.0])]) for space in asked.search.spaces]
    first, hint = remarks(found, 16, asked.composer)
    assert first == f"{', '.join(names)}: nothing to search, one setting instead of 16"
    assert hint.startswith(f"{names[1]}: to search it, type ") and field in hint
    typed = re.search(r'type ("[^"]*"|\S+)', hint)[1]
    again = planned(
        "--config-dir", str(tmp_path / "conf"), *SEARCH, *words[: -1 if "=0.1" in words[0] else 1], *shlex.split(typed)
    )
    assert [bool(space.ranges) for space in again.search.spaces] == [False, True]
    assert remarks(found[:1], 16, asked.composer)[0] == "none: nothing to search, one setting instead of 16"
