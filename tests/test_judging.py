"""From runs on disk to verdicts, reports and pages; the numbers are given, and nothing is trained."""

from __future__ import annotations

import dataclasses
import json
import math
import os
import re
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from regexp.comparison.reading import Run
from regexp.regularizers import WeightDecay
from regexp.textbook import pages, report, seeds, summary, sweeps
from regexp.textbook.diagnostics import overshoot, saturated_neuron
from regexp.textbook.expression import parse
from regexp.textbook.figures import draw
from regexp.textbook.figures.caption import measured
from regexp.textbook.figures.one_and_all import one_and_all
from regexp.textbook.figures.points import points
from regexp.textbook.figures.runs import against, curves
from regexp.textbook.judging import Judgement, judge
from regexp.textbook.measuring import at_place, measure
from regexp.textbook.paragraph import besides, paragraph
from regexp.textbook.protocol import Claim, Picture, Protocol, Published, Tier
from regexp.textbook.study import NotMeasured, Study, read_study
from regexp.textbook.wording import given, number, problem, reference
from run_folders_of import ONE, write_run, write_setting

RANDOM = np.random.default_rng(3)
PLAIN = RANDOM.normal(1.0, 0.1, 6)
DECAYED = PLAIN - 0.3 + RANDOM.normal(0, 0.02, 6)
DIFFERENCE = "test/loss of plain at final minus test/loss of decayed at final"


PROTOCOL = Protocol("mine", "test", "Mine", "Does it?", "nobody", {name: Tier(6) for name in ("quick", "standard", "full")})


def decayed(strength):
    return dataclasses.replace(ONE, regularizers=[WeightDecay(strength)])


def claim(name, kind="direction", value=DIFFERENCE, **more):
    needs = {"direction": {"margin": 0.1}, "equal": {"margin": 0.1}}.get(kind, {})
    return Claim(name, f"It is {name}", kind, parse(value), **{**needs, **more})


def study(tmp_path, *claims, tier="standard", n=6, plain=PLAIN, **more):
    write_setting(tmp_path, decayed(0.0), plain.tolist())
    write_setting(tmp_path, decayed(1.0), DECAYED.tolist())
    settings = {"plain": {"regularizer.weight_decay.strength": 0}, "decayed": {"regularizer.weight_decay.strength": 1}}
    tiers = {name: Tier(n) for name in PROTOCOL.tiers}
    protocol = dataclasses.replace(PROTOCOL, tiers=tiers, settings=settings, claims=claims, **more)
    return read_study(protocol, tier, sorted(path for path in tmp_path.iterdir() if path.is_dir()))


def without(lines, text):
    """The lines without the column of that name."""
    place = lines[0].split(",").index(text)
    return [",".join(cell for number, cell in enumerate(line.split(",")) if number != place) for line in lines]


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (lambda lines: ["garbage"], "is damaged (its first line has no column epoch)"),
        (lambda lines: [*lines[:2], "garbage", *lines[3:]], "is damaged (line 3 must have 5 values, got 1)"),
        (lambda lines: [*lines[:2], lines[2].replace(",", ",x", 1)], "is damaged (could not convert string to float: 'x"),
        (lambda lines: [*lines[:2], lines[2].replace("1,", ",", 1)], "is damaged (cannot convert float NaN to integer)"),
        (lambda lines: without(lines, "epoch"), "is damaged (its first line has no column epoch)"),
        (lambda lines: without(lines, "test/loss"), "has no column test/loss, which summary.json tells of"),
        (lambda lines: [], "has no rows and summary.json tells of 2"),
        (lambda lines: lines[:1], "has no rows and summary.json tells of 2"),
        (lambda lines: lines[:3], "ends at epoch 1 and summary.json tells of 2"),
        (lambda lines: [*lines[:2], lines[3]], "has no row of 1 epoch that was evaluated"),
    ],
)
def test_a_run_whose_metrics_are_damaged_is_not_judged(tmp_path, damage, says):
    hurt = study(tmp_path).runs[0].folder / "metrics.csv"
    lines = damage(hurt.read_text(encoding="utf-8").splitlines())
    hurt.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    found = read_study(PROTOCOL, "standard", sorted(tmp_path.iterdir()))
    (problem,) = found.unread
    assert problem.startswith(f"{hurt} {says}") and len(found.runs) == 11


