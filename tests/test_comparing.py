"""``regexp.compare`` on runs whose metrics are known: against scipy, and what is said of what is missing or damaged."""

from __future__ import annotations

import csv
import re
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from hydra._internal.utils import get_args_parser
from matplotlib.collections import PolyCollection
from scipy import stats

import regexp
from regexp.comparing import NothingToCompare, main
from regexp.comparison.reading import newest_study
from regexp.config.planning import plan
from regexp.datasets import FashionMNIST
from regexp.models import MLP
from regexp.optim import SGD
from regexp.regularizers import L1, Dropout, MaxNorm, WeightDecay
from regexp.rules import Invalid
from regexp.train import CONFIG_NAME, config_folder
from run_folders_of import ONE, write_run, write_setting
from support import Blobs

RANDOM = np.random.default_rng(7)
SEEDS = 6


def decayed(strength, **more):
    return replace(ONE, regularizers=[WeightDecay(strength)], **more)


@pytest.fixture
def study(tmp_path):
    """Three strengths; validation prefers 0.1, the test split 1."""
    level = RANDOM.normal(5, 1, SEEDS)
    losses = {s: level + shift + RANDOM.normal(0, 0.1, SEEDS) for s, shift in ((0.0, 0), (0.1, -1), (1.0, -1.5), (10.0, 2))}
    for strength, val in ((0.0, 3.0), (0.1, 1.0), (1.0, 2.0), (10.0, 4.0)):
        write_setting(tmp_path, decayed(strength), losses[strength].tolist(), [val] * SEEDS, best={"test/loss": 0.5})
    return tmp_path, losses


def row(table, label):
    return table.set_index("setting").loc[label]


def test_the_table_is_scipys_arithmetic(study):
    folder, losses = study
    table = regexp.compare(folder).table

    assert table["setting"].tolist() == ["weight_decay 0", "weight_decay 0.1", "weight_decay 1", "weight_decay 10"]
    tests = {strength: stats.ttest_rel(losses[strength], losses[0.0]) for strength in (0.1, 1.0, 10.0)}
    found = row(table, "weight_decay 1")
    assert found["test/loss final mean"] == pytest.approx(losses[1.0].mean())
    assert found["test/loss final sd"] == pytest.approx(losses[1.0].std(ddof=1))
    interval = tests[1.0].confidence_interval(0.95)
    assert (found["difference low"], found["difference high"]) == pytest.approx((interval.low, interval.high))
    assert found["p"] == pytest.approx(tests[1.0].pvalue)
    smallest, *_ = sorted(tests.values(), key=lambda test: test.pvalue)
    assert table["p holm"].min() == pytest.approx(3 * smallest.pvalue)
    assert found["better in"] == sum(losses[1.0] < losses[0.0])
    assert found["test/loss best epoch mean"] == 0.5


def test_validation_chooses_and_the_test_split_does_not(study):
    folder, losses = study
    chose, differs, undecided = regexp.compare(folder).sentences
    assert chose.startswith("Validation chose weight_decay 0.1: the lowest mean val/loss (1, 6 seeds) of 4 settings.")
    mean = (losses[0.1] - losses[0.0]).mean()
    assert f"difference {mean:.4g}, 95 % interval" in differs
    assert "better in 6 of 6 seeds" in differs
    assert "weight_decay 0.1 differs in test/loss from each" in undecided


def test_the_number_of_seeds_that_would_decide_is_told(tmp_path):
    """Differences of 0.4 and 0.5 deviations, which seven seeds do not show; of equal values no number is told.

    The larger is tested at a third of 5 %, then the smaller at a half, as Holm will.
    """
    shape = stats.zscore(np.arange(7.0), ddof=1)
    apart = {0.0: 0 * shape, 0.1: 0.4 + shape, 1.0: 0.25 + 0.5 * shape, 10.0: 0 * shape}
    for strength, more in apart.items():
        write_setting(tmp_path, decayed(strength), (5 + more).tolist(), [1.0 if strength == 0 else 2.0] * len(shape))
    text = regexp.compare(tmp_path).sentences[2]
    first, second = fewest_seeds(0.4, 0.05 / 2), fewest_seeds(0.5, 0.05 / 3)
    assert (
        f"If the differences are as large as measured, about {first} seeds or more would tell the baseline (weight_decay 0) "
        f"from weight_decay 0.1, about {second} from weight_decay 1 (estimated from n = 7; power 80 %, 5 % level after Holm)."
    ) in text
    assert fewest_seeds(0.5, 0.05) == 34  # Cohen's table for a paired test


