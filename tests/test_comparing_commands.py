"""What ``regexp-compare`` prints to type next, and where it writes: on folders as sweeps leave them."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

import regexp
from regexp.command.conclusion import conclude
from regexp.comparing import main
from regexp.comparison.reading import read, read_run
from regexp.models import MLP
from regexp.optim import SGD
from regexp.regularizers import L1, Dropout, WeightDecay
from run_folders_of import ONE, write_run, write_setting
from test_comparing import decayed


def written(folder, grid, *, name="s", seeds=2, launcher="", flags="", **more):
    """A study as a sweep leaves it: values of lr, by their validation loss (None: diverged)."""
    place = folder / "outputs" / name
    for lr, val in grid.items():
        for seed in range(seeds):
            words = [f"study={name}", f"optimizer.lr={lr:g}", f"seed={seed}"]
            status = {"status": "diverged"} if val is None else {}
            command = " ".join(["regexp-train", flags, *words[1:]])
            one = replace(ONE, optimizer=SGD(lr), seed=seed)
            write_run(place, one, 1 + seed / 10, val or 9.0, overrides=words, command=command, **status, **more)
    (place / "commands.txt").write_text(f"regexp-train {flags} -m study={name} {launcher}\n", encoding="utf-8")
    return place


def train_line(text):
    (line,) = [line.strip() for line in text.splitlines() if line.strip().startswith("regexp-train")]
    return shlex.split(line)


@pytest.fixture
def compared(tmp_path, monkeypatch, capsys):
    """Type ``regexp-compare`` with these arguments in ``tmp_path``; what it prints."""
    monkeypatch.chdir(tmp_path)

    def typed(*arguments):
        monkeypatch.setattr(sys, "argv", ["regexp-compare", *map(str, arguments), "--no-figures"])
        main()
        return capsys.readouterr().out

    return typed


def answers(folder):
    return {str(file.parent.relative_to(folder)) for file in folder.rglob("answer.txt")}


def test_an_extension_finds_its_configuration_and_is_launched_as_before(tmp_path):
    flags = "--config-dir 'my conf' --config-name=mine 'hydra.searchpath=[file://conf two]'"
    place = written(
        tmp_path, {0.1: 2.0, 1: 1.0}, flags=flags, launcher="hydra.launcher.engine=queue hydra.launcher.max_stack=4"
    )
    line = train_line(regexp.compare(place).sentences[0])
    assert line[1:5] == ["--config-dir", "my conf", "--config-name=mine", "hydra.searchpath=[file://conf two]"]
    assert line[5] == "-m"
    assert line[-2:] == ["hydra.launcher.engine=queue", "hydra.launcher.max_stack=4"]
    assert "study=s" in line


def test_the_printed_extension_of_a_configuration_of_ones_own_is_trained(command_line, tmp_path):
    (tmp_path / "my conf/optimizer").mkdir(parents=True)
    (tmp_path / "my conf/optimizer/mine.yaml").write_text("defaults: [sgd]\nlr: 0.02\n", encoding="utf-8")
    sizes = ("epochs=1", "dataset.train_size=10", "dataset.val_size=20")
    words = ("optimizer=mine", "regularizer.weight_decay.strength=0.001,0.01", "seed=0,1", "hydra.launcher.max_stack=2")
    first = command_line("--config-dir", "my conf", "-m", "study=s", *sizes, *words)
    assert first.code == 0, first.stderr
    line = train_line(next(part for part in first.stdout.split("Extend it:")[1:]).split("\n", 2)[1])
    again = command_line(*line[1:])
    assert again.code == 0, again.stderr
    assert "8 runs, 4 settings, 2 seeds" in again.stdout


def test_only_the_default_comparison_of_a_whole_study_writes_into_it(tmp_path, compared):
    place = written(tmp_path, {0.1: 2.0, 1: 1.0})
    other = written(tmp_path, {0.2: 2.0, 2: 1.0}, name="t")
    compared(place)
    kept = (place / "comparison/answer.txt").read_bytes()
    runs = sorted(file.parent for file in place.glob("*/summary.json"))
    compared(place, "--metric", "train/loss", "--at", "best")
    compared(place, "--baseline", "lr=1")
    compared(place, other)
    compared(runs[0])
    compared(*runs[:3])
    compared(place, "--out", "mine")
    assert (place / "comparison/answer.txt").read_bytes() == kept
    assert answers(place) == {"comparison", "comparison/train-loss+best", "comparison/baseline-lr-1"}
    assert not answers(other)
    outside = answers(tmp_path / "outputs") - {f"s/{name}" for name in answers(place)}
    assert "comparison/s+t" in outside
    assert len(outside) == 3
    assert "2 runs, 2 settings" not in compared("outputs")  # what was written there is no run
    assert (tmp_path / "mine/answer.txt").exists()


def test_sizes_of_splits_are_no_candidates(tmp_path):
    place = tmp_path / "outputs/s"
    for size, val in ((0, None), (10, 2.0), (20, 1.0)):
        one = replace(ONE, dataset=replace(ONE.dataset, val_size=size))
        write_setting(place, one, [1.0, 1.1], [val] * 2 if val else None, overrides=[f"dataset.val_size={size}"])
    found = regexp.compare(place)
    assert found.findings.choice is None
    assert found.findings.baseline.label == "val_size=0"
    assert found.sentences[0].startswith("Nothing was chosen: settings differ in val_size, and means over different splits")
    assert "regexp-train" not in str(found)


def test_a_validation_split_comes_in_a_study_of_its_own(tmp_path):
    place = tmp_path / "outputs/s"
    for lr in (0.1, 1.0):
        words = ["study=s", f"optimizer.lr={lr:g}", "seed=0"]
        write_run(place, replace(ONE, optimizer=SGD(lr)), lr, None, overrides=words)
    (place / "commands.txt").write_text("regexp-train -m study=s\n", encoding="utf-8")
    line = train_line(regexp.compare(place).sentences[0])
    assert "study=s-val" in line
    assert "study=s" not in line


def test_a_search_is_compared_as_it_compared_itself(tmp_path, compared):
    for lr, loss in ((0.1, 2.0), (1.0, 1.0)):
        metrics = {"test/accuracy": loss / 4, "val/accuracy": loss / 4}
        one = replace(ONE, optimizer=SGD(lr))
        write_setting(tmp_path / "found/chosen", one, [loss, loss + 1], [loss] * 2, metrics=metrics)
    runs = sorted(file.parent for file in (tmp_path / "found").rglob("summary.json"))
    names = [str(run.relative_to(tmp_path / "found")) for run in runs]
    (tmp_path / "found/search.json").write_text(json.dumps({"compared": names}), encoding="utf-8")
    as_asked = str(regexp.compare(tmp_path / "found", metric="test/loss", at="best"))
    assert as_asked in compared("found")
    assert "at the best epoch" in as_asked
    assert (tmp_path / "found/comparison/answer.txt").exists()


OUTSIDE = "compared must name folders below it, got {!r}: correct it, or repeat the search"


@pytest.mark.parametrize(
    ("name", "says"),
    [
        *((name, OUTSIDE) for name in ("../other", "runs/../../other", "", ".", "..", "{elsewhere}", "linked")),
        ("nul\0", "embedded null byte"),
        (3, "'int'"),
    ],
)
def test_a_search_cannot_name_runs_outside_its_folder(tmp_path, name, says):
    """A folder that somebody sent: nothing outside it is read, and it is not read for ever."""
    elsewhere = written(tmp_path, {0.1: 1.0}, name="other")
    place = written(tmp_path, {1: 1.0}, name="found")
    (place / "linked").symlink_to(elsewhere, target_is_directory=True)
    inside = next(place.rglob("summary.json")).parent.name
    name = name.format(elsewhere=elsewhere) if isinstance(name, str) else name
    (place / "search.json").write_text(json.dumps({"compared": [inside, name]}), encoding="utf-8")
    runs, problems = read([place])
    assert runs == [] and len(problems) == 1 and problems[0].startswith(f"{place / 'search.json'} is damaged: ")
    assert problems[0].endswith(says.format(name))


def test_only_settings_with_finished_runs_are_candidates_and_what_never_began_is_told(tmp_path):
    place = written(tmp_path, {0.1: 2.0, 1: 1.0, 10: 3.0, 1e9: None})
    (place / "sweep.json").write_text(json.dumps({"jobs": 11, "folders": dict.fromkeys(map(str, range(8)))}), encoding="utf-8")
    found = regexp.compare(place)
    write_run(place, replace(ONE, optimizer=SGD(5.0)), 1.0, 1.0, status="failed")
    again = regexp.compare(place)
    assert "of the 3 settings (of 5) with finished runs" in again.sentences[0]
    assert any("3 of the 11 runs that the last command in" in remark for remark in found.remarks)


@pytest.mark.parametrize(
    ("grid", "tried"),
    [
        ({0.003: 1.0, 3: 2.0, 1000: None}, "0.0003,3e-05"),
        ({0.003: 2.0, 3: 1.0, 1000: None}, "55"),
        ({1: 2.0, 3: 1.0, 4: None}, None),
        ({0.1: 2.0, 0.3: 1.0}, "0.9,2.7"),
    ],
)
def test_a_grid_is_extended_by_a_sensible_factor_and_bisected_towards_divergence(grid, tried, tmp_path):
    found = regexp.compare(written(tmp_path, grid))
    if tried is None:
        assert "regexp-train" not in found.sentences[0]
        return
    assert f"optimizer.lr={tried}" in train_line(found.sentences[0])
    if None in grid.values():
        assert "All runs of one setting diverged (lr=1000)." in found.sentences[2]


def test_what_was_not_tested_is_not_called_a_test(tmp_path):
    write_run(tmp_path, decayed(0.0, seed=0), 1.0, 2.0)
    write_run(tmp_path, decayed(0.0, seed=1), 1.2, 2.0)
    write_run(tmp_path, decayed(1.0, seed=1), 0.9, 1.0)
    found = regexp.compare(tmp_path)
    assert "weight_decay 1 has 1 seed, weight_decay 0 2 seeds, and one seed (1) is shared" in found.sentences[1]
    assert "single seed" not in found.sentences[1]
    assert "Welch" not in str(found) + found.methods
    assert found.table["test"].tolist() == ["", ""]


def test_a_history_that_ends_early_is_named(tmp_path):
    run = write_run(tmp_path, ONE, 1.0)
    assert not [remark for remark in regexp.compare(tmp_path).remarks if "ends at epoch" in remark]
    lines = (run / "metrics.csv").read_text(encoding="utf-8").splitlines()
    (run / "metrics.csv").write_text("\n".join(lines[:-1]) + "\n", encoding="utf-8")
    assert any(
        "metrics.csv ends at epoch 1 and summary.json tells of 2" in remark for remark in regexp.compare(tmp_path).remarks
    )


def test_a_regularizer_with_one_strength_shows_it_beside_others(tmp_path):
    for regularizers in ((L1(0.1),), (WeightDecay(1.0),), (WeightDecay(3.0),), (L1(0.1), WeightDecay(3.0))):
        write_setting(tmp_path, replace(ONE, regularizers=regularizers), [1.0, 2.0])
    labels = regexp.compare(tmp_path).table["setting"].tolist()
    assert labels == ["l1 0.1", "weight_decay 1", "weight_decay 3", "l1 0.1 + weight_decay 3"]


def test_missing_seeds_come_with_the_command_that_trains_them(tmp_path):
    place = written(tmp_path, {0.1: 2.0, 1: 1.0, 10: 3.0}, seeds=3)
    lost = next(file.parent for file in place.glob("*/summary.json") if read_run(file.parent).seed == (2, 2))
    lr = read_run(lost).fields["optimizer.lr"]
    (lost / "summary.json").unlink()
    (lost / "config.yaml").unlink()
    undecided = regexp.compare(place).sentences[2]
    assert f"Not all seeds are in (lr={lr:g}). Train what is missing:" in undecided
    assert {"seed=2", "study=s", f"optimizer.lr={lr:g}", "-m"} <= set(train_line(undecided))


def test_failed_runs_are_called_failed(tmp_path):
    place = written(tmp_path, {0.1: 2.0, 1: 1.0})
    write_run(place, replace(ONE, optimizer=SGD(1.0), seed=2), 1.0, 1.0, status="failed")
    write_run(place, replace(ONE, optimizer=SGD(0.1), seed=2), 1.0, 1.0)
    undecided = regexp.compare(place).sentences[2]
    assert "Runs failed (lr=1): see their train.log." in undecided
    assert "Not all seeds" not in undecided


def test_where_nothing_can_be_written_the_answer_is_printed(tmp_path, monkeypatch, capsys, compared):
    place = written(tmp_path, {0.1: 2.0, 1: 1.0})

    def refused(*_, **__):
        raise PermissionError(13, "Permission denied", str(place / "comparison"))

    monkeypatch.setattr("regexp.comparison.comparison.Comparison.write", refused)
    with pytest.raises(SystemExit, match=r"nothing was written \(Permission denied: .*comparison\): name a folder by --out"):
        compared(place)
    assert "Validation chose" in capsys.readouterr().out
    conclude(place)
    said = capsys.readouterr().out
    assert "Validation chose" in said
    assert "nothing was written" in said


def test_averages_are_announced_and_a_taken_folder_is_refused_first(tmp_path, compared, capsys):
    place = written(tmp_path, {0.1: 2.0, 1: 1.0})
    said = compared(place, "--tensorboard", "averaged")
    assert "every setting's mean and interval are in averaged\ntensorboard --logdir averaged" in said
    assert "table and methods are in" in said
    assert "pictures" not in said
    with pytest.raises(SystemExit, match="must be a new or empty folder"):
        compared(place, "--tensorboard", "averaged")
    assert not capsys.readouterr().out


def test_one_setting_leaves_no_words_of_a_comparison(tmp_path):
    write_setting(tmp_path, ONE, [1.0, 2.0], [1.0, 2.0])
    assert "left open" not in str(regexp.compare(tmp_path))
    assert "There is one setting only" in str(regexp.compare(tmp_path))


def test_the_third_sentence_does_not_contradict_itself(tmp_path):
    for strength, val in ((0.0, 2.0), (1.0, 1.0), (2.0, 3.0)):
        noisy = [5.0, 6.0, 5.5, 5.1] if strength < 2 else [50.0, 51.0, 50.5, 50.2]
        if strength == 1.0:
            noisy = [5.2, 5.9, 5.4, 5.2]
        write_setting(tmp_path, decayed(strength), noisy, [val] * 4)
    undecided = regexp.compare(tmp_path).sentences[2]
    assert "do not decide whether weight_decay 1 differs from the baseline (weight_decay 0)" in undecided
    assert "weight_decay 1 differs in test/loss from each of the other settings (the baseline apart)." in undecided


def test_what_only_the_correction_leaves_open_is_said_so(tmp_path):
    base = np.array([5.0, 6.0, 5.5, 5.1])
    others = {1.0: (base - [0.3, 1.0, 1.7, 1.0], 1.0), 2.0: (base + np.array([0.1, -0.1, 0.05, -0.05]), 3.0)}
    for strength, (test, val) in {0.0: (base, 2.0), **others}.items():
        write_setting(tmp_path, decayed(strength), test.tolist(), [val] * 4)
    found = regexp.compare(tmp_path)
    p = stats.ttest_rel(others[1.0][0], base).pvalue
    assert p < 0.05 < 2 * p == pytest.approx(found.findings.choice.p)
    assert "alone its interval would leave out 0, but not after the correction" in found.sentences[2]
    assert "is compatible with them" not in found.sentences[2]


def test_a_reader_that_has_seen_enough_is_no_error(tmp_path):
    place = written(tmp_path, {0.1: 2.0, 1: 1.0})
    code = "import sys; from regexp.comparing import main; sys.argv[1:] = [sys.argv[1], '--no-figures']; main()"
    read_end, write_end = os.pipe()
    os.close(read_end)
    done = subprocess.run(
        [sys.executable, "-c", code, place], stdout=write_end, stderr=subprocess.PIPE, encoding="utf-8", check=False
    )
    os.close(write_end)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert "BrokenPipe" not in done.stderr


def test_dropout_without_other_strengths_stays_short(tmp_path):
    for regularizers in ((), (Dropout(0.5),)):
        write_setting(tmp_path, replace(ONE, model=MLP((4,)), regularizers=regularizers), [1.0, 2.0])
    assert regexp.compare(tmp_path).table["setting"].tolist() == ["none", "dropout"]
