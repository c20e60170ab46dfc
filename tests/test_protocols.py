"""Protocols: what they may say, what is refused and how, and that every shipped one fits its recipe."""

from __future__ import annotations

import dataclasses
import functools
import re
import shlex

import pytest
import yaml
from hydra._internal.utils import get_args_parser

from regexp.comparison.reading import fields_of
from regexp.comparison.statistics import LEVEL
from regexp.config.planning import plan
from regexp.search.searching import fresh_seeds
from regexp.textbook import diagnostics
from regexp.textbook.expression import Last, Term, Until, parse
from regexp.textbook.protocol import TIERS
from regexp.textbook.reading import ProtocolError, read, read_all
from regexp.textbook.study import TUNING, matches
from regexp.train import CONFIG_NAME, config_folder

PROTOCOLS = read_all(config_folder() / "reproduce")
FEW = 3
"""Seeds with which a sweep is composed: the others are like them. A search says itself how many it has."""

GOOD = """
chapter: test
title: A test
question: Does it?
source: nobody
sweep: [experiment=weight_decay]
tiers:
  quick: {n: 2}
  standard: {n: 3, add: epochs=1}
  full: {n: 4}
settings:
  plain: {regularizer.weight_decay.strength: 0}
claims:
  loss:
    says: The loss is small
    kind: equal
    margin: 1.0
    value: test/loss of plain at final
    role: primary
    holds: It is {value} {interval}.
"""

PICTURE = """
pictures:
  first: {kind: one_and_all, title: First, metrics: [test/loss], one: [plan], beside: [closed_fom.ridge of other]}
"""


def written(tmp_path, *changes):
    text = GOOD
    for before, after in changes:
        assert before in text
        text = text.replace(before, after)
    (tmp_path / "mine.yaml").write_text(text, encoding="utf-8")
    return tmp_path / "mine.yaml"


# ---- expressions


def test_an_expression_is_read_word_by_word():
    found = parse("test/loss of plain at best minus null_space.outside of decayed")
    assert found.first == Term("test/loss", "plain", "best")
    assert (found.joined, found.second) == ("minus", Term("null_space.outside", "decayed", "end"))
    assert found.second.diagnostic == ("null_space", "outside")
    assert parse("epochs until train/loss < 0.5 of a over epochs until val/accuracy > 9e-1 of b at end").terms == [
        Term(Until("train/loss", True, 0.5), "a"),
        Term(Until("val/accuracy", False, 0.9), "b"),
    ]
    assert parse("test/loss of a at epoch 12").first.place == 12
    assert parse("test/loss of a at last 50").first.place == Last(50)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("test/loss of a at finish", "at one of final, best, end"),
        ("test/loss of a at last 0", "or 'last NUMBER', got 'last 0'"),
        ("a of b minus c of d minus e of f", "two joined by minus or over"),
        ("epochs until test/loss = 3 of a", "epochs until"),
        ("__import__('os') of a", "a column"),
    ],
)
def test_what_is_no_expression_is_refused(text, says):
    with pytest.raises(ValueError, match=says):
        parse(text)