@pytest.mark.parametrize("content", [b"a: [b\n", bytes(range(256))])
def test_a_run_whose_configuration_is_damaged_is_not_judged(tmp_path, content):
    hurt = study(tmp_path).runs[0].folder / "config.yaml"
    hurt.write_bytes(content)
    (problem,) = read_study(PROTOCOL, "standard", sorted(tmp_path.iterdir())).unread
    assert problem.startswith(f"{hurt} is damaged (")


def test_the_end_of_early_stopping_is_the_epoch_that_was_kept():
    history = {"epoch": np.arange(11), "test/loss": np.linspace(1, 2, 11)}
    summary = {"status": "completed", "final": {"test/loss": 1.3}}
    found = [Run(Path(), {"regularizer": names}, summary, history) for names in (("early_stopping",), ("l2",))]
    assert [at_place(run, "test/loss", "end") for run in found] == [1.3, 2.0]


def test_values_are_those_of_the_runs(tmp_path):
    found = study(tmp_path)
    assert measure(parse(DIFFERENCE), found) == pytest.approx(PLAIN - DECAYED)
    assert measure(parse("test/loss of plain at epoch 1"), found) == pytest.approx(2 * PLAIN)
    assert measure(parse("test/loss of plain at start over test/loss of plain at end"), found) == pytest.approx([3.0] * 6)
    assert measure(parse("test/loss of plain at smallest"), found) == pytest.approx(PLAIN)
    assert measure(parse("test/loss of plain at last 2"), found) == pytest.approx(1.5 * PLAIN)
    assert measure(parse("test/loss of plain at last 9"), found) == pytest.approx(1.5 * PLAIN)  # epoch 0 is none of them
    reached = measure(parse("epochs until test/loss < 1.5 of plain"), found)
    assert reached == pytest.approx(3 - 1.5 / PLAIN)  # the loss is (3 - epoch) times its last value
    assert measure(parse("epochs until test/loss < 99 of plain"), found).tolist() == [0.0] * 6
    assert measure(parse("epochs until test/loss < 0 of plain"), found).tolist() == [math.inf] * 6


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("test/loss of plain at epoch 7", "was not evaluated at epoch 7"),
        ("test/error of plain", "has no column test/error"),
        ("val/loss of plain at best", "has no val/loss"),
    ],
)
def test_what_runs_lack_is_said(tmp_path, text, says):
    with pytest.raises(NotMeasured, match=says):
        measure(parse(text), study(tmp_path))


def test_missing_seeds_are_not_judged(tmp_path):
    (found,) = judge(study(tmp_path, claim("small", role="primary"), n=7))
    assert (found.verdict, found.remark) == ("not measured", "setting plain has 6 finished runs of 7")


def test_a_direction_is_judged_by_the_paired_test(tmp_path):
    (found,) = judge(study(tmp_path, claim("small", role="primary")))
    test = stats.ttest_rel(PLAIN, DECAYED)
    assert (found.verdict, found.n, found.center) == ("holds", 6, pytest.approx(0.3, abs=0.05))
    assert found.p == pytest.approx(test.pvalue)
    assert (found.low, found.high) == pytest.approx(test.confidence_interval(0.95))


def test_quick_gives_no_verdict_but_on_exact_statements(tmp_path):
    exact = claim("exact", "exact", "saturated_neuron.quadratic_good", target=0.094, tolerance=0.001)
    found = judge(study(tmp_path, claim("small"), exact, tier="quick"))
    assert [one.verdict for one in found] == ["no verdict", "holds"]


def with_one_diverged(found):
    """The same study, but the first decayed run diverged."""
    first = next(run for run in found.runs if run.seed[0] == 0 and run.fields["regularizer.weight_decay.strength"] == 1)
    lost = [
        dataclasses.replace(run, summary={**run.summary, "status": "diverged"}) if run is first else run for run in found.runs
    ]
    return dataclasses.replace(found, runs=lost)


def test_a_diverged_run_is_the_worst_and_can_cost_the_claim(tmp_path):
    (judged,) = judge(with_one_diverged(study(tmp_path, claim("small"))))
    assert judged.values[0] == -math.inf
    assert judged.verdict == "not decided"  # five of six for the claim: the sign test does not say more
    assert "median" in judged.remark