def fewest_seeds(effect, level):
    def seen(n):
        limit, shift = stats.t.ppf(1 - level / 2, n - 1), effect * np.sqrt(n)
        return stats.nct.sf(limit, n - 1, shift) + stats.nct.cdf(-limit, n - 1, shift)

    return next(n for n in range(2, 1000) if seen(n) >= 0.8)


@pytest.mark.parametrize(
    ("chosen", "said"),
    [
        ([WeightDecay(0.3)], "weight_decay at strength 0.3"),
        ([Dropout(0.0, input_rate=0.25)], "dropout at input_rate 0.25"),
        ([WeightDecay(0.3), L1(0.126915)], "weight_decay + l1 at l1.strength 0.126915, weight_decay.strength 0.3"),
    ],
)
def test_the_strength_of_a_set_is_told_with_the_choice(chosen, said, tmp_path):
    """Where no set has several, labels leave it out."""
    for regularizers in ([], [MaxNorm(2.0)], chosen):
        val = 1.0 if regularizers == chosen else 2.0
        write_setting(tmp_path, replace(ONE, regularizers=regularizers), [1.0, 2.0], [val, val])
    (first, *_) = regexp.compare(tmp_path).sentences
    assert first.startswith(f"Validation chose {said}: the lowest mean val/loss")


def test_an_accuracy_is_better_when_higher(tmp_path):
    for rate, accuracy in ((0.0, 0.7), (0.5, 0.9)):
        for seed in range(3):
            metrics = {"val/accuracy": accuracy, "test/accuracy": accuracy + seed / 100 * (1 + rate)}
            one = replace(ONE, model=MLP((4,)), regularizers=[Dropout(rate)], seed=seed)
            write_run(tmp_path, one, 1.0, 1.0, metrics=metrics)
    found = regexp.compare(tmp_path, metric="test/accuracy")
    assert row(found.table, "dropout 0.5")["better in"] == 3
    by_accuracy = regexp.compare(tmp_path, metric="test/accuracy").findings.choice
    assert by_accuracy.setting.label == "dropout 0"  # the runs' objective is val/loss, and that is equal: the first


def test_what_is_not_counted_is_named(study):
    folder, _ = study
    more = decayed(0.5)
    write_run(folder, replace(more, seed=0), 2.0, 2.0)
    write_run(folder, replace(more, seed=1), 2.1, 2.0)
    write_run(folder, replace(more, seed=2), 9.9, 9.9, status="diverged")
    write_run(folder, replace(more, seed=3), 9.9, 9.9, status="failed")
    write_run(folder, replace(more, seed=4), 9.9, 9.9, status="running")
    text = str(regexp.compare(folder))
    assert "1 diverged, 1 failed, 1 running, 1 missing" in text
    for words in ("1 diverged (seed 2)", "1 failed (seed 3)", "1 still running or killed (seed 4)", "1 missing (seed 5)"):
        assert f"note: weight_decay 0.5: {words}" in text
    assert row(regexp.compare(folder).table, "weight_decay 0.5")["n"] == 2


def test_a_setting_with_diverged_runs_is_not_chosen(study):
    folder, _ = study
    write_run(folder, decayed(0.5, seed=0), 0.1, 0.1)
    write_run(folder, decayed(0.5, seed=1), 0.1, 0.1)
    write_run(folder, decayed(0.5, seed=2), 0.1, None, status="diverged")
    found = regexp.compare(folder)
    assert found.findings.choice.setting.label == "weight_decay 0.1"
    assert "Some runs of one setting diverged (weight_decay 0.5): the means are of the others" in found.sentences[2]


