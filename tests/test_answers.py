"""The last line of a comparison, and what it and the references rest on: one split, rounding, the constant, a linear model."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

import regexp
from regexp.comparison.power import power
from regexp.comparison.statistics import paired
from regexp.datasets import Table
from regexp.regularizers import WeightDecay
from run_folders_of import ONE, write_run, write_setting

NOISE = np.random.default_rng(3).normal(size=(4, 10))
LEVEL = 1 + 0.1 * NOISE[0]
"""One loss per seed."""


def table(tmp_path, seed):
    file = tmp_path / "table.csv"
    x, y = np.random.default_rng(0).normal(size=(2, 30))
    file.write_text("\n".join(["x,y", *(f"{a:.4f},{b:.4f}" for a, b in zip(x, y, strict=True))]), encoding="utf-8")
    return replace(ONE, dataset=Table(str(file), "y", seed=seed))


def compared(tmp_path, losses, *, seed=None, beside=None, val=None):
    """Runs on a table: the test losses of every strength; ``beside``: those of the references."""
    one = table(tmp_path, seed)
    for strength, values in losses.items():
        experiment = replace(one, regularizers=[WeightDecay(strength)] if strength else [])
        for number, loss in enumerate(values):
            rows = {name: {"test/loss": float(of[number])} for name, of in (beside or {}).items()}
            by = (val or {0.0: 2.0}).get(strength, 1.0)
            write_run(tmp_path / "runs", replace(experiment, seed=number), float(loss), by, baselines=rows)
    return regexp.compare(tmp_path / "runs")


def test_on_one_split_the_answer_is_of_that_split(tmp_path):
    beside = {"constant": np.full(10, 1.5), "ridge": np.full(10, 1.4)}
    found = compared(tmp_path, {0.0: LEVEL, 1.0: LEVEL - 0.2 + 0.01 * NOISE[1]}, seed=2, beside=beside)
    assert found.findings.choice.p < 1e-4
    assert found.sentences[0].startswith("On this one split of 30 examples, validation chose weight_decay at strength 1:")
    assert (
        "whether a difference holds for other examples is left open (dataset.seed=null gives every seed" in found.sentences[2]
    )
    assert found.answer.startswith("on this one split of 30 examples, weight_decay at strength 1. Its test/loss is lower")
    assert "All runs shared one split" in found.methods
    text = str(found)
    assert "Nothing that was compared" not in text and "to beat" not in text and "So weight_decay" not in text
    assert text.count("On this one split the constant predictor") == 1 == text.count("On this one split ridge regression")
    assert text.endswith(f"\nAnswer: {found.answer}")


def test_where_seeds_split_anew_the_answer_is_of_all_examples(tmp_path):
    found = compared(tmp_path, {0.0: LEVEL, 1.0: LEVEL - 0.2 + 0.01 * NOISE[1]})
    assert "one split" not in str(found) + found.methods
    assert found.sentences[2] == "Nothing that was compared is left open at the 5 % level."
    assert found.answer == "weight_decay at strength 1. Its test/loss is lower than that of the baseline (none)."


def test_what_cannot_be_shown_with_80_percent_power_may_still_be_shown(tmp_path):
    """An effect of 1.244 deviations where seeds re-split: significant with 30 seeds, if it is found as large as it is."""
    shape = stats.zscore(NOISE[1, :6], ddof=1)
    found = compared(tmp_path, {0.0: np.ones(6), 1.0: 1 - 0.01 * (1.244 + shape)})
    assert found.findings.how.correction == pytest.approx(1 / 3)
    assert "no number of seeds would tell weight_decay from the baseline (none) with 80 % power: all" in found.sentences[2]
    assert 0.5 < power(1.244, 10**6, correction=1 / 3) < 0.8
    thirty = stats.zscore(np.arange(30.0), ddof=1)
    assert paired(1.244 + thirty, np.zeros(30), correction=1 / 3).p < 0.05


CONSTANT, LINEAR = 1.0 + 0.001 * NOISE[2], 0.5 + 0.001 * NOISE[3]


@pytest.mark.parametrize(
    ("own", "linear", "said", "ending"),
    [
        (0.3, 0.5, ["better than the constant predictor", "better than ridge regression"], "(none)."),
        (0.8, 0.5, ["better than the constant predictor", "worse than ridge regression"], "(none)."),
        (0.5, 0.5, ["better than the constant predictor", "data do not tell weight_decay from ridge"], "(none)."),
        (1.0, 0.5, ["not shown to beat a constant: ridge regression does (-0.5", "worse than"], "to beat a constant."),
        (1.0, 1.0, ["a constant: there may be nothing to learn here", "do not tell weight_decay from"], "to beat a constant."),
    ],
)
def test_what_a_network_is_worth_beside_the_references(own, linear, said, ending, tmp_path):
    network = own + 0.001 * NOISE[1]
    beside = {"constant": CONSTANT, "ridge": linear + 0.001 * NOISE[3]}
    found = compared(tmp_path, {0.0: network + 0.5 + 0.01 * NOISE[0], 1.0: network}, beside=beside)
    lines = re.findall(r"On the same splits .*\. (So .*)\.\n", str(found))
    assert len(lines) == 2 and all(words in line for words, line in zip(said, lines, strict=True))
    assert ("there is something to learn" in lines[0]) == (own == 1 != linear)
    assert found.answer.endswith(ending)


UNLIKE = {0.0: LEVEL, 1.0: LEVEL + 0.3 * NOISE[1], 2.0: LEVEL + 0.3 * NOISE[2]}


@pytest.mark.parametrize(
    ("losses", "val", "answer"),
    [
        (UNLIKE, {0.0: 2.0, 2.0: 3.0}, "the data cannot tell weight_decay 1 from the baseline (none), weight_decay 2."),
        (UNLIKE, {0.0: 0.1}, "the data cannot tell the baseline (none) from weight_decay 1, weight_decay 2."),
        (
            {0.0: LEVEL, 1.0: LEVEL + 1 + 0.01 * NOISE[1]},
            {0.0: 0.1},
            "the baseline (none). No other setting has a better test/loss.",
        ),
        (
            {0.0: LEVEL, 1.0: LEVEL - 0.5 + 0.01 * NOISE[1]},
            {0.0: 0.1},
            "the baseline (none). Yet weight_decay at strength 1 has a better test/loss.",
        ),
        (
            {0.0: LEVEL, 1.0: LEVEL + 1 + 0.01 * NOISE[1]},
            {},
            "the baseline (none). The test/loss of weight_decay at strength 1, which validation chose, is higher.",
        ),
        (
            {0.0: LEVEL, 1.0: LEVEL - 0.5 + 0.01 * NOISE[1], 2.0: LEVEL - 0.5 + 0.02 * NOISE[2]},
            {0.0: 2.0, 2.0: 3.0},
            "weight_decay 1. Its test/loss is lower than that of the baseline (none); the data cannot tell it from "
            "weight_decay 2.",
        ),
        ({0.0: LEVEL[:1], 1.0: LEVEL[:1]}, {}, "none yet: there is no test of a difference."),
    ],
)
def test_the_last_line_is_one_setting_or_that_the_data_cannot_tell(losses, val, answer, tmp_path):
    found = compared(tmp_path, losses, val=val or {0.0: 2.0})
    assert found.answer == answer
    assert str(found).splitlines()[-1] == f"Answer: {answer}"


def test_of_one_setting_there_is_no_answer(tmp_path):
    write_setting(tmp_path, ONE, [1.0, 2.0], [1.0, 2.0])
    assert regexp.compare(tmp_path).answer is None


OPEN = "None is chosen, for want of a validation split."


@pytest.mark.parametrize(
    ("losses", "answer"),
    [
        ([LEVEL - 0.5 + 0.01 * NOISE[1]], f"compared with the baseline (none), test/loss is lower with weight_decay 1. {OPEN}"),
        ([LEVEL + 0.3 * NOISE[1]], f"the data cannot tell the baseline (none) from weight_decay 1. {OPEN}"),
        (
            [LEVEL - 0.5 + 0.01 * NOISE[1], LEVEL + 0.5 + 0.01 * NOISE[2], LEVEL + 0.3 * NOISE[1], LEVEL * (1 + 1e-9)],
            "compared with the baseline (none), test/loss is lower with weight_decay 1, higher with weight_decay 2, the same "
            f"with weight_decay 4; the data cannot tell it from weight_decay 3. {OPEN}",
        ),
        ([LEVEL[:1]], "none yet: there is no test of a difference."),
    ],
)
def test_without_a_validation_split_the_answer_is_what_the_seeds_show(losses, answer, tmp_path):
    """Whatever the seeds show is against the baseline, corrected for the number of settings: the test split picks none."""
    for strength, values in enumerate([LEVEL[: len(losses[0])], *losses]):
        one = replace(
            ONE, dataset=replace(ONE.dataset, val_size=0), regularizers=[WeightDecay(float(strength))] * bool(strength)
        )
        write_setting(tmp_path, one, values.tolist())
    found = regexp.compare(tmp_path)
    assert found.answer.replace(" at strength", "") == answer
    assert str(found).splitlines()[-1] == f"Answer: {found.answer}"
    tests = [stats.ttest_rel(values, LEVEL).pvalue * len(losses) for values in losses if len(values) > 1]
    assert all(p < 0.05 or p > 0.2 for p in tests[:3])  # what the sentences rest on, by scipy and Bonferroni


def test_rounding_makes_no_difference_and_the_weaker_setting_is_preferred(tmp_path):
    """Validation is better by a hundred-millionth, and test losses differ by as much."""
    rounded = LEVEL * (1 + 1e-8 * NOISE[1])
    found = compared(tmp_path, {0.0: LEVEL, 2.8e-6: rounded}, val={0.0: 1.0, 2.8e-6: 1 - 1e-8})
    assert found.findings.choice.setting is found.findings.baseline
    assert found.sentences[0].startswith("Validation chose the baseline (none)")
    assert "another has the same, but for rounding: the weakest is preferred" in found.sentences[0]
    same = "With weight_decay at strength 2.8e-06 the test/loss is the same as that of the baseline (none) in all 10 seeds"
    assert found.sentences[1] == f"{same}, but for rounding."
    assert found.sentences[2] == "Nothing that was compared is left open at the 5 % level."
    assert found.answer == "the baseline (none). No difference is made by weight_decay at strength 2.8e-06."
    assert "more examples" not in str(found)
    (row,) = [row for row in found.findings.rows if row.difference]
    assert (row.difference.mean, row.p, row.better) == (0, 1, 0)


def test_the_same_among_several_is_said_of_each(tmp_path):
    losses = {0.0: LEVEL, 1e-6: LEVEL * (1 + 1e-8), 1.0: LEVEL - 0.2 + 0.01 * NOISE[1], 1.00001: LEVEL - 0.2 + 0.01 * NOISE[1]}
    found = compared(tmp_path, losses, val={0.0: 2.0, 1e-6: 2.0, 1.00001: 1 - 1e-9})
    assert found.findings.choice.setting.label == "weight_decay 1"
    assert "weight_decay 1 is the same as that of weight_decay 1.00001, but for rounding" in found.sentences[2]
    assert "each of the other settings" not in found.sentences[2]
    assert "cannot tell it from weight_decay 1.00001" in found.answer
