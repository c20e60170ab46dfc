"""The verdict rules: error rates by simulation, and every p-value and interval against scipy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from regexp.comparison.power import needed_by_holm
from regexp.comparison.statistics import LEVEL
from regexp.textbook import seeds, verdicts
from regexp.textbook.expression import parse
from regexp.textbook.protocol import Claim
from regexp.textbook.verdicts import (
    center,
    direction,
    equal,
    exact,
    interval,
    published,
    ratio_of_two,
    within_band,
    withstand,
    worst_of_two,
)

RANDOM = np.random.default_rng(11)
DRAWS = 6000
BOUND = 0.008  # three standard errors of a rate of 5 % over 6000 draws
RULES = {"direction": direction, "equal": equal}


def draws(mean, n=10, sd=1.0, family="normal"):
    noise = RANDOM.standard_normal((DRAWS, n)) if family == "normal" else RANDOM.standard_cauchy((DRAWS, n))
    return mean + sd * noise


# ---- error rates at the stated levels


def test_a_direction_is_wrongly_confirmed_in_two_and_a_half_percent():
    assert direction(draws(0.0), margin=0.5).holds.mean() == pytest.approx(0.025, abs=BOUND)


def test_a_direction_is_wrongly_refuted_in_at_most_two_and_a_half_percent():
    assert direction(draws(0.5), margin=0.5).fails.mean() <= 0.025 + BOUND
    assert direction(draws(3.0, n=4), margin=3.0).fails.mean() <= 0.025 + BOUND


def test_a_true_direction_between_zero_and_the_margin_is_never_an_error_and_large_ones_are_seen():
    assert direction(draws(1.5), margin=0.5).holds.mean() > 0.95
    assert direction(draws(-1.0), margin=0.5).fails.mean() > 0.95


def test_equality_is_wrongly_confirmed_in_five_percent_at_the_margin():
    assert equal(draws(0.5, n=40), margin=0.5).holds.mean() == pytest.approx(0.05, abs=BOUND + 0.002)
    assert equal(draws(-0.5, n=40), margin=0.5).holds.mean() == pytest.approx(0.05, abs=BOUND + 0.002)


def test_equality_is_wrongly_refuted_in_two_and_a_half_percent_at_the_margin():
    assert equal(draws(0.5), margin=0.5).fails.mean() == pytest.approx(0.025, abs=BOUND)


def test_few_seeds_do_not_make_equal_although_p_is_large():
    decisions = equal(draws(0.0, n=3, sd=3.0), margin=0.5)
    assert decisions.holds.mean() < 0.02
    assert decisions.fails.mean() < 0.05


def test_a_published_run_of_the_same_recipe_lies_outside_in_five_percent():
    runs = draws(0.0, n=21)
    outside = [bool(published(case[:-1], case[-1], tolerance=100).fails) for case in runs[:4000]]
    assert np.mean(outside) == pytest.approx(0.05, abs=0.011)


def test_the_median_keeps_its_levels_under_heavy_tails():
    assert direction(draws(0.0, n=17, family="cauchy"), margin=1.0, median=True).holds.mean() <= 0.025 + BOUND
    low, high = interval(draws(0.0, n=17, family="cauchy"), median=True)
    assert ((low <= 0) & (high >= 0)).mean() >= 0.95 - BOUND


def test_holm_keeps_the_error_of_all_claims_together_at_five_percent():
    found = [direction(draws(0.0), margin=0.1) for _ in range(6)]  # none is true
    p, holds = (np.stack([getattr(one, name) for one in found], -1) for name in ("p", "holds"))
    kept = np.array([withstand(row) for row in p])
    assert (holds & kept).any(-1).mean() <= 0.05
    assert holds.any(-1).mean() > 0.1  # without it


# ---- against scipy


def test_p_values_and_intervals_are_scipys():
    x = RANDOM.normal(0.4, 1, 12)
    found = direction(x, margin=0.3)
    assert found.p == pytest.approx(stats.ttest_1samp(x, 0).pvalue)
    assert (found.low, found.high) == pytest.approx(stats.ttest_1samp(x, 0).confidence_interval(0.95))
    tests = [stats.ttest_1samp(x, -2, alternative="greater"), stats.ttest_1samp(x, 2, alternative="less")]
    assert equal(x, margin=2.0).p == pytest.approx(max(test.pvalue for test in tests))


def test_equality_holds_exactly_if_the_90_percent_interval_lies_inside():
    for x in RANDOM.normal(0.3, 1, (200, 8)):
        low, high = stats.ttest_1samp(x, 0).confidence_interval(0.90)
        assert bool(equal(x, margin=1.0).holds) == bool(low > -1 and high < 1)


def test_the_sign_interval_is_that_of_the_binomial_distribution():
    x = RANDOM.normal(0, 1, 20)
    assert interval(x, median=True) == (np.sort(x)[5], np.sort(x)[14])  # the textbook's ranks 6 and 15 for n = 20
    assert stats.binomtest(5, 20).pvalue < 0.05 < stats.binomtest(6, 20).pvalue
    assert interval(x[:5], median=True) == (-np.inf, np.inf)
    below = int((x + 0.2 <= 0).sum())
    test = stats.binomtest(below, 20, alternative="less")
    assert direction(x + 0.2, margin=1e-9, median=True).p == pytest.approx(min(1, 2 * test.pvalue))


def test_the_prediction_interval_is_mean_and_t_times_s():
    x = RANDOM.normal(5, 2, 20)
    half = stats.t.ppf(0.975, 19) * x.std(ddof=1) * np.sqrt(1 + 1 / 20)
    found = published(x, 5.0, tolerance=100)
    assert (found.low, found.high) == pytest.approx((x.mean() - half, x.mean() + half))


# ---- the rules' edges


def test_a_published_value_is_not_judged_by_an_interval_wider_than_the_tolerance():
    found = published(RANDOM.normal(5, 2, 20), 5.0, tolerance=1.0)
    assert not found.holds and not found.fails


def test_an_identity_holds_by_its_largest_error():
    assert exact([1.0, 1.0 + 1e-9], 1.0, 1e-8).holds
    assert exact([1.0, 1.0 + 1e-7], 1.0, 1e-8).fails


def test_the_mean_in_a_band():
    assert within_band([1.0, 2.0, 3.0], 1.9, 2.1).holds
    assert within_band([1.0, 2.0, 3.0], 2.1, 2.3).fails


def test_a_diverged_run_is_the_worst_outcome():
    differences = worst_of_two(np.array([np.inf, 1.0, np.inf]), np.array([0.5, 0.5, np.inf]))
    assert differences.tolist() == [np.inf, 0.5, 0.0]
    losses = ratio_of_two(np.array([np.inf, 1.0, np.inf, 1.0]), np.array([0.5, 0.5, np.inf, np.inf]))
    assert losses.tolist() == [np.inf, 2.0, 1.0, 0.0]
    accuracies = ratio_of_two(np.array([0.0, 0.9, 0.0, 0.9]), np.array([0.8, 0.6, 0.0, 0.0]))
    assert accuracies.tolist() == [0.0, 1.5, 1.0, np.inf]
    eleven = np.r_[np.full(10, 1.0), -np.inf]  # ten for the claim, one diverged against it
    assert center(eleven) == 1.0
    assert direction(eleven, margin=1.0).holds
    assert not direction(np.r_[np.full(6, 1.0), np.full(4, -np.inf)], margin=1.0).holds


def test_a_missing_value_is_an_error():
    with pytest.raises(ValueError, match="every seed must have one"):
        direction([1.0, np.nan], margin=1.0)


def test_values_that_are_all_the_same_decide():
    assert direction([0.2, 0.2, 0.2], margin=0.1).holds
    assert equal([0.0, 0.0, 0.0], margin=0.1).holds
    assert not direction([0.0, 0.0], margin=0.1).holds


# ---- the number of seeds that would decide


@pytest.mark.parametrize(("mean", "margin"), [(0.5, 0.6), (0.5, 5.0), (-0.2, 0.6)])
def test_the_stated_number_of_seeds_decides_a_direction(mean, margin):
    few = mean + RANDOM.permutation(np.tile([-1.0, 1.0], 4)) * np.sqrt(7 / 8)  # mean and deviation exactly these
    n = seeds.for_direction(few, margin)
    found = direction(draws(mean, n=n), margin)
    assert (found.holds | found.fails).mean() > 0.77


def test_the_stated_number_of_seeds_decides_an_equality():
    few = 0.1 + np.tile([-1.0, 1.0], 4) * np.sqrt(7 / 8)
    n = seeds.for_equality(few, 0.5)
    assert equal(draws(0.1, n=n), 0.5).holds.mean() == pytest.approx(0.8, abs=0.03)


def test_the_stated_number_of_seeds_decides_among_claims_that_holm_judges_together():
    """By the level that the plainer claims leave to it, and not by that of the first of so many."""
    effects = {"direction": (1.5, 1.2, 0.8), "equal": (0.1,)}
    claims = [(Claim(kind, "", kind, parse("a of b"), margin=0.6), mean) for kind, means in effects.items() for mean in means]
    few = [mean + np.tile([-1.0, 1.0], 4) * np.sqrt(7 / 8) for _, mean in claims]
    tests = [seeds.planned(claim, values, median=False) for (claim, _), values in zip(claims, few, strict=True)]
    needed = [int(one.seeds) for one in needed_by_holm(tests)]
    assert needed[2] < seeds.for_direction(few[2], 0.6, LEVEL / 4) and needed[3] == seeds.for_equality(few[3], 0.6, LEVEL)
    for place in (2, 3):
        rules = [RULES[claim.kind](draws(mean, n=needed[place]), 0.6) for claim, mean in claims]
        stand = np.array([withstand(p)[place] for p in np.stack([rule.p for rule in rules], -1)])
        assert ((rules[place].holds | rules[place].fails) & stand).mean() > 0.75


@pytest.mark.parametrize(("level", "fewest"), [(0.05, 6), (0.0125, 8)])
def test_of_medians_the_sign_test_says_how_many_seeds_decide(level, fewest):
    few = np.array([4.0, 6.0, 6.0, 8.0, 6.0])  # with five, no share of signs excludes 0
    assert interval(few, median=True) == (-np.inf, np.inf)
    assert next(n for n in range(2, 20) if stats.binomtest(0, n).pvalue < level) == fewest
    assert seeds.for_direction(few, 1.0, level, median=True) == fewest
    one_sided = next(n for n in range(6, 20) if stats.binomtest(0, n, alternative="less").pvalue < level)
    assert seeds.for_equality(few, 10.0, level, median=True) == one_sided


def test_the_number_of_seeds_by_signs_goes_by_the_share_and_is_more_than_there_are():
    mixed = np.r_[np.full(7, 1.0), np.full(3, -1.0)]
    n = seeds.for_direction(mixed, 0.5, median=True)
    critical = max(k for k in range(n) if stats.binomtest(k, n).pvalue < 0.05 and k < n / 2)
    assert n == 49 and stats.binom.cdf(critical, n, 0.3) >= 0.8 and stats.binomtest(3, 10).pvalue >= 0.05
    assert seeds.for_direction(np.array([1.0, -1.0] * 4), 0.5, median=True) is None
    assert seeds.for_direction(np.full(30, 1.0), 0.5, median=True) == 31


@pytest.mark.parametrize(("against", "of"), [(3, 10), (2, 10), (1, 5)])
def test_the_stated_number_of_seeds_decides_by_signs(against, of):
    """As often as is said, where each seed is against with the share that was seen; the seed fewer does so more seldom."""
    few = np.repeat([-1.0, 1.0], [against, of - against])
    n = seeds.for_direction(few, 0.5, median=True)
    chances = [direction(RANDOM.choice(few, (20_000, k)), 0.5, median=True).holds.mean() for k in (n - 1, n)]
    assert chances[0] < 0.8 and 0.79 < chances[1] < 0.95


@pytest.mark.parametrize(("low", "high", "margin"), [(1, 1, 0.5), (0, 2, 0.5), (9, 0, 0.5)])
def test_the_stated_number_of_seeds_decides_an_equality_by_signs(low, high, margin):
    """``low`` and ``high`` of ten seeds beyond the margin on either side."""
    few = np.repeat([-1.0, 0.0, 1.0], [low, 10 - low - high, high])
    n = seeds.for_equality(few, margin, median=True)
    found = equal(RANDOM.choice(few, (20_000, n)), margin, median=True)
    assert (found.holds.mean() if low < 5 else found.fails.mean()) == pytest.approx(0.85, abs=0.06)


def test_no_number_of_seeds_narrows_single_runs():
    x = np.tile([-1.0, 1.0], 4) * np.sqrt(7 / 8)
    assert seeds.for_published(x, 3.0) is None
    n = seeds.for_published(x, 4.2)
    width = [2 * stats.t.ppf(0.975, k - 1) * np.sqrt(1 + 1 / k) for k in (n - 1, n)]
    assert width[0] > 4.2 >= width[1]


@pytest.mark.parametrize(("ones", "n"), [(0, 6), (4, 6), (6, 6), (116, 200)])
def test_the_interval_of_a_share_is_scipys(ones, n):
    found = verdicts.interval_of_share(np.repeat([0.0, 1.0], [n - ones, ones]))
    expected = stats.binomtest(ones, n).proportion_ci(method="exact")
    assert found == pytest.approx((expected.low, expected.high))