def test_damage_is_named_and_the_rest_is_compared(study):
    folder, _ = study
    (folder / "notes").mkdir()
    (folder / "begun" / ".hydra").mkdir(parents=True)
    broken = [write_run(folder, decayed(0.1, seed=seed), 1.0, 1.0) for seed in (10, 11, 12)]
    (broken[0] / "summary.json").write_text('{"status": "comp', encoding="utf-8")
    (broken[1] / "config.yaml").unlink()
    with (broken[2] / "metrics.csv").open("a", encoding="utf-8") as file:
        file.write("3,1.0\n")
    found = regexp.compare(folder, folder / "nowhere")
    text = "\n".join(found.remarks)
    assert f"{folder / 'notes'} holds no run" in text
    assert f"{folder / 'begun'} is left out: it was begun and has no summary.json" in text
    assert f"{broken[0]} is left out: {broken[0] / 'summary.json'} is damaged" in text
    assert f"{broken[1]} is left out" in text
    assert "line 5 must have" in text
    assert "nowhere is no folder" in text
    assert found.table["n"].tolist() == [SEEDS] * 4


def test_a_last_line_that_a_kill_tore_is_no_damage(study):
    folder, _ = study
    run = next(path for path in folder.iterdir() if path.is_dir())
    with (run / "metrics.csv").open("a", encoding="utf-8") as file:
        file.write("3,1.0")
    assert not [remark for remark in regexp.compare(folder).remarks if "metrics.csv" in remark or "left out" in remark]


def test_runs_without_the_metric_are_named(study):
    folder, _ = study
    write_run(folder, decayed(0.1, seed=20), 1.0, 1.0, metrics={"test/auc": 0.5})
    found = regexp.compare(folder, metric="test/auc")
    assert found.table["n"].sum() == 1
    assert any("6 without test/auc" in remark for remark in found.remarks)
    with pytest.raises(NothingToCompare, match=r"--metric must be one of gap/loss, .*, got 'test/typo'"):
        regexp.compare(folder, metric="test/typo")


def test_the_same_run_in_two_folders_counts_once(study):
    folder, _ = study
    write_run(folder / "again", decayed(1.0, seed=0), 77.0, 77.0)
    found = regexp.compare(folder)
    assert row(found.table, "weight_decay 1")["n"] == SEEDS
    assert sum("is the same run" in remark for remark in found.remarks) == 1


def test_the_baseline_is_without_regularizer_or_the_weakest_or_what_is_asked(study):
    folder, _ = study
    assert regexp.compare(folder).findings.baseline.label == "weight_decay 0"
    assert regexp.compare(folder, baseline="strength=0.1").findings.baseline.label == "weight_decay 0.1"
    assert regexp.compare(folder, baseline="weight_decay 10").findings.baseline.label == "weight_decay 10"
    with pytest.raises(ValueError, match="must name one setting, got 'strength=7': 0 have that; choose from: weight_decay 0;"):
        regexp.compare(folder, baseline="strength=7")
    write_setting(folder, ONE, [5.0] * SEEDS, [9.0] * SEEDS)
    assert regexp.compare(folder).findings.baseline.label == "none"


def test_without_zero_the_weakest_is_the_baseline(tmp_path):
    for strength in (3.0, 0.2, 1.0):
        write_setting(tmp_path, decayed(strength), [1.0, 2.0, 3.0])
    assert regexp.compare(tmp_path).findings.baseline.label == "weight_decay 0.2"