def test_an_accuracy_of_a_diverged_run_is_the_worst_and_no_mean_is_taken_of_it(tmp_path):
    for strength, accuracy in ((0.0, 0.84), (1.0, 0.85)):
        for seed in range(10):
            one = dataclasses.replace(decayed(strength), seed=seed)
            write_run(tmp_path, one, 0.5, metrics={"test/accuracy": accuracy + 1e-4 * seed * strength})
    settings = {"plain": {"regularizer.weight_decay.strength": 0}, "decayed": {"regularizer.weight_decay.strength": 1}}
    value = "test/accuracy of decayed at final minus test/accuracy of plain at final"
    claims = (claim("better", value=value, margin=0.005), claim("near", "equal", value, margin=0.02))
    protocol = dataclasses.replace(PROTOCOL, tiers=dict.fromkeys(PROTOCOL.tiers, Tier(10)), settings=settings, claims=claims)
    found = with_one_diverged(read_study(protocol, "standard", sorted(tmp_path.iterdir())))
    better, near = judge(found)

    assert better.values[0] == pytest.approx(-0.84) and better.center == pytest.approx(0.01045)
    assert (better.low, better.high) == pytest.approx((0.0101, 0.0108))  # ranks 2 and 9 of 10
    assert better.p == pytest.approx(stats.binomtest(1, 10).pvalue) and better.verdict == "holds"
    assert near.p == pytest.approx(stats.binomtest(1, 10, alternative="less").pvalue) and near.verdict == "holds"
    assert better.diverged == "1 of 10 decayed runs diverged"
    assert list(besides([better, near])) == ["Diverged"] and "diverged" not in paragraph([better, near])
    assert besides([better, near])["Diverged"].count("1 of 10 decayed runs diverged") == 1


def test_a_diagnostic_of_all_runs_names_those_that_diverged(tmp_path):
    gain = claim("gain", value="best_of.gain", margin=0.01)
    arguments = {"settings": ["decayed"], "over": "plain", "by": "test/loss", "metric": "test/loss", "place": "final"}
    (found,) = judge(with_one_diverged(study(tmp_path, gain, arguments={"best_of": arguments})))
    assert (found.diverged, found.median) == ("1 of 6 decayed runs diverged", True)


def test_what_a_picture_leaves_out_is_said_below_it(tmp_path):
    found = with_one_diverged(study(tmp_path))
    for kind in (curves, points):
        figure = kind(Picture("one", "any", "One", ("test/loss",)), found)
        assert "n = 6 seeds per setting" in (said := " ".join(figure._supxlabel.get_text().split())), said
        assert "left out: 1 of 6 decayed runs diverged" in said
    among = against(Picture("one", "against", "One", ("test/loss",), x="regularizer.weight_decay.strength"), found)
    assert "no point where a run diverged (1 of 6 at 1)" in " ".join(among._supxlabel.get_text().split())
    assert among.axes[0].lines[0].get_ydata() == pytest.approx([PLAIN.mean(), math.nan], nan_ok=True)


def test_where_a_diagnostic_gives_nothing_a_diverged_run_is_the_worst_and_another_is_not_measured(tmp_path, monkeypatch):
    found = with_one_diverged(study(tmp_path))
    rise = parse("overshoot.rise of plain minus overshoot.rise of decayed")

    def of_run(run, nothing=("diverged",)):
        return {"rise": math.nan if run.status in nothing else float(run.seed[0])}

    monkeypatch.setattr(overshoot, "of_run", of_run)
    assert measure(rise, found).tolist() == [-math.inf, 0, 0, 0, 0, 0]
    monkeypatch.setattr(overshoot, "of_run", lambda run: of_run(run, ("diverged", "completed")))
    with pytest.raises(NotMeasured, match="is no number for 5 of 6 seeds"):
        measure(rise, dataclasses.replace(found))


