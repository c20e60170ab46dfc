"""A protocol whose line is a search: what tuned judges nothing, and both count as its runs."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from regexp.naming import SEARCH_NOTE
from regexp.regularizers import WeightDecay
from regexp.textbook import sweeps
from regexp.textbook.expression import parse
from regexp.textbook.measuring import measure
from regexp.textbook.protocol import Protocol, Tier
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