def test_a_limit_of_infinity_is_absence_and_a_small_one_is_strong(tmp_path):
    for limit in (0.5, 2.0):
        write_setting(tmp_path, replace(ONE, regularizers=[MaxNorm(limit)]), [1.0, 2.0, 3.0])
    assert regexp.compare(tmp_path).findings.baseline.label == "max_norm 2"
    write_setting(tmp_path, replace(ONE, regularizers=[MaxNorm(float("inf"))]), [1.0, 2.0, 3.0])
    assert regexp.compare(tmp_path).findings.baseline.label == "max_norm inf"


def test_sets_with_their_own_grids_are_told_apart(tmp_path):
    sets = [(), (L1(0.1),), (L1(0.2),), (WeightDecay(1.0),), (WeightDecay(3.0),), (L1(0.1), WeightDecay(1.0))]
    for regularizers in sets:
        write_setting(tmp_path, replace(ONE, regularizers=regularizers), [1.0, 2.0])
    labels = regexp.compare(tmp_path).table["setting"].tolist()
    assert labels == ["none", "l1 0.1", "l1 0.2", "weight_decay 1", "weight_decay 3", "l1 0.1 + weight_decay 1"]


def test_the_end_of_the_grid_comes_with_the_command_that_extends_it(tmp_path):
    for strength in (0.0, 0.1, 1.0):
        for seed in range(3):
            words = [f"regularizer.weight_decay.strength={strength:g}", f"seed={seed}", "epochs=2"]
            write_run(tmp_path, decayed(strength, seed=seed), 1 - strength / 2, 1 - strength / 2, overrides=words)
    chose = regexp.compare(tmp_path).sentences[0]
    assert "That is the upper end of its grid (strength 0, 0.1, 1)" in chose
    (line,) = re.findall(r"regexp-train (.*)", chose)
    new = f"{tmp_path.name}-further"
    assert line == f'-m "regularizer.weight_decay.strength=10,100" "seed=range(3)" epochs=2 study={new}'
    assert chose.endswith(f"\n  regexp-compare {tmp_path} outputs/{new}")
    arguments = get_args_parser().parse_args(line.replace('"', "").split())
    trained = plan(arguments, config_folder(), CONFIG_NAME).runs
    assert {(job.experiment.regularizers[0].strength, job.experiment.seed) for job in trained} == {
        (s, i) for s in (10.0, 100.0) for i in range(3)
    }
    for written, joins in (("", False), (f" study={tmp_path.name}", True)):  # a sweep by time is no study
        (tmp_path / "commands.txt").write_text(f"regexp-train -m seed=1,2{written}\n", encoding="utf-8")
        assert (f"study={tmp_path.name}-further" not in regexp.compare(tmp_path).sentences[0]) is joins


@pytest.mark.parametrize(("best", "end"), [(0.0, None), (0.1, "lower"), (1.0, None), (10.0, "upper")])
def test_zero_is_no_end_of_a_grid(tmp_path, best, end):
    grid = (0.0, 0.1, 1.0, 10.0) if best != 0.1 else (0.1, 1.0, 10.0)
    for strength in grid:
        write_setting(tmp_path, decayed(strength), [1.0, 1.1], [float(strength != best)] * 2)
    chose = regexp.compare(tmp_path).sentences[0]
    assert (f"{end} end of its grid" in chose) if end else ("end of its grid" not in chose)


def test_without_a_validation_split_nothing_is_chosen(tmp_path):
    for strength, shift in ((0.0, 1.0), (1.0, 0.0)):
        for seed in range(5):
            words = [f"regularizer.weight_decay.strength={strength:g}", f"seed={seed}", "dataset.val_size=0"]
            write_run(tmp_path, decayed(strength, seed=seed), seed + shift + seed**2 / 100 * shift, None, overrides=words)
    found = regexp.compare(tmp_path)
    assert found.findings.choice is None
    assert "Nothing was chosen" in found.sentences[0]
    assert 'regexp-train -m "regularizer.weight_decay.strength=0,1" "seed=range(5)" dataset.val_size=20' in found.sentences[0]
    assert found.sentences[1].startswith("With weight_decay 1 the test/loss is")