# ---- mistakes in a file


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ("question:", "qestion:", "qestion is no key of a protocol, got 'qestion': did you mean question?"),
        ("margin: 1.0", "magin: 1.0", "claims.loss.magin is no key of a protocol, got 'magin': did you mean margin?"),
        ("    margin: 1.0\n", "", "claims.loss is equal and needs margin"),
        ("margin: 1.0", "margin: 0", "claims.loss.margin must be > 0, got 0"),
        ("kind: equal", "kind: equals", "claims.loss.kind is not known, got 'equals': did you mean equal?"),
        ("of plain at", "of plan at", "claims.loss.value names a setting that is not known, got 'plan': did you mean plain?"),
        ("test/loss of plain", "null_spce.inside of plain", "got 'null_spce': did you mean null_space?"),
        ("test/loss of plain", "null_space.norm of plain", "null_space does not have, got 'norm': it has inside, outside"),
        ("test/loss of plain at final", "test/loss", "needs 'of SETTING'"),
        ("{value}", "{valeu}", "claims.loss.holds has the place {valeu}: known are value, interval, n"),
        ("standard: {n: 3,", "normal: {n: 3,", "tiers must have standard; quick and full are like it where they are absent"),
        ("full: {n: 4}", "all: {n: 4}", "tiers.all is not known, got 'all'"),
        ("n: 2", "m: 2", "tiers.quick needs n"),
        ("role: primary", "role: main", "claims.loss.role is not known, got 'main'"),
        ("role: primary", "published: {value: 1, source: me, read: X}", "claims.loss.published.read is not known, got 'X'"),
        ("role: primary", "published: {value: 1, source: me, read: M}", "from memory (M): such a number is shown and never"),
        ("title: A test", "title: [", "mine.yaml"),
        ("role: primary", "published: {value: [1], source: me, read: R}", "published.value must be a number, two numbers or"),
        ("{interval}", "{tolerance}", "the place {tolerance}: known are value, interval, n, target, margin"),
        ("test/loss of", "test/lss of", "measures a column that no run has, got 'test/lss': did you mean test/loss?"),
        ("sweep: [experiment=weight_decay]", "sweep: experiment=weight_decay", "sweep must be a list of texts"),
        ("n: 2", "n: two", "tiers.quick.n must be a whole number, got 'two'"),
        ("n: 2", "n: 0", "tiers.quick.n must be > 0, got 0"),
        (
            "title:",
            "first_seed: 997\ntitle:",
            "first_seed must leave the seeds of full below 1000, from which on seeds only tune, got 1000",
        ),
        ("It is {value} {interval}.", "[1]", "claims.loss.holds must be a text, got"),
        (GOOD, GOOD + "arguments: {tuned: {by: val/acuracy}}", "arguments.tuned.by measures a column that no run has"),
        (GOOD, GOOD + "pictures: {a: {kind: curves, title: A, metrics: test/loss}}", "pictures.a.metrics must be a list"),
        (GOOD, GOOD + "pictures: {a: {kind: curves, title: A, metrics: [epochs until test/loss < 1]}}", "must be columns of"),
        (GOOD, GOOD + PICTURE, "pictures.first.settings names a setting that is not known, got 'plan'"),
        (GOOD, GOOD + PICTURE, "pictures.first.beside names a diagnostic that is not known, got 'closed_fom'"),
        (GOOD, GOOD + PICTURE, "pictures.first.settings names a setting that is not known, got 'other'"),
    ],
)
def test_a_mistake_is_named_with_file_and_key(tmp_path, before, after, says):
    with pytest.raises(ProtocolError) as caught:
        read(written(tmp_path, (before, after)))
    assert says in str(caught.value)
    assert "mine.yaml" in str(caught.value)


@pytest.mark.parametrize(
    ("value", "refused"),
    [
        ("null_space.outside of plain", True),
        ("test/rmse of plain over null_space.inside of plain", True),
        ("epochs until test/loss < 1 of plain", True),
        ("sparsity.weights_left of plain", True),
        ("smoothness.clean of plain", True),
        ("smoothness.lost of plain", False),
        ("null_space.outside of plain minus null_space.inside of plain", False),
        ("test/loss of plain", False),
    ],
)
def test_a_direction_that_could_not_fail_is_refused(tmp_path, value, refused):
    """Of what is never negative, L > 0 whatever the runs are."""
    changes = [("kind: equal", "kind: direction"), ("test/loss of plain at final", value)]
    if refused:
        with pytest.raises(
            ProtocolError, match=r"claims.loss.target must be above 0, got 0: what is measured is never negative"
        ):
            read(written(tmp_path, *changes))
    else:
        read(written(tmp_path, *changes))
    read(written(tmp_path, *changes, ("    margin: 1.0", "    target: 0.1\n    margin: 1.0")))


def test_all_mistakes_are_named_at_once(tmp_path):
    with pytest.raises(ProtocolError) as caught:
        read(written(tmp_path, ("margin: 1.0", "margin: -1"), ("of plain at", "of plan at"), ("{value}", "{v}")))
    assert len(str(caught.value).splitlines()) == 3


def test_a_mistake_in_one_part_hides_none_in_the_others(tmp_path):
    changes = [("question:", "qestion:"), ("n: 2", "m: two"), ("of plain at", "of plan at"), ("role: primary", "role: main")]
    with pytest.raises(ProtocolError) as caught:
        read(written(tmp_path, *changes, ("claims:", "pictures: {first: {kind: lines, title: A}}\nclaims:")))
    keys = [line.partition("mine.yaml: ")[2].split()[0] for line in str(caught.value).splitlines()]
    assert sorted(keys) == [
        "claims.loss.role",
        "claims.loss.value",
        "pictures.first.kind",
        "qestion",
        "tiers.quick",
        "tiers.quick.m",
    ]


