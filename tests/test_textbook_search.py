"""A protocol whose line is a search: what tuned judges nothing, and both count as its runs."""

from __future__ import annotations

import dataclasses
import json
import math
from pathlib import Path

import pytest

from regexp.config.ranges import Range
from regexp.config.spaces import Space
from regexp.files.naming import SEARCH_NOTE
from regexp.regularizers import WeightDecay
from regexp.search.asking import Asker
from regexp.search.outcomes import Outcome, Searched
from regexp.search.records import record
from regexp.search.report import write
from regexp.textbook import pages, sweeps
from regexp.textbook.expression import parse
from regexp.textbook.judging import Judgement
from regexp.textbook.measuring import measure
from regexp.textbook.paragraph import paragraph
from regexp.textbook.protocol import Claim, Protocol, Tier
from regexp.textbook.searched import COLUMNS, _short, searched
from regexp.textbook.study import read_study
from run_folders_of import ONE, write_run

TIERS = {"quick": Tier(2), "standard": Tier(2, "epochs=3"), "full": Tier(2, sweep=("experiment=weight_decay epochs=9",))}
PROTOCOL = Protocol(
    "mine", "test", "Mine", "Does it?", "nobody", TIERS, ('experiment=weight_decay "seed=range(2)" hydra/sweeper=search',)
)
PROTOCOL = dataclasses.replace(PROTOCOL, settings={"decayed": {"regularizer": ["weight_decay"]}})


def search(arguments):
    """Leaves what ``hydra/sweeper=search`` leaves: two settings tuned by seeds 0 and 1, one trained again by seeds 2 and 3."""
    folder = Path("outputs") / arguments[-1].removeprefix("study=")
    tuned = [(strength, seed, 9.0) for strength in (0.1, 1.0) for seed in (0, 1)]
    for part, runs in {"search": tuned, "chosen": [(0.1, 2, 4.0), (0.1, 3, 6.0)]}.items():
        names = []
        for strength, seed, loss in runs:
            one = dataclasses.replace(ONE, seed=seed, regularizers=[WeightDecay(strength)])
            names.append(write_run(folder / part, one, loss).name)
        (folder / part / "sweep.json").write_text(json.dumps({"folders": names}), encoding="utf-8")
    (folder / SEARCH_NOTE).write_text(json.dumps({"compared": [f"chosen/{name}" for name in names]}), encoding="utf-8")


def test_what_a_search_chose_is_judged_by_its_fresh_seeds(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    swept = sweeps.sweep(PROTOCOL, "standard", search)
    assert len(swept.folders) == 6
    assert sweeps.seconds(swept.folders) == 3.0  # of tuning too
    study = read_study(PROTOCOL, "standard", swept.folders)
    assert len(study.tuning) == 4
    assert measure(parse("test/loss of decayed at final"), study).tolist() == [4.0, 6.0]
    assert sweeps.stored(PROTOCOL, "standard") == swept


def test_a_tier_may_have_lines_of_its_own():
    assert PROTOCOL.lines("full") == ['experiment=weight_decay epochs=9 "seed=range(2)"']
    assert PROTOCOL.lines("standard") == ['experiment=weight_decay "seed=range(2)" hydra/sweeper=search epochs=3']


@pytest.mark.parametrize("status", [130, 143])
def test_a_training_that_is_ended_ends_the_reproduction(status, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    commands = []

    def ended(arguments):
        commands.append(arguments)
        raise SystemExit(status)

    with pytest.raises(KeyboardInterrupt):
        sweeps.sweep(PROTOCOL, "standard", ended)
    assert len(commands) == 1


def test_what_was_chosen_stands_beside_the_ranges_that_optuna_was_given(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    study = read_study(PROTOCOL, "standard", sweeps.sweep(PROTOCOL, "standard", search).folders)
    folder = study.runs[0].folder.parent.parent
    assert searched(study) == []  # no storage, no ranges
    for name, high in (("l2 [qmc, 1]", 1.0), ("weight_decay [qmc, 2]", 0.09), ("weight_decay [qmc, 3]", 10.0)):
        ranges = {"regularizer.weight_decay.strength": Range(1e-3, high, log=True)}
        Asker(folder / "search.db", name, ranges, "qmc", lower_is_better=True).ask(2)
    asked = Asker(folder / "search.db", "weight_decay [qmc, 3]", ranges, "qmc", lower_is_better=True)
    asked._study.enqueue_trial({"regularizer.weight_decay.strength": 0.1})  # the one that was chosen
    asked.ask(3)
    row = ["decayed", "3", "weight decay strength 0.1", "weight decay strength 0.001 to 10 (logarithmic)"]
    assert searched(study) == [row]
    assert pages.table(COLUMNS, [row]).endswith("| " + " | ".join(row) + " |")


def test_what_was_searched_is_in_words():
    keys = ("optimizer.lr", "regularizer.l1.strength", "regularizer.max_norm.limit", "regularizer.dropout.input_rate")
    assert [_short(key) for key in keys] == ["learning rate", "L1 strength", "max-norm limit", "dropout input rate"]


def trial(label, *values):
    space = Space(label, [], {"a": Range(0, 1)}, ["0"])
    return Searched(space, "val/loss", [Outcome(n, {"a": value}, [1.0], [1.0]) for n, value in enumerate(values)])


def test_another_search_of_a_study_overwrites_no_record(tmp_path):
    first, second = [trial("none", 0.25), trial("l1", 0.125, 0.5)], [trial("l2", 0.125)]
    for found, name in ((first, "search"), (second, "search-2"), (first, "search"), ([trial("l2", 0.75)], "search-3")):
        assert record(found, tmp_path) == name
        write(found, tmp_path / f"{name}.csv")
    assert record([trial("l2", 0.125, 0.5)], tmp_path) == "search-2"  # a larger budget goes on with it
    assert "l1,1,False,0.5" in (tmp_path / "search.csv").read_text(encoding="utf-8")


def test_a_paragraph_says_names_and_what_is_the_other_way_round():
    texts = {"holds": "It gains.", "fails": "It gains nothing.", "below": "It costs {value}."}
    one = Claim("one", "One", "direction", parse("test/loss of a minus test/loss of b"), margin=0.1, **texts)
    chosen = Claim(
        "two", "Two", "shown", parse("best_of.chosen"), names=("ridge", "lasso"), holds="Validation prefers {value}."
    )
    ends = {"does not hold": [(-0.2, 0.05), (-0.2, -0.1)], "holds": [(0.1, 0.2)]}
    found = [Judgement(one, verdict, (), -0.15, *end) for verdict, pairs in ends.items() for end in pairs]
    assert paragraph(found) == "It gains nothing. It costs -0.15. It gains."
    assert paragraph([Judgement(chosen, "shown", (2.0,), 2.0, math.nan, math.nan)]) == "Validation prefers lasso."


def test_a_sentence_says_how_many_seeds_are_on_which_side():
    text = "{wins} wins, {losses} losses, {ties} ties."
    one = Claim("one", "One", "direction", parse("test/loss of a minus test/loss of b"), margin=0.1, target=0.5, holds=text)
    found = Judgement(one, "holds", (0.5, 0.75, 1.0, 0.25, 2.0), 1.0, 0.6, 1.4)
    assert paragraph([found]) == "3 wins, 1 losses, 1 ties."