def test_seeds_that_are_not_shared_are_compared_unpaired_and_said_to_be(tmp_path):
    a, b = [1.0, 1.2, 1.5, 1.1], [2.0, 2.4, 1.9]
    for seed, loss in enumerate(a):
        write_run(tmp_path, decayed(0.0, seed=seed), loss, 2.0)
    for seed, loss in enumerate(b, start=10):
        write_run(tmp_path, decayed(1.0, seed=seed), loss, 1.0)
    found = regexp.compare(tmp_path)
    expected = stats.ttest_ind(b, a, equal_var=False)
    assert row(found.table, "weight_decay 1")["p"] == pytest.approx(expected.pvalue)
    assert row(found.table, "weight_decay 1")["test"] == "Welch"
    assert "unpaired, Welch" in found.sentences[1]
    assert "Welch's unpaired t-tests" in found.methods


def test_a_test_split_that_seeds_share_needs_no_correction_and_is_told(tmp_path):
    """Fashion-MNIST's seeds take other training and validation images, and never another's test images to train on."""
    images = replace(ONE, dataset=FashionMNIST(val_size=5000), model=MLP((4,)))
    whole = replace(images, dataset=FashionMNIST(val_size=0))
    few = replace(images, dataset=FashionMNIST(val_size=0, train_size=1000))
    hashes, losses = {"train-images-idx3-ubyte": "c59f"}, {0.0: [1.0, 2.0, 3.0, 4.0], 0.5: [1.0, 2.3, 2.85, 4.6]}
    for name, one in (("drawn", images), ("few", few), ("whole", whole)):
        for rate, values in losses.items():
            val = values if one is images else None
            write_setting(tmp_path / name, replace(one, regularizers=[Dropout(rate)]), values, val, data_hashes=hashes)
    drawn, fewer, fixed = (regexp.compare(tmp_path / name) for name in ("drawn", "few", "whole"))
    expected = stats.ttest_rel(losses[0.5], losses[0.0])
    for found in (drawn, fewer, fixed):
        (row,) = [row for row in found.findings.rows if row.difference]
        assert row.p == pytest.approx(expected.pvalue)
        assert (row.difference.low, row.difference.high) == pytest.approx(expected.confidence_interval(0.95))
        assert "Nadeau" not in found.methods + str(found)
    sources = "choice of the training examples, initial weights, batch order, dropout masks"
    for found in (drawn, fewer):
        assert f"differed: {sources}; the same for all were test examples" in found.between_seeds.header()
        assert "test examples the same: intervals hold given both, not for others" in found.between_seeds.header()
        assert "shared the test split: tests and intervals are given both" in found.methods
    assert "differed: initial weights, batch order, dropout masks; the same for all were data" in fixed.between_seeds.header()

    validated = regexp.compare(tmp_path / "drawn", metric="val/loss")  # on images that train other seeds
    widths = [(c.table["difference high"] - c.table["difference low"])[1] for c in (validated, drawn)]
    assert widths[0] / widths[1] == pytest.approx(np.sqrt((1 / 4 + 5_000 / 55_000) / (1 / 4)))
    assert "Nadeau and Bengio (2003)" in validated.between_seeds.header()


def test_the_header_says_what_did_not_differ(tmp_path):
    still = replace(ONE, dataset=replace(ONE.dataset, seed=3), model=replace(ONE.model, init="constant"), batch_size=None)
    write_setting(tmp_path, still, [1.0, 1.0])
    assert regexp.compare(tmp_path).between_seeds.header().startswith("Between seeds nothing differed")


def test_one_seed_decides_nothing(tmp_path):
    for strength in (0.0, 0.1, 1.0):
        write_setting(tmp_path, decayed(strength), [strength + 1], [abs(strength - 0.1)])
    text = str(regexp.compare(tmp_path))
    assert "There is one seed" in text
    assert "without interval and test, with a single seed each" in text
    assert "nan" not in text


