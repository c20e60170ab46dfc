"""The parts of a search: what Optuna is asked, what outcomes are worth, performance against budget."""

from __future__ import annotations

import itertools

import numpy as np
import optuna
import pytest
from scipy.stats import qmc

from regexp.config.ranges import Range
from regexp.config.searching import SearchOptions
from regexp.config.spaces import Space
from regexp.search.asking import Asker
from regexp.search.outcomes import Outcome, Searched, told
from regexp.search.performance import chances, expected, interval
from regexp.search.report import leading_end, near_end, widened

RANGES = {"a": Range(1e-6, 10.0, log=True), "b": Range(0.0, 0.9), "c": Range(1, 8, whole=True)}


def asker(tmp_path, sampler="qmc", name="s", ranges=RANGES) -> Asker:
    return Asker(tmp_path / "search.db", name, ranges, sampler, lower_is_better=True)


def test_the_default_is_the_scrambled_sobol_sequence_from_its_beginning(tmp_path):
    ranges = {"a": RANGES["a"], "b": RANGES["b"]}
    found = asker(tmp_path, ranges=ranges).ask(8)
    points = qmc.Sobol(2, scramble=True, seed=0).random(8)
    values = np.array([[one["a"], one["b"]] for one in found.values()])
    ours = np.column_stack([(np.log10(values[:, 0]) + 6) / 7, values[:, 1] / 0.9])
    assert np.sort(np.floor(ours * 8), axis=0).tolist() == [[k, k] for k in range(8)]  # one in every eighth, in both
    assert ours == pytest.approx(points, abs=1e-5)


@pytest.mark.parametrize("sampler", ["qmc", "random", "tpe", "gp", "nsgaii", "nsgaiii"])
def test_asking_can_stop_anywhere_and_go_on(sampler, tmp_path):
    def after(parts, name):
        found = {}
        for count in parts:
            one = asker(tmp_path, sampler, name)
            found = one.ask(count)
            one.tell({n: abs(np.log10(values["a"])) for n, values in found.items()})
        return found

    whole, parts = after((6, 12, 14), "whole"), after((6, 6, 12, 14), "parts")
    assert list(whole.values()) == list(parts.values())
    assert len(set(map(tuple, (values.items() for values in whole.values())))) == 14
    for values in whole.values():
        assert all(RANGES[key].low <= value <= RANGES[key].high for key, value in values.items())
        assert isinstance(values["c"], int)
    assert asker(tmp_path, sampler, "whole").ask(3) == {n: whole[n] for n in list(whole)[:3]}


def test_an_adaptive_sampler_learns(tmp_path):
    one = asker(tmp_path, "tpe", ranges={"a": RANGES["a"]})
    for count in range(4, 33, 4):
        found = one.ask(count)
        one.tell({n: abs(np.log10(values["a"])) for n, values in found.items()})  # best at 1
    distance = [abs(np.log10(values["a"])) for values in found.values()]
    assert np.mean(distance[-12:]) < 0.5 * np.mean(distance[:10])


def test_a_setting_that_a_kill_left_without_values_is_asked_for_anew(tmp_path):
    one = asker(tmp_path)
    first = one.ask(2)
    study = optuna.load_study(study_name="s", storage=f"sqlite:///{tmp_path / 'search.db'}")
    study._storage.create_new_trial(study._study_id)
    found = asker(tmp_path).ask(4)
    assert list(found) == [0, 1, 3, 4]
    assert {n: found[n] for n in first} == first


def test_a_space_without_ranges_has_one_setting_whatever_the_budget(tmp_path):
    one = asker(tmp_path, ranges={})
    assert one.ask(16) == {0: {}}
    one.tell({0: 1.0})
    assert not (tmp_path / "search.db").exists()


def test_rounds():
    assert SearchOptions(budget=10, sampler="qmc").rounds == [10]
    assert SearchOptions(budget=10, sampler="tpe", batch=4).rounds == [4, 8, 10]
    assert SearchOptions(budget=3, sampler="tpe", batch=4).rounds == [3]


