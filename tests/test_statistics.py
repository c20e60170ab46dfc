"""The statistics of the comparison: against scipy, against published arithmetic, and by simulation against theory."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from regexp.comparison.power import is_ever_seen, needed_by_holm, power, seeds_needed, t_test
from regexp.comparison.statistics import estimate, holm, paired, unpaired

TRIALS = 20_000
RANDOM = np.random.default_rng(20030901)


def rejected(p, level=0.05):
    return float(np.mean(p < level))


def test_an_estimate_is_scipys_mean_and_t_interval():
    values = RANDOM.normal(3, 2, 7)
    found = estimate(values)
    expected = stats.ttest_1samp(values, 0).confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high))
    assert (found.mean, found.sd) == pytest.approx((np.mean(values), stats.tstd(values)))


def test_the_paired_test_is_scipys():
    a, b = RANDOM.normal(size=(2, 9))
    found, expected = paired(a, b), stats.ttest_rel(a, b)
    assert (found.t, found.p) == pytest.approx((expected.statistic, expected.pvalue))
    assert (found.low, found.high) == pytest.approx(tuple(expected.confidence_interval(0.95)))


def test_the_unpaired_test_is_scipys_welch_test():
    a, b = RANDOM.normal(size=9), RANDOM.normal(1, 4, size=5)
    found, expected = unpaired(a, b), stats.ttest_ind(a, b, equal_var=False)
    assert (found.t, found.p, found.df) == pytest.approx((expected.statistic, expected.pvalue, expected.df))
    assert (found.low, found.high) == pytest.approx(tuple(expected.confidence_interval(0.95)))


@pytest.mark.parametrize("n", [3, 5, 20])
@pytest.mark.parametrize("sample", [RANDOM.normal, RANDOM.uniform, RANDOM.logistic])
def test_under_the_null_the_paired_test_has_at_most_six_per_cent_false_positives(sample, n):
    runs = sample(size=(2, TRIALS, n)) + 3 * RANDOM.normal(size=(TRIALS, n))  # a seed is good or bad for both
    assert rejected(paired(*runs).p) < 0.06


@pytest.mark.parametrize(("n", "m"), [(5, 5), (20, 6)])
def test_under_the_null_welchs_test_has_at_most_six_per_cent_false_positives(n, m):
    p = unpaired(RANDOM.normal(size=(TRIALS, n)), RANDOM.normal(0, 3, size=(TRIALS, m))).p
    assert rejected(p) < 0.06


@pytest.mark.parametrize("n", [4, 10, 30])
@pytest.mark.parametrize("effect", [0.3, 1.0])
def test_the_paired_test_has_the_power_of_the_noncentral_t(effect, n):
    differences = RANDOM.normal(effect, 1, size=(TRIALS, n))
    seen = rejected(paired(differences, 0.0).p)
    shift, limit = effect * np.sqrt(n), stats.t.ppf(0.975, n - 1)
    theory = 1 - stats.nct.cdf(limit, n - 1, shift) + stats.nct.cdf(-limit, n - 1, shift)
    assert seen == pytest.approx(theory, abs=4 * np.sqrt(0.25 / TRIALS))
    assert power(effect, n) == pytest.approx(theory)


def test_pairing_sees_what_the_unpaired_test_does_not():
    seed = 3 * RANDOM.normal(size=(TRIALS, 10))
    a, b = seed + RANDOM.normal(size=(TRIALS, 10)), seed + 1.5 + RANDOM.normal(size=(TRIALS, 10))
    assert rejected(paired(a, b).p) > 0.8
    assert rejected(unpaired(a, b).p) < 0.2


def test_seeds_needed_is_the_first_number_with_the_power():
    n = seeds_needed(0.7)
    assert power(0.7, n) >= 0.8 > power(0.7, n - 1)
    assert seeds_needed(1e-4) is None


@pytest.mark.parametrize("n", [5, 40])
def test_seeds_that_split_the_same_examples_have_less_power(n):
    """What all splits share varies as much as Nadeau and Bengio's term says, whatever the number of seeds."""
    effect, ratio, random = 2.0, 1 / 3, np.random.default_rng(n)
    differences = effect + np.sqrt(ratio) * random.normal(size=(TRIALS, 1)) + random.normal(size=(TRIALS, n))
    seen = rejected(paired(differences, 0.0, correction=ratio).p)
    assert power(effect, n, correction=ratio) == pytest.approx(seen, abs=4 * np.sqrt(0.25 / TRIALS))
    fewest = seeds_needed(effect, correction=ratio)
    assert power(effect, fewest, correction=ratio) >= 0.8 > power(effect, fewest - 1, correction=ratio)
    assert stats.norm.sf(1.96 - 1.0 / np.sqrt(ratio)) < 0.8 and seeds_needed(1.0, correction=ratio) is None


def test_the_interval_covers_the_mean_in_95_of_100_cases():
    found = estimate(RANDOM.normal(1, 2, size=(TRIALS, 6)))
    assert np.mean((found.low < 1) & (found.high > 1)) == pytest.approx(0.95, abs=0.007)