def by_losses(folder, losses=("binary_cross_entropy", "quadratic"), **about):
    """The second loss has the smaller values by far, and the lower accuracy."""
    for place, loss in enumerate(losses):
        for seed in range(5):
            one = replace(ONE, dataset=FashionMNIST(), model=MLP((4,)), loss=loss, seed=seed)
            accuracy = 0.8 - 0.1 * place + 0.001 * seed**2 * (1 + place)
            metrics = {f"{split}/accuracy": accuracy for split in ("train", "val", "test")}
            value = 1 / (1 + 9 * place) + 0.001 * seed
            write_run(folder, one, value, value, metrics=metrics, device="cuda" if place else "cpu", **about)


def test_settings_of_different_losses_are_compared_by_accuracy(tmp_path):
    by_losses(tmp_path)
    found = regexp.compare(tmp_path)
    assert (found.findings.how.metric, found.findings.how.objective) == ("test/accuracy", "val/accuracy")
    assert found.findings.choice.setting.label == "loss=binary_cross_entropy"
    assert found.answer == "the baseline (loss=binary_cross_entropy). No other setting has a better test/accuracy."
    assert not any("/loss" in sentence for sentence in found.sentences)
    assert not [name for name in found.table if "loss" in name and name != "loss"]
    assert not [name for name in found.figures if name == "gap"]
    text = "\n".join(found.remarks)
    assert "settings differ in the loss (binary_cross_entropy, quadratic), whose values are on different scales: " in text
    assert "val/accuracy chooses, where there is a validation split, and test/accuracy is compared" in text
    assert "runs differ in device: cpu; cuda" in text
    norms = regexp.compare(tmp_path, metric="weights/l2_norm").findings.how
    assert (norms.metric, norms.objective) == ("weights/l2_norm", "val/accuracy")


@pytest.mark.parametrize("metric", ["test/loss", "val/loss", "gap/loss"])
def test_a_loss_is_no_metric_of_settings_that_differ_in_it(metric, tmp_path):
    by_losses(tmp_path)
    with pytest.raises(ValueError, match=rf"--metric must not be a loss .* got '{metric}': compare '\w+/accuracy'"):
        regexp.compare(tmp_path, metric=metric)


def test_auto_is_the_loss_that_it_means(tmp_path):
    by_losses(tmp_path / "same", ("auto", "cross_entropy"))
    assert regexp.compare(tmp_path / "same").findings.how.metric == "test/loss"
    by_losses(tmp_path / "other", ("auto", "binary_cross_entropy"))
    assert regexp.compare(tmp_path / "other").findings.how.metric == "test/accuracy"


def test_losses_on_different_scales_without_an_accuracy_are_not_compared(tmp_path):
    for loss in ("binary_cross_entropy", "quadratic"):
        one = replace(ONE, dataset=FashionMNIST(), model=MLP((4,), output="sigmoid"), loss=loss)
        write_setting(tmp_path, one, [1.0, 2.0])
    with pytest.raises(NothingToCompare, match=r"--metric must be one of weights/l2_norm, got 'test/accuracy'"):
        regexp.compare(tmp_path)