def test_a_picture_against_a_number_shows_epochs_until_and_says_where_there_are_none(tmp_path):
    picture = Picture("speed", "against", "Speed", ("epochs until test/loss < 1",), x="regularizer.weight_decay.strength")
    figure = against(picture, found := study(tmp_path))
    never = int((PLAIN >= 1).sum())
    assert 0 < never < 6

    def mean(losses, limit):  # a run's losses are 3, 2 and 1 times its last one
        return np.mean([max(3 - limit / loss, 0) for loss in losses])

    assert figure.axes[0].lines[0].get_ydata() == pytest.approx([math.nan, mean(DECAYED, 1)], nan_ok=True)
    assert f"no point where a run never gets there ({never} do not)" in " ".join(figure._supxlabel.get_text().split())
    reached = dataclasses.replace(picture, metrics=("epochs until test/loss < 2.5",))
    expected = [mean(setting, 2.5) for setting in (PLAIN, DECAYED)]
    assert against(reached, found).axes[0].lines[0].get_ydata() == pytest.approx(expected)


@pytest.mark.parametrize(
    ("value", "measures", "shown"),
    [
        ((0.9, 0.6), DIFFERENCE, "0.3 (0.9 minus 0.6; of MNIST; me; read in the source)"),
        ((0.9, 0.6), DIFFERENCE.replace("minus", "over"), "1.5 (0.9 over 0.6; of MNIST; me; read in the source)"),
        ((0.9, 0.6), "best_of.gain", "0.3 (0.9 minus 0.6; of MNIST; me; read in the source)"),
        (0.25, DIFFERENCE, "0.25 (of MNIST; me; read in the source)"),
        ("not equal", DIFFERENCE, "not equal (of MNIST; me; read in the source)"),
    ],
)
def test_a_published_number_is_shown_in_the_unit_of_what_is_measured(value, measures, shown):
    one = claim("one", value=measures, published=Published(value, "me", "R", "of MNIST"))
    row = report._row(Judgement(one, "holds"))
    assert row["published"] == shown
    found = dataclasses.replace(one, holds="Not {published}, within {margin}, at {target}.")
    if not isinstance(value, str):
        assert paragraph([Judgement(found, "holds")]) == f"Not {shown.split()[0]}, within 0.1, at 0."
    else:
        assert "published" not in given(found)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("78 to 102", "78 to 102 (simulated independently for this project)"),
        ((0.9, 0.6), "0.3 (0.9 minus 0.6; simulated independently for this project)"),
    ],
)
def test_that_a_reference_is_simulated_is_said_once(value, said):
    one = claim("one", published=Published(value, "simulation", "S"))
    assert report._row(Judgement(one, "holds"))["published"] == said
    assert reference(one) == said.replace("; simulated independently for this project", "").partition(" (simulated")[0]
    assert "simulation of 64-64" in reference(claim("one", published=Published(value, "simulation of 64-64", "S")))


def test_a_sentence_has_the_largest_error_by_which_an_exact_claim_is_judged():
    texts = {"holds": "{value}, at most {error} off.", "fails": "{error}, above {tolerance}."}
    one = claim("one", "exact", target=1.0, tolerance=0.2, **texts)
    values = (1.0, 1.125, 0.75)  # two below the largest
    assert paragraph([Judgement(one, "holds", values, center=1.0)]) == "1, at most 0.25 off."
    assert paragraph([Judgement(one, "does not hold", values, center=1.0)]) == "0.25, above 0.2."
    assert problem("{error}", one) is None
    assert "has the place {error}" in str(problem("{error}", claim("one", "equal", margin=0.1)))


def test_holm_withdraws_what_does_not_stand_among_many(tmp_path):
    level = DECAYED + np.array([2.0, -0.1, 1.6, 0.2, 2.2, 0.9])  # decayed is better, p between 0.05 / 3 and 0.05
    others = [claim(f"other{i}", "equal", role="primary", margin=0.5) for i in range(2)]  # not decided
    found = study(tmp_path, claim("small", role="primary"), *others, plain=level)
    alone = judge(dataclasses.replace(found, protocol=dataclasses.replace(found.protocol, claims=found.protocol.claims[:1])))
    assert alone[0].verdict == "holds" and 0.05 / 3 < alone[0].p < 0.05
    among = judge(found)[0]
    assert (among.verdict, among.p) == ("not decided", alone[0].p)
    assert "does not stand after Holm's correction over 3 tested primary claims" in among.remark