def test_other_seeds_may_be_judged_and_stand_wherever_they_are_needed(tmp_path):
    line = ("[experiment=weight_decay]", "[a=1, 'b=1 \"dataset.seed={seeds}\" seed=0']")
    found = read(written(tmp_path, line, ("title:", "first_seed: 100\ntitle:")))
    assert found.lines("standard") == [
        'a=1 "seed=range(100,103)" epochs=1',
        'b=1 "dataset.seed=range(100,103)" seed=0 epochs=1',
    ]


def test_a_line_gets_its_seeds_and_what_the_tier_adds(tmp_path):
    found = read(written(tmp_path, ("[experiment=weight_decay]", "[experiment=weight_decay, 'a=1 \"seed=range(1000,1002)\"']")))
    assert found.lines("standard") == [
        'experiment=weight_decay "seed=range(3)" epochs=1',
        'a=1 "seed=range(1000,1002)" epochs=1',
    ]


def test_a_tier_that_is_absent_is_like_the_standard_one(tmp_path):
    found = read(written(tmp_path, ("  quick: {n: 2}\n", ""), ("  full: {n: 4}\n", "")))
    assert [found.lines(tier) for tier in TIERS] == [['experiment=weight_decay "seed=range(3)" epochs=1']] * 3
    found = read(written(tmp_path, ("  full: {n: 4}\n", "")))
    assert [len(found.seeds(tier)) for tier in TIERS] == [2, 3, 3]


# ---- every shipped protocol


def searched(asked):
    """Runs of a search's comparison, as if it had chosen the low ends of all ranges."""
    for space in asked.search.spaces:
        values = {key: found.low for key, found in space.ranges.items()}
        yield from (space.build(asked.composer, values, seed) for seed in fresh_seeds(asked.search))


@functools.cache
def planned(name, tier):
    """The protocol at a tier with few seeds, and the fields of its runs."""
    chosen = PROTOCOLS[name].tiers[tier]
    few = chosen if "fresh_seeds=" in chosen.add else dataclasses.replace(chosen, n=min(chosen.n, FEW))
    protocol = dataclasses.replace(PROTOCOLS[name], tiers={tier: few})
    runs = []
    for line in protocol.lines(tier):
        asked = plan(get_args_parser().parse_args(["-m", *shlex.split(line)]), config_folder(), CONFIG_NAME)
        jobs = list(searched(asked)) if asked.search else asked.runs
        assert not any("test" in job.experiment.dataset.resplit for job in jobs)  # else plain intervals were too narrow
        runs += [fields_of(job.experiment.to_dict()) for job in jobs]
    return protocol, runs


