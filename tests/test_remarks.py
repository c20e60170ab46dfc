"""What is said beside a verdict: that a reference lies outside the interval, and that equal pairs leave a median no choice."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
from scipy import stats

from regexp.textbook import report
from regexp.textbook.expression import parse
from regexp.textbook.figures.claims import of_claim
from regexp.textbook.judging import judge
from regexp.textbook.protocol import Claim, Protocol, Published, Tier
from regexp.textbook.study import Study

PROTOCOL = Protocol("mine", "test", "Mine", "Does it?", "nobody", {"quick": Tier(20), "standard": Tier(20)})
ONE, PAIR = "saturated_neuron.quadratic_good", "hidden_layers.ratio_start minus hidden_layers.zeros_start"
OUTSIDE = "outside the interval"
LADDER = np.arange(1.0, 21.0)
HEAVY = np.array([*LADDER[:-1], 1000.0])


@pytest.fixture
def found(monkeypatch):
    """A claim's judgement from given values, its row of the table, and the caption of its picture."""

    def judged(claim, values, tier="standard"):
        monkeypatch.setattr("regexp.textbook.judging.measure", lambda *_: np.asarray(values, dtype=float))
        monkeypatch.setattr("regexp.textbook.judging.diverged", lambda *_: {})
        monkeypatch.setattr("regexp.textbook.judging.of_term", lambda *_: {0: 1.0})
        monkeypatch.setattr("regexp.textbook.figures.claims.trained", lambda *_: [])
        study = Study(dataclasses.replace(PROTOCOL, claims=(claim,)), tier, [])
        (one,) = judge(study)
        caption = " ".join(of_claim(one, study)._supxlabel.get_text().split())
        return one, report._row(one), caption

    return judged


def claim(kind, value=ONE, printed=None, **more):
    published = None if printed is None else Published(printed, "a formula", "D")
    return Claim("one", "It is so", kind, parse(value), published=published, **more)


def by_t(values):
    return stats.t.interval(0.95, len(values) - 1, np.mean(values), stats.sem(values))


@pytest.mark.parametrize(
    ("one", "values", "verdict", "said"),
    [
        (claim("direction", printed=13.5, margin=1.0), LADDER, "holds", True),
        (claim("direction", printed=13.0, margin=1.0), LADDER, "holds", False),
        (claim("direction", printed=7.5, margin=1.0), LADDER, "holds", True),
        (claim("direction", printed=13.5, margin=3.0, target=13.0), LADDER, "does not hold", True),
        (claim("shown", printed=13.5), LADDER, "shown", True),
        (claim("equal", printed=13.5, margin=8.0, target=13.5), LADDER, "holds", True),
        (claim("equal", printed=13.5, margin=2.0, target=13.5), LADDER, "not decided", True),
        (claim("equal", printed=20.0, margin=1.0, target=20.0), LADDER, "does not hold", False),  # the verdict says it
        (claim("published", printed=40.0, tolerance=99.0), LADDER, "outside", False),
        (claim("exact", printed=40.0, tolerance=99.0), LADDER, "holds", False),
        (claim("shown", printed=40.0), [7.0] * 20, "shown", False),  # all agree: there is no interval
        (claim("shown", printed=40.0), [7.0], "shown", False),
        (claim("shown", printed="much more"), LADDER, "shown", False),
        (claim("shown", printed=5.5), HEAVY, "shown", False),
        (claim("shown", printed=5.5, median=True), HEAVY, "shown", True),
        (claim("shown", printed=40.0, median=True), [1.0, 2.0, 3.0], "shown", False),  # too few for a sign interval
    ],
)
def test_a_reference_outside_the_interval_is_said_to_be_there(one, values, verdict, said, found):
    judged, row, caption = found(one, values)
    assert judged.verdict == verdict
    ending = f"a formula; an exact identity; {OUTSIDE})" if said else "; an exact identity)"
    assert row["published"].endswith(ending)
    assert (OUTSIDE in caption) == said


def test_the_interval_that_misses_a_reference_is_that_of_what_is_claimed():
    """Of the mean by Student's t, of the median by the sign test: the cases above lie on both sides of each."""
    low, high = by_t(LADDER)
    assert 7.5 < low < 13.0 < high < 13.5
    assert by_t(HEAVY)[0] < 5.5 and stats.binom.cdf(5, 20, 0.5) < 0.025 < stats.binom.cdf(6, 20, 0.5)  # from the 6th on


def test_a_difference_of_medians_is_not_compared_with_the_interval_of_paired_differences(found):
    printed = Published((50.0, 10.0), "me", "S", medians=True)
    one = dataclasses.replace(claim("direction", PAIR, margin=1.0, median=True), published=printed)
    judged, row, caption = found(one, LADDER)
    assert judged.high < 40.0 and OUTSIDE not in row["published"] + caption


NOTE = "the two are the same in 11 of 20 pairs, so the median difference is 0 whatever the others are"


@pytest.mark.parametrize("others", [9.0, -9.0])
@pytest.mark.parametrize("tier", ["standard", "quick"])
def test_equal_pairs_leave_the_median_no_choice(others, tier, found):
    """Whatever the others are, the direction cannot hold, and the table and the caption say why."""
    judged, row, caption = found(claim("direction", PAIR, margin=10.0, median=True), [0.0] * 11 + [others] * 9, tier)
    assert judged.center == 0 and judged.verdict == ("does not hold" if tier == "standard" else "no verdict")
    assert row["remark"] == f"{NOTE}; median and sign interval" and f"; {NOTE}." in caption


@pytest.mark.parametrize(
    ("one", "values"),
    [
        (claim("direction", PAIR, margin=1.0, median=True), [0.0] * 10 + [9.0] * 10),  # half is not more than half
        (claim("direction", PAIR, margin=1.0), [0.0] * 11 + [9.0] * 9),  # a mean
        (claim("direction", PAIR, margin=1.0, median=True), [1.0] * 11 + [9.0] * 9),
        (claim("direction", ONE, margin=1.0, median=True), [0.0] * 11 + [9.0] * 9),  # no pairs
    ],
)
def test_it_is_said_only_where_it_is_so(one, values, found):
    _, row, caption = found(one, values)
    assert "the two are the same" not in row["remark"] + caption


def test_a_share_of_runs_is_called_one_beside_what_is_shown_of_it(found):
    judged, row, _ = found(claim("shown", share=True), [0.0] * 4 + [1.0] * 2)
    assert row["remark"] == "share, Clopper and Pearson's interval"
    assert (judged.low, judged.high) == pytest.approx(stats.binomtest(2, 6).proportion_ci(method="exact"))


def test_equal_pairs_have_the_ratio_one(found):
    one = claim("direction", PAIR.replace("minus", "over"), margin=1.0, target=1.0, median=True)
    judged, row, _ = found(one, [1.0] * 11 + [math.inf] * 9)
    assert judged.center == 1
    assert "the two are the same in 11 of 20 pairs, so the median ratio is 1 whatever the others are" in row["remark"]