def test_exact_claims_are_not_counted_as_tests(tmp_path):
    """Holm's correction leaves out what has no p-value, and so do the seeds that would decide."""
    exact = [claim(f"exact{i}", "exact", "saturated_neuron.quadratic_good", role="primary", tolerance=1.0) for i in range(9)]
    close = claim("equal", "equal", role="primary")
    tests = [claim(f"other{i}", "equal", role="primary") for i in range(9)]
    found = study(tmp_path, plain=DECAYED + RANDOM.permutation([0.3, -0.3] * 3))
    alone, among_exact, among_tests = (
        judge(dataclasses.replace(found, protocol=dataclasses.replace(found.protocol, claims=(close, *others))))[0].remark
        for others in ([], exact, tests)
    )
    assert alone == among_exact
    seeds = [int(re.findall(r"about (\d+) seeds", text)[0]) for text in (alone, among_tests)]
    assert seeds[0] < seeds[1]


def test_what_the_paragraph_says_of_a_claim_that_is_not_decided():
    one = claim("one", holds="It is.", fails="It is not.", undecided="Whether it is {margin} is open: {value}.")
    found = Judgement(one, "not decided", values=(1.0, 2.0), center=1.5, remark="about 9 seeds would decide")
    assert paragraph([found]) == "Whether it is 0.1 is open: 1.5."
    silent = dataclasses.replace(found, claim=dataclasses.replace(one, undecided=None))
    assert paragraph([silent]) == "" and paragraph([dataclasses.replace(found, verdict="holds")]) == "It is."


def test_a_direction_may_be_against_another_number_than_zero(tmp_path):
    ratio = "test/loss of plain at final over test/loss of decayed at final"
    found = judge(study(tmp_path, *(claim(f"above{i}", value=ratio, target=bound) for i, bound in enumerate((1.2, 2.0)))))
    assert [one.verdict for one in found] == ["holds", "does not hold"]


def test_undecided_says_how_many_seeds_would_decide(tmp_path):
    (found,) = judge(
        study(tmp_path, claim("equal", "equal", role="primary"), plain=DECAYED + RANDOM.permutation([0.3, -0.3] * 3))
    )
    assert found.verdict == "not decided"
    assert re.search(r"about \d+ seeds would decide with a chance of 80 %", found.remark)


def test_seeds_are_planned_for_the_level_that_decided_claims_leave(tmp_path):
    plain = DECAYED + RANDOM.permutation([0.3, -0.3] * 3)
    decided = [claim(name, role="primary", value=f"test/loss of {name} at final") for name in ("plain", "decayed")]
    *others, found = judge(study(tmp_path, *decided, claim("equal", "equal", role="primary"), plain=plain))
    assert [one.verdict for one in others] == ["holds", "holds"]
    last, first = (seeds.for_equality(plain - DECAYED, 0.1, level) for level in (0.05, 0.05 / 3))
    assert last < first and found.remark == f"about {last} seeds would decide with a chance of 80 %"


def test_the_neuron_of_the_book():
    found = saturated_neuron.of_study(Study(PROTOCOL, "quick", []))
    assert [found[name][0] for name in ("quadratic_good", "quadratic_saturated")] == pytest.approx([0.094, 0.203], abs=5e-4)
    printed = [saturated_neuron.path("quadratic", "saturated")[step] for step in range(0, 301, 50)]
    assert printed == pytest.approx([0.982, 0.976, 0.964, 0.933, 0.789, 0.357, 0.203], abs=5e-4)  # an independent simulation


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("test/loss of a at best minus test/loss of b at best", "test loss at the best epoch: L2 0.1 minus b"),
        (
            "test/accuracy of b at epoch 3 over test/accuracy of b",
            "test accuracy after epoch 3 (b) over test accuracy at the end (b)",
        ),
        ("epochs until train/loss < 0.5 of a", "epochs until training loss is below 0.5 (L2 0.1)"),
        ("null_space.outside of b", "norm outside (b)"),
        ("tuned.gain", "tuned: gain"),
    ],
)
def test_an_axis_says_in_words_what_is_measured(text, says):
    assert measured(parse(text), {"a": "L2\n0.1", "null_space.outside": "norm outside"}) == says