@pytest.mark.parametrize("drawn", [1, 2, 3, 6])
def test_performance_against_budget_is_that_of_all_draws(drawn):
    ranked = np.array([0.1, 0.3, 0.35, 0.7, 2.0, 9.0])
    best = np.sort([min(draw) for draw in itertools.combinations(ranked, drawn)])
    assert chances(6, drawn).sum() == pytest.approx(1)
    assert expected(ranked)[drawn - 1] == pytest.approx(best.mean())
    better, worse = interval(ranked)
    for end, found in ((0.025, better), (0.975, worse)):
        assert found[drawn - 1] == np.quantile(best, end, method="inverted_cdf")


def test_many_draws_of_many_settings():
    ranked = np.sort(np.random.default_rng(0).uniform(size=200))
    assert expected(ranked)[9] == pytest.approx(1 / 11, rel=0.2)  # the smallest of ten uniform numbers


def searched(*outcomes: Outcome, objective: str = "val/loss") -> Searched:
    return Searched(Space("s", [], {}, ["0", "1"]), objective, list(outcomes))


def test_a_lost_seed_is_worse_than_any_value():
    good, lost, gone = (
        Outcome(0, {}, [5.0, 7.0], [1.0, 1.0]),
        Outcome(1, {}, [0.1], [0.1], lost=1),
        Outcome(2, {}, [], [], lost=2),
    )
    assert searched(gone, lost, good).ranked == [good, lost, gone]
    assert told([good, lost, gone], "val/loss") == {0: 6.0, 1: np.inf, 2: np.inf}
    assert told([good, lost], "val/accuracy")[1] == -np.inf
    better = Outcome(3, {}, [8.0, 8.0], [0.0, 0.0])
    assert searched(good, better).chosen is good
    assert searched(good, better, objective="val/accuracy").chosen is better


def test_near_ends_are_told_and_zero_is_none():
    assert [near_end(value, RANGES["a"]) for value in (2e-6, 1e-5, 1, 3)] == ["lower", None, None, "upper"]
    assert [near_end(value, RANGES["b"]) for value in (0.0, 0.5, 0.89)] == [None, None, "upper"]
    assert widened(RANGES["a"], "upper") == Range(1e-6, 1000.0, log=True)
    assert widened(RANGES["a"], "lower").low == pytest.approx(1e-8)


LOG = Range(1e-6, 10.0, log=True)


@pytest.mark.parametrize(
    ("at_the_end", "elsewhere", "end"),
    [
        ([0.5, 0.6], [0.8, 0.9], "upper"),
        ([0.5, 0.5], [0.5, 0.5], None),  # nothing that was tried makes a difference
        ([0.5, 0.6], [0.5001, 0.6001], None),
        ([0.5, 0.6], [0.7, 0.5], None),  # the better mean is within its standard error: 0.05 +- 0.15
        ([0.5], [0.6], "upper"),
        ([0.5], [], None),
    ],
)
def test_a_range_is_to_be_widened_only_where_its_end_is_better(at_the_end, elsewhere, end):
    outcomes = [Outcome(0, {"a": 9.0}, at_the_end, at_the_end)]
    outcomes += [Outcome(1, {"a": 0.1}, elsewhere, elsewhere)] if elsewhere else []
    space = Space("s", [], {"a": LOG}, ["0", "1"][: len(at_the_end)])
    assert leading_end(Searched(space, "val/loss", outcomes), "a") == end
    flipped = [Outcome(one.number, one.values, [-v for v in one.validation], one.test) for one in outcomes]
    assert leading_end(Searched(space, "val/accuracy", flipped), "a") == end


def test_an_end_whose_rivals_diverged_is_better():
    outcomes = [Outcome(0, {"a": 1e-6}, [0.5, 0.6], []), Outcome(1, {"a": 0.1}, [0.1], [], lost=1)]
    assert leading_end(Searched(Space("s", [], {"a": LOG}, ["0", "1"]), "val/loss", outcomes), "a") == "lower"