@pytest.mark.parametrize("ratio", [0.1, 1 / 3])
def test_splits_of_one_data_set_need_the_correction_of_nadeau_and_bengio(ratio):
    """The model of their paper: results of splits correlate by n_test / (n_test + n_train)."""
    n, correlation = 15, ratio / (1 + ratio)
    shared = np.sqrt(correlation) * RANDOM.normal(size=(TRIALS, 1))
    differences = shared + np.sqrt(1 - correlation) * RANDOM.normal(size=(TRIALS, n))
    assert 0.04 < rejected(paired(differences, 0.0, correction=ratio).p) < 0.06
    assert rejected(paired(differences, 0.0).p) > 0.15
    covered = estimate(differences, correction=ratio)
    assert np.mean((covered.low < 0) & (covered.high > 0)) == pytest.approx(0.95, abs=0.01)


@pytest.mark.parametrize("train", [20, 180])
def test_seeds_that_share_their_test_examples_need_no_correction(train):
    """The mean as prediction, learned from other examples of one set by every seed; the true mean loss is in closed form."""
    pool, test, n, trials = RANDOM.normal(size=200), RANDOM.normal(2, size=30), 15, 2000
    learned = RANDOM.permuted(np.broadcast_to(pool, (trials * n, len(pool))), axis=1)[:, :train].mean(1).reshape(trials, n)
    losses = ((test - learned[..., None]) ** 2).mean(-1)
    spread = pool.var(ddof=1) * (1 / train - 1 / len(pool))  # of the mean of a sample without replacement
    truth = ((test - pool.mean()) ** 2).mean() + spread
    covered = lambda found: np.mean((found.low < truth) & (found.high > truth))  # noqa: E731
    assert 0.93 < covered(estimate(losses)) < 0.965
    assert covered(estimate(losses, correction=len(test) / train)) > 0.97


def test_real_splits_of_one_data_set_are_not_significant_by_chance():
    """Two useless rules, tested on splits of data sets without any signal: re-splitting alone must not find a difference."""
    sets, splits, size, test = 1500, 15, 40, 10
    gains = RANDOM.normal(size=(sets, size))  # by how much rule one beats rule two on each example
    order = RANDOM.random((sets, splits, size)).argsort(-1)[..., :test]
    differences = np.take_along_axis(gains[:, None], order, -1).mean(-1)
    assert rejected(paired(differences, 0.0, correction=test / (size - test)).p) < 0.06
    assert rejected(paired(differences, 0.0).p) > 0.2


def test_holm_by_hand():
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.5, 0.6]) == pytest.approx([1, 1])
    assert holm([0.02, np.nan, 0.04]) == pytest.approx([0.04, np.nan, 0.04], nan_ok=True)


def test_seeds_are_counted_for_the_level_at_which_holm_will_test():
    """One useful setting of three: with the seeds of a single test Holm would show it too seldom."""
    effects = (0.8, 0.0, 0.0)

    def shown(n):
        p = [paired(RANDOM.normal(effect, 1, size=(TRIALS, n)), 0.0).p for effect in effects]
        return np.mean(holm(np.stack(p, -1))[:, 0] < 0.05)

    needed = int(needed_by_holm([t_test(effect) for effect in effects])[0].seeds)
    assert shown(needed) == pytest.approx(0.8, abs=0.03) and shown(needed) > 0.79
    assert shown(seeds_needed(0.8)) < 0.75


def test_a_difference_is_shown_only_where_larger_ones_are():
    small, large, unknown = needed_by_holm([t_test(effect) for effect in (-0.5, 0.51, np.nan)])
    assert small == large and large.seeds == seeds_needed(0.51, 0.025) > seeds_needed(0.5)
    assert not unknown.ever


@pytest.mark.parametrize("ratio", [0.1, 1 / 3])
def test_where_splits_share_their_examples_there_is_a_difference_that_no_number_of_seeds_shows(ratio):
    """The limit is that of the power with ever more seeds."""
    limit = 0.8416 + 1.96  # z for a power of 80 % and a level of 5 %
    border = limit * np.sqrt(ratio)
    assert [is_ever_seen(factor * border, correction=ratio) for factor in (0.99, 1.01)] == [False, True]
    assert power(0.99 * border, 10**6, correction=ratio) < 0.8 < power(1.01 * border, 10**6, correction=ratio)
    below, above = (needed_by_holm([t_test(factor * border, ratio)])[0] for factor in (0.99, 1.5))
    assert (below.seeds, below.ever, above.ever) == (np.inf, False, True) and above.seeds < 100


def test_holm_keeps_the_chance_of_any_false_positive_where_single_tests_do_not():
    runs = RANDOM.normal(size=(TRIALS, 8, 6))  # seven settings against a shared baseline: the tests depend on each other
    p = paired(runs[:, 1:], runs[:, :1]).p
    assert np.mean((holm(p) < 0.05).any(-1)) < 0.06
    assert np.mean((p < 0.05).any(-1)) > 0.15


def test_equal_runs_are_no_difference_and_one_run_has_no_interval():
    same = paired([1.0, 2.0, 3.0], [1.0, 2.0, 3.0])
    assert (same.mean, same.low, same.high, same.p) == (0, 0, 0, 1)
    assert paired([1.1, 1.1, 1.1], [1.0, 1.0, 1.0]).p == 0
    assert unpaired([1.0, 1.0], [1.0, 1.0]).p == 1
    alone = estimate([4.0])
    assert alone.mean == 4
    assert np.isnan([alone.sd, alone.low, alone.high]).all()
    assert np.isnan(paired([4.0], [3.0]).p)