def test_large_numbers_are_whole():
    found = [number(value) for value in (652.71, 9999.4, 9999.6, 13766.2, -50816.0, 1e7, math.inf)]
    assert found == ["652.7", "9999", "10,000", "13,766", "-50,816", "1e+07", "infinite"]


def test_one_run_is_drawn_beside_all(tmp_path):
    lines = Picture(
        "first", "one_and_all", "First", ("test/loss",), one=("plain",), beside=("saturated_neuron.quadratic_good",),
        limits=(0.5, 0.9),
    )  # fmt: skip
    found = study(tmp_path, pictures=(lines,), labels={"saturated_neuron.quadratic_good": "the neuron"})
    (left, right) = one_and_all(lines, found).axes
    (below,) = right.child_axes

    assert [line.get_ydata().tolist() for line in left.lines if "test" in line.get_label()] == [
        pytest.approx([3 * PLAIN[0], 2 * PLAIN[0], PLAIN[0]])
    ]
    assert {line.get_label().partition(",")[0] for line in left.lines} == {"train", "test"}
    plain, decayed, neuron = right.lines
    assert plain.get_ydata()[-1] == pytest.approx(PLAIN.mean()) and decayed.get_ydata()[-1] == pytest.approx(DECAYED.mean())
    assert neuron.get_label() == "the neuron: 0.0940" and neuron.get_ydata()[0] == pytest.approx(0.094, abs=5e-4)
    corners = right.collections[0].get_paths()[0].vertices
    assert corners[corners[:, 0] == 2, 1].min() == pytest.approx(np.quantile(PLAIN, 0.05))
    assert below.get_ylim() == (0.5, 0.9) and not below.collections
    assert draw(found, [], tmp_path / "out") == ["first"]


def test_a_report_leaves_no_picture_of_an_earlier_one_and_no_file_of_others(tmp_path):
    found = study(tmp_path / "runs", pictures=(Picture("curves", "curves", "Curves", metrics=("test/loss",)),))
    swept = sweeps.Swept([run.folder for run in found.runs], [], [])
    out = tmp_path / "mine"

    def reported(claims, pictures):
        again = dataclasses.replace(found, protocol=dataclasses.replace(found.protocol, claims=claims, pictures=pictures))
        judged = judge(again)
        drawn = draw(again, judged, out)
        report.write(report.report(again, judged, swept, drawn, {}, {}), out)
        return {path.name for path in out.iterdir()}

    first = reported((claim("small"), claim("shown", "shown")), found.protocol.pictures)
    assert {"claim-small.svg", "claim-shown.png", "claim-shown.svg", "curves.png", "report.json"} <= first
    for name in ("claim-of_mine.png", "notes.md"):
        (out / name).write_bytes(b"mine")
    kept = {f"claim-small.{kind}" for kind in ("png", "svg")} | {"report.json", "claim-of_mine.png", "notes.md"}
    assert reported((claim("small"),), ()) == kept

    text = (out / "report.json").read_text(encoding="utf-8")
    (out / "report.json").write_text(text.replace('"small"', '"small/../../outside"'), encoding="utf-8")
    (tmp_path / "outside.png").write_bytes(b"not ours")
    reported((claim("other"),), ())
    assert (tmp_path / "outside.png").is_file()
    (out / "report.json").write_text("torn", encoding="utf-8")
    assert "claim-other.png" in reported((claim("small"),), ())  # of what it does not know it removes nothing


def test_the_commits_of_the_runs_are_named_from_the_oldest_on(tmp_path):
    folders = [tmp_path / name for name in ("new", "old", "new_too")]
    for folder, commit, time in zip(folders, ("bbb", "aaa-dirty", "bbb"), (2000, 1000, 3000), strict=True):
        folder.mkdir()
        (folder / "summary.json").write_text(json.dumps({"commit": commit, "threads": 1}), encoding="utf-8")
        os.utime(folder / "summary.json", (time, time))
    assert sweeps.origin(folders) == {"versions": [], "commit": ["aaa-dirty", "bbb"], "device": [], "threads": 1}