@pytest.mark.parametrize("tier", TIERS)
@pytest.mark.parametrize("name", PROTOCOLS)
def test_a_protocol_fits_its_recipe(name, tier):
    """Its lines compose, and each setting of a claim is one run per seed."""
    protocol, runs = planned(name, tier)
    judged = [fields for fields in runs if fields["seed"] < TUNING]
    for setting in {term.setting for claim in protocol.claims for term in claim.value.terms if term.setting}:
        seeds = [fields["seed"] for fields in judged if matches(fields, protocol.settings[setting])]
        assert sorted(seeds) == list(range(min(seeds), min(seeds) + protocol.tiers[tier].n)), setting
    for setting, wanted in protocol.settings.items():
        assert any(matches(fields, wanted) for fields in judged), setting
    for setting in {term.setting for claim in protocol.claims for term in claim.value.terms if at_the_end(claim, term)}:
        for fields in judged if tier != "quick" else ():
            if matches(fields, protocol.settings[setting]):
                assert evaluated_last(fields) >= min(2, fields["epochs"] // 10), f"{setting}: lower eval_every"


SIZES = ("dataset.train_size", "dataset.val_size", "dataset.test_size", "epochs", "batch_size")


def sizes(name, tier):
    """What tells a tier from the others: how much data, how long, and of a search how many settings."""
    protocol, runs = planned(name, tier)
    budgets = {int(found) for line in protocol.lines(tier) for found in re.findall(r"sweeper\.budget=(\d+)", line)}
    return {fields[key] for fields in runs for key in SIZES if fields.get(key) is not None} | budgets


@pytest.mark.parametrize("name", PROTOCOLS)
def test_what_every_tier_says_has_no_number_of_one_tier(name):
    """Captions and pages have the numbers of their own runs; a claim may name those of the recipe that it is compared with."""
    found = [sizes(name, tier) for tier in TIERS]
    of_some = set.union(*found) - set.intersection(*found)
    protocol = PROTOCOLS[name]
    said = numbers_in([protocol.title, protocol.question, protocol.conditional])
    for claim in protocol.claims:
        said |= own_numbers(claim, claim.says, *((claim.holds, claim.fails) if claim.kind in ("shown", "exact") else ()))
    judged = set.union(*found[1:]) - set.intersection(*found[1:])  # quick gives no verdict
    verdicts = [own_numbers(claim, claim.holds, claim.fails, claim.undecided, claim.below) for claim in protocol.claims]
    assert not of_some & said
    assert not judged & set.union(*verdicts)


def own_numbers(claim, *texts):
    """Those of a claim's texts that are not of the data of what was printed."""
    return numbers_in(filter(None, texts)) - numbers_in([claim.published.data] if claim.published else [])


def numbers_in(texts):
    """Whole numbers, but for those of test images, which are the same in all tiers."""
    said = re.sub(r"[\d,]+ test images", "", " ".join(" ".join(texts).split()))
    return {int(number.replace(",", "")) for number in re.findall(r"(?<![\d.,-])\d[\d,]*(?![\d.]*\d)", said) if number}


def test_a_number_of_a_tier_is_found():
    assert numbers_in(["on 2,000 training images and 30 epochs", "first 1,000 test images, 0.001"]) == {2000, 30}


def at_the_end(claim, term):
    return claim.role == "primary" and term.place == "end" and not term.diagnostic and not isinstance(term.quantity, Until)


def evaluated_last(fields):
    """How many evaluations lie in the last tenth of the epochs; the last epoch is always evaluated."""
    return len(
        {e for e in range(1, fields["epochs"] + 1) if e > 0.9 * fields["epochs"] and not e % fields["eval_every"]}
        | {fields["epochs"]}
    )


TRAINED = ("dataset.train_size", "epochs", "batch_size")


@pytest.mark.parametrize("name", PROTOCOLS)
def test_a_number_of_other_runs_says_what_they_were_where_tiers_differ_in_size(name):
    """Else the page of one tier would show it as if it were comparable."""
    trained = [{tuple(fields.get(key) for key in TRAINED) for fields in planned(name, tier)[1]} for tier in TIERS]
    compared = [claim for claim in PROTOCOLS[name].claims if claim.printed is not None and claim.published.read not in "DM"]
    of_runs = [claim for claim in compared if any(term.setting for term in claim.value.terms)]
    if any(sizes != trained[0] for sizes in trained):
        assert [claim.name for claim in of_runs if not claim.published.data] == []


@pytest.mark.parametrize("name", PROTOCOLS)
def test_a_protocol_has_a_primary_claim_that_says_something(name):
    primary = [claim for claim in PROTOCOLS[name].claims if claim.role == "primary"]
    assert primary
    assert all(claim.holds for claim in primary)
    assert (config_folder() / "experiment" / f"{name}.yaml").is_file()


DEPARTURES = {("random_labels", name, "largest") for name in ("learned", "learned_decayed")}
"""Whether a network can learn is asked, and ``conditional`` says what is judged, and why."""


@pytest.mark.parametrize("name", PROTOCOLS)
def test_a_primary_metric_is_that_of_the_last_epochs_or_of_the_best(name):
    """Or of an epoch that the claim names; what is exact may be of the last weights."""
    for claim in PROTOCOLS[name].claims:
        for term in claim.value.terms:
            if claim.role == "primary" and claim.kind != "exact" and not term.diagnostic:
                stated = (name, claim.name, term.place) in DEPARTURES
                assert term.place in ("end", "best") or isinstance(term.place, int | Last) or stated, claim.name


@pytest.mark.parametrize("name", PROTOCOLS)
def test_a_sign_test_has_seeds_enough_to_decide(name):
    """If all of them are on one side, and among all primary claims."""
    primary = [claim for claim in PROTOCOLS[name].claims if claim.role == "primary"]
    if any(claim.median for claim in primary):
        assert all(2 * 0.5 ** PROTOCOLS[name].tiers[tier].n < LEVEL / len(primary) for tier in ("standard", "full"))


def test_every_diagnostic_keeps_its_promise():
    for name, quantities in diagnostics.quantities().items():
        module = diagnostics.find(name)
        assert quantities == module.QUANTITIES and "diverged" not in quantities  # which says what diverged
        assert hasattr(module, "of_run") != hasattr(module, "of_study")


def test_the_good_file_is_good(tmp_path):
    assert read(written(tmp_path)).claims[0].margin == yaml.safe_load("1.0")