def test_files_hold_what_was_said(study, capsys, monkeypatch):
    folder, _ = study
    monkeypatch.setattr(sys, "argv", ["regexp-compare", str(folder)])
    main()
    printed = capsys.readouterr().out
    out = folder / "comparison"
    assert (out / "answer.txt").read_text(encoding="utf-8").strip() in printed
    with (out / "table.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    table = regexp.compare(folder).table
    assert [float(r["test/loss final mean"]) for r in rows] == table["test/loss final mean"].tolist()
    lines = (out / "table.md").read_text(encoding="utf-8").splitlines()
    assert len({line.count("|") for line in lines}) == 1
    assert any(line.startswith("| **weight_decay 0.1** |") for line in lines)
    latex = (out / "table.tex").read_text(encoding="utf-8")
    assert r"\textbf{weight\_decay 0.1} & 6 & " in latex
    assert r" & $<$0.0001 & " in latex or r"\$" not in latex
    assert "paired t-tests over shared seeds, with Holm's (1979) correction for 3 comparisons" in regexp.compare(folder).methods
    for name in ("metric", "difference", "learning_curves", "gap", "weight_norms"):
        assert (out / f"{name}.png").read_bytes().startswith(b"\x89PNG")
        drawing = (out / f"{name}.svg").read_text(encoding="utf-8")
        assert drawing.isascii()
        assert "n = 6 seeds per setting" in drawing
    main()  # its own output is no run
    assert capsys.readouterr().out == printed


def test_the_picture_shows_the_means_the_interval_and_zero(study):
    folder, losses = study
    axes = regexp.compare(folder).figures["difference"].axes[0]
    (line,) = [line for line in axes.lines if len(line.get_xdata()) == 3]
    assert line.get_xdata().tolist() == [0.1, 1.0, 10.0]
    assert line.get_ydata() == pytest.approx([(losses[s] - losses[0.0]).mean() for s in (0.1, 1.0, 10.0)])
    (band,) = [part.get_paths()[0].vertices[:, 1] for part in axes.collections if isinstance(part, PolyCollection)]
    assert band.max() == pytest.approx(stats.ttest_rel(losses[10.0], losses[0.0]).confidence_interval(0.95).high)
    metric = regexp.compare(folder).figures["metric"].axes[0]
    assert metric.get_xscale() == "log"
    assert metric.get_xticklabels()[0].get_text() == "0"


def test_the_newest_sweep_is_found(tmp_path):
    write_run(tmp_path / "single" / "one", ONE, 1.0)
    write_run(tmp_path / "weight_decay" / "old", decayed(1.0), 1.0)
    assert newest_study(tmp_path) is None
    for name in ("old", "new"):
        (tmp_path / "weight_decay" / name).mkdir(exist_ok=True)
        (tmp_path / "weight_decay" / name / "multirun.yaml").touch()
    write_run(tmp_path / "weight_decay" / "new", decayed(2.0), 1.0)
    assert newest_study(tmp_path) == tmp_path / "weight_decay" / "new"


def test_nothing_to_compare_exits_with_a_reason(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["regexp-compare"])
    with pytest.raises(SystemExit, match="there is no study in outputs"):
        main()
    write_run(tmp_path, ONE, 1.0, status="running")
    with pytest.raises(NothingToCompare, match=r"none of 1 run is completed \(running\)"):
        regexp.compare(tmp_path)


def test_reading_imports_neither_torch_nor_tensorboard_nor_hydra(study):
    folder, _ = study
    code = (
        "import sys, regexp; regexp.compare(sys.argv[1]); found = regexp.compare(sys.argv[1]); found.write(sys.argv[2]);"
        "print([m for m in ('torch._C', 'tensorboard', 'hydra', 'matplotlib.pyplot') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, folder, folder / "out"], capture_output=True, encoding="utf-8", check=True
    )
    assert done.stdout.strip() == "[]"


def test_lr_grid_compares_with_the_choice_of_validation(tmp_path):
    for lr, val in ((0.01, 3.0), (0.1, 1.0), (1.0, 2.0)):
        write_setting(tmp_path, replace(ONE, optimizer=SGD(lr)), [val, val + 0.1, val + 0.3], [val] * 3)
    found = regexp.compare(tmp_path)
    assert found.findings.baseline.label == "lr=0.1"
    assert found.sentences[1].startswith("Of the 2 others, 0 have a better")


def test_at_must_be_known(tmp_path):
    with pytest.raises((ValueError, Invalid), match="at must be final or best, got 'last'"):
        regexp.compare(tmp_path, at="last")


def test_the_choice_is_made_over_the_seeds_that_all_have(tmp_path):
    write_setting(tmp_path, decayed(0.0), [1.0, 2.0, 3.0, 4.0], [1.0, 1.0, 9.0, 9.0])
    write_setting(tmp_path, decayed(1.0), [1.0, 2.0], [2.0, 2.0])
    chose = regexp.compare(tmp_path).sentences[0]
    assert chose.startswith("Validation chose the baseline (weight_decay 0): the lowest mean val/loss (1, 2 seeds that all")


def test_of_a_data_set_of_ones_own_it_is_not_known_whether_seeds_split_it(tmp_path):
    write_setting(tmp_path, replace(ONE, dataset=Blobs(), model=MLP((4,))), [1.0, 2.0])
    header = regexp.compare(tmp_path).between_seeds.header()
    assert "data or split (a data set of your own), initial weights, batch order" in header
    assert "that is not known here" in header


def test_tensorboard_shows_the_mean_and_the_interval_of_each_setting(study, tmp_path):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    from tensorboard.plugins.custom_scalar.layout_pb2 import Layout

    folder, losses = study
    out = tmp_path / "averaged"
    regexp.compare(folder).write_averages(out)
    expected = stats.ttest_1samp(losses[1.0], 0).confidence_interval(0.95)
    for ending, value in (("mean", losses[1.0].mean()), ("95-low", expected.low), ("95-high", expected.high)):
        shown = EventAccumulator(str(out / "weight_decay-1" / ending)).Reload().Scalars("test/loss")
        assert [point.step for point in shown] == [0, 1, 2]
        assert shown[-1].value == pytest.approx(value)  # the last epoch has the final loss, see write_run
    events = EventAccumulator(str(out / "weight_decay-1" / "mean")).Reload()
    ends = [events.Scalars(f"with_interval/test/loss/{end}")[-1].value for end in ("low", "high")]
    assert ends == pytest.approx([expected.low, expected.high])
    layout = Layout.FromString(events.Tensors("custom_scalars__config__")[0].tensor_proto.string_val[0])
    (band,) = next(chart for chart in layout.category[0].chart if chart.title == "test/loss").margin.series
    assert (band.value, band.lower, band.upper) == (
        "test/loss",
        "with_interval/test/loss/low",
        "with_interval/test/loss/high",
    )
    with pytest.raises(FileExistsError, match="must be a new or empty folder"):
        regexp.compare(folder).write_averages(out)


def test_with_single_seeds_nothing_is_decided_and_there_are_no_empty_columns(tmp_path):
    for strength in (0.0, 1.0):
        write_setting(tmp_path, decayed(strength), [strength + 1], [2 - strength])
    found = regexp.compare(tmp_path)
    assert found.sentences[2].startswith("One seed per setting decides nothing: train several")
    assert "1 seed: test/loss" in str(found)
    assert "interval" not in str(found).partition("setting")[2].partition("\n")[0]


def test_the_ends_of_two_grids_are_extended_together(tmp_path):
    for lasso in (0.1, 1.0):
        for decay in (0.01, 0.1):
            words = [f"regularizer.l1.strength={lasso:g}", f"regularizer.weight_decay.strength={decay:g}", "seed=0"]
            both = replace(ONE, regularizers=[L1(lasso), WeightDecay(decay)])
            write_run(tmp_path, both, 1.0, 2 - lasso - decay, overrides=words)
    chose = regexp.compare(tmp_path).sentences[0]
    assert "(l1.strength 0.1, 1) and the upper end of its grid (weight_decay.strength 0.01, 0.1)" in chose
    assert '"regularizer.l1.strength=1,10,100" "regularizer.weight_decay.strength=0.1,1,10"' in chose


def test_a_run_named_alone_is_compared_beside_it_and_not_inside(study, monkeypatch, capsys):
    folder, _ = study
    runs = sorted(file.parent for file in folder.glob("*/summary.json"))
    monkeypatch.setattr(sys, "argv", ["regexp-compare", *map(str, runs), "--no-figures"])
    main()
    assert "24 runs, 4 settings, 6 seeds" in capsys.readouterr().out
    assert not (folder / "comparison/answer.txt").exists()  # that is the place of all runs, by default
    assert len(list(folder.glob("comparison/*/answer.txt"))) == 1
    assert not (runs[0] / "comparison").exists()