def test_a_page_says_what_is_computed_and_not_trained(tmp_path):
    neuron = claim("neuron", "shown", "dropout_averages.scores")
    found = study(tmp_path / "runs", neuron, claim("small"))
    data = report.report(found, [], sweeps.Swept([], [], []), [], {}, {"command": "x", "date": "today"})
    assert list(data["computed"]) == ["dropout_averages"]
    assert "5-8-3 ReLU networks" in (text := data["computed"]["dropout_averages"])
    report.write(data, tmp_path / "out" / "mine")
    pages.write([data], tmp_path / "out")
    for page in ("mine/index.md", "index.html"):
        assert text in (tmp_path / "out" / page).read_text(encoding="utf-8")


def test_the_report_shows_what_was_found(tmp_path):
    claims = (
        claim(
            "small", role="primary", holds="Decay saves {value} {interval} of {n} seeds.", published=Published(0.3, "me", "R")
        ),
        claim("shown", "shown", "test/loss of plain at final", besides="Plain & simple", holds="It has {value}."),
    )
    pictures = (Picture("curves", "curves", "Curves", metrics=("test/loss",)),)
    found = study(tmp_path / "runs", *claims, pictures=pictures)
    judged = judge(found)
    out = tmp_path / "out"
    drawn = draw(found, judged, out / "mine")
    swept = sweeps.Swept([run.folder for run in found.runs], ["regexp-train -m x"], [])
    about = {"command": "regexp-reproduce mine", "date": "today", "reporting_seconds": 200.0, "commit": ["aaa", "bbb"]}
    about |= {"trained": "20 training examples", "runs_that_chose": 4, "judged_at": "ccc-dirty"}
    (tmp_path / "mine.yaml").write_text("optimizer: {lr: 1}\n", encoding="utf-8")
    data = report.report(found, judged, swept, drawn, {"mine": tmp_path / "mine.yaml"}, about)
    report.write(data, out / "mine")
    pages.write(report.read_all(out), out)

    difference = (PLAIN - DECAYED).mean()
    assert paragraph(judged).startswith(f"Decay saves {difference:.4g} [")
    assert data["seconds"] == pytest.approx(12 * 0.5)
    assert json.loads((out / "mine" / "report.json").read_text(encoding="utf-8"))["claims"][0]["verdict"] == "holds"
    for page in ("index.md", "index.html", "mine/index.md"):
        text = (out / page).read_text(encoding="utf-8")
        assert f"{difference:.4g}" in text and "holds" in text and "regexp-train -m x" in text
        assert "<script" not in text and "http" not in text.replace("https://", "http")
    index, own = (out / "index.md").read_text(encoding="utf-8"), (out / "mine" / "index.md").read_text(encoding="utf-8")
    assert "| [mine](mine/index.md): Mine | Does it? | standard, n = 6 | 12 | 1 holds, 1 shown | 3.4 min |" in index
    assert "; runs: commits aaa, bbb; judged and drawn: commit ccc-dirty; today; `regexp-reproduce mine`." in own
    assert "20 training examples; 12 runs and 4 that only tuned, 6 s of training and 3.3 min of drawing" in own
    assert summary.verdicts({"verdicts": {"shown": 1, "does not hold": 2, "holds": 3}}) == "3 hold, 2 do not hold, 1 shown"
    assert own.endswith("`conf/experiment/mine.yaml`:\n\n```yaml\noptimizer: {lr: 1}\n```\n")
    assert paragraph(judged) in own and "\n- **Plain & simple.** It has " in own and "It has" not in paragraph(judged)
    assert "<li><strong>Plain &amp; simple.</strong> It has " in (out / "index.html").read_text(encoding="utf-8")
    marked = re.findall(r'<td class="([^"]*)"', (out / "index.html").read_text(encoding="utf-8"))
    assert marked == ["holds", "shown"], "verdicts alone have a style"
    shown = re.findall(r'src="([^"]+)"', (out / "index.html").read_text(encoding="utf-8"))
    assert set(shown) == {f"mine/{name}.png" for name in ("curves", "claim-small", "claim-shown")}
    assert all((out / picture).exists() for picture in shown)
    files = {path.name for path in (out / "mine").iterdir()}
    assert files == {
        "report.json",
        "index.md",
        *(f"{n}.{kind}" for n in ("curves", "claim-small", "claim-shown") for kind in ("png", "svg")),
    }
