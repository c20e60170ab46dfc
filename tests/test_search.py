"""Sets of regularizers searched with an equal budget: the right choice, the same again, and only fresh seeds compared."""

from __future__ import annotations

import csv
import functools
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import regexp
from regexp.comparing import NothingToCompare
from regexp.comparison.reading import newest_study
from regexp.config import ConfigError
from regexp.config.planning import plan
from regexp.datasets import SyntheticRegression
from regexp.experiment import Experiment
from regexp.models import Linear
from regexp.optim import SGD
from regexp.search.outcomes import Outcome, Searched
from regexp.search.report import remarks
from regexp.train import CONFIG_NAME, config_folder
from support import arrays
from test_readme import get_args_parser

SEARCH = ("-m", "hydra/sweeper=search")
QUICK = ("epochs=2", "dataset.train_size=10")
SETS = "regularizer=[],[weight_decay],[l1]"
SIZES = {"features": 10, "train_size": 40, "true_weight": 0.5, "noise": 1.0}
TABLE = Path(__file__).parent / "table.csv"
RIDGE = (  # full batches to convergence, and validation at the end only
    *(f"dataset.{name}={value}" for name, value in SIZES.items()),
    *("dtype=float64", "model.init=constant", "batch_size=null", "epochs=1000", "eval_every=1000", "optimizer.lr=0.1"),
)


def tried(folder: Path) -> dict[str, list[dict[str, str]]]:
    """The rows of ``search.csv`` by set."""
    found: dict[str, list[dict[str, str]]] = {}
    with (folder / "search.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            found.setdefault(row["set"], []).append(row)
    return found


def seeds_below(folder: Path) -> set[int]:
    return {json.loads(file.read_text(encoding="utf-8"))["seed"] for file in folder.glob("*/summary.json")}


@functools.cache
def ridge_data(seed: int):
    experiment = Experiment(SyntheticRegression(**SIZES), Linear(), SGD(0.1), seed=seed)
    return arrays(experiment), arrays(experiment, "val")


def ridge_validation(strength: float, seed: int) -> float:
    """Half the mean squared validation error of the exact solution (centred, the bias free), or of the start if it is less."""
    (x, y), (x_val, y_val) = ridge_data(seed)
    xc, yc = x - x.mean(0), y - y.mean()
    w = np.linalg.solve(xc.T @ xc / len(x) + strength * np.eye(x.shape[1]), xc.T @ yc / len(x))
    residuals = y_val - y.mean() - (x_val - x.mean(0)) @ w
    return float(min(np.mean(residuals**2), np.mean(y_val**2)) / 2)


def test_the_chosen_strength_is_the_best_ridge(command_line, tmp_path):
    budget = ("hydra.sweeper.budget=16", "hydra.sweeper.fresh_seeds=4", "study=ridge")
    done = command_line(*SEARCH, *RIDGE, "regularizer=[],[l2],[weight_decay]", "seed=range(3)", *budget)
    assert done.code == 0, done.stderr
    root = tmp_path / "outputs/ridge"
    found = tried(root)
    assert {name: len(rows) for name, rows in found.items()} == {"none": 1, "l2": 16, "weight_decay": 16}
    for name in ("l2", "weight_decay"):
        strengths = [float(row[f"regularizer.{name}.strength"]) for row in found[name]]
        losses = [float(row["val/loss mean"]) for row in found[name]]
        exact = [np.mean([ridge_validation(strength, seed) for seed in range(3)]) for strength in strengths]
        assert losses == pytest.approx(exact, rel=1e-6)
        chosen = [strength for strength, row in zip(strengths, found[name], strict=True) if row["chosen"] == "True"]
        assert chosen == [strengths[int(np.argmin(exact))]]
        fine = np.geomspace(1e-6, 10, 400)
        best = fine[int(np.argmin([np.mean([ridge_validation(s, seed) for seed in range(3)]) for s in fine]))]
        between = [s for s in strengths if min(best, chosen[0]) < s < max(best, chosen[0])]
        assert between == []
        assert 0.2 < best / chosen[0] < 5
    assert "none: nothing to search, one setting instead of 16" in done.stdout
    assert (seeds_below(root / "search"), seeds_below(root / "chosen")) == ({0, 1, 2}, {3, 4, 5, 6})
    assert len(list(root.glob("chosen/*/summary.json"))) == 3 * 4
    later = regexp.compare(root)
    assert {seed for row in later.findings.rows for seed, _ in row.setting.runs} == {3, 4, 5, 6}
    assert later.findings.baseline.label == "none"
    assert newest_study(tmp_path / "outputs") == root
    assert all((root / name).stat().st_size for name in ("search.png", "search.svg", "comparison/answer.txt"))
    assert all(sentence in done.stdout for sentence in regexp.compare(root, at="best").sentences)


def test_repeating_goes_on_from_what_is_there(command_line, tmp_path):
    command = (*SEARCH, *QUICK, SETS, "seed=1,2", "study=s", "compare=false")
    root = tmp_path / "outputs/s"
    first = command_line(*command, "hydra.sweeper.budget=4")
    assert first.code == 0, first.stderr
    before = (root / "search.csv").read_bytes()
    runs = {file: file.stat().st_mtime_ns for file in root.glob("*/*/summary.json")}
    same = [sys.executable, "-X", "importtime", "-m", "regexp.train", *command, "hydra.sweeper.budget=4"]
    again = subprocess.run(same, capture_output=True, text=True, encoding="utf-8", cwd=tmp_path, check=True)
    assert "import time:" in again.stderr
    assert not re.search(r"\| +(torch|tensorboard)$", again.stderr, re.MULTILINE)
    assert again.stdout.partition("Chosen by")[2] == first.stdout.partition("Chosen by")[2]
    assert (root / "search.csv").read_bytes() == before
    assert {file: file.stat().st_mtime_ns for file in runs} == runs
    more = command_line(*command, "hydra.sweeper.budget=8")
    assert "34 runs in outputs/s/search: 16 completed, 18 there already" in more.stdout
    assert [rows[:4] for rows in tried_values(root)] == tried_values(before)[: len(tried_values(root))]
    fewer = command_line(*(word for word in command if word != "compare=false"), "hydra.sweeper.budget=4")
    assert "18 there already" in fewer.stdout
    assert (root / "search.csv").read_bytes() == before
    other = command_line(*command, "hydra.sweeper.budget=4", "study=other")
    assert other.code == 0
    assert "trained with fresh seeds" in fewer.stdout and "trained with fresh seeds" not in other.stdout
    assert not (tmp_path / "outputs/other/comparison").exists()
    assert (tmp_path / "outputs/other/search.csv").read_bytes() == before


def tried_values(source: Path | bytes) -> list[list[tuple[str, ...]]]:
    """The searched values of every set, in order."""
    text = source.decode() if isinstance(source, bytes) else (source / "search.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(text.splitlines()))
    names = list(dict.fromkeys(row["set"] for row in rows))
    return [[tuple(v for k, v in row.items() if k.startswith("reg")) for row in rows if row["set"] == n] for n in names]


def test_a_search_that_was_killed_is_completed(start, command_line, tmp_path):
    sizes = ("dataset.train_size=10", "epochs=100", "eval_every=50", "compare=false")
    command = (*SEARCH, *sizes, SETS, "seed=1,2", "hydra.sweeper.budget=4")
    killed = start(*command, "study=killed", "hydra.launcher.max_stack=1")
    root = tmp_path / "outputs/killed"
    deadline = time.monotonic() + 100
    while len([f for f in root.glob("search/*/summary.json") if '"completed"' in f.read_text(encoding="utf-8")]) < 3:
        assert time.monotonic() < deadline, killed.err
        time.sleep(0.02)
    os.kill(killed.pid, signal.SIGKILL)
    killed.stop()
    with pytest.raises(NothingToCompare, match="holds a search that is not finished"):
        regexp.compare(root)
    assert command_line(*command, "study=killed").code == 0
    assert command_line(*command, "study=whole").code == 0
    assert tried_values(root) == tried_values(tmp_path / "outputs/whole")
    ours, theirs = tried(root), tried(tmp_path / "outputs/whole")
    for name in theirs:
        values = [[float(row["val/loss mean"]) for row in found[name]] for found in (ours, theirs)]
        assert values[0] == pytest.approx(values[1], rel=1e-5)
        assert [row["chosen"] for row in ours[name]] == [row["chosen"] for row in theirs[name]]


def test_two_processes_on_one_search_ask_once(start, command_line, tmp_path):
    more = ("hydra.sweeper.budget=4", "study=s", "hydra.launcher.max_stack=2", "compare=false")
    command = (*SEARCH, "epochs=20", "eval_every=5", SETS, "seed=1,2", *more)
    for outcome in [process.finish() for process in [start(*command) for _ in range(2)]]:
        assert outcome.code == 0 or "repeat the command to go on with the search" in outcome.stderr, outcome.stderr
    assert command_line(*command).code == 0
    assert {name: len(rows) for name, rows in tried(tmp_path / "outputs/s").items()} == {"none": 1, "weight_decay": 4, "l1": 4}
    assert len(list((tmp_path / "outputs/s/search").glob("*/summary.json"))) == 2 * 9


def test_a_diverged_setting_is_the_worst_and_is_told(command_line, tmp_path):
    rates = "optimizer.lr=tag(log,interval(0.001,1000))"
    done = command_line(
        *SEARCH,
        "epochs=20",
        "dataset.features=5",
        SETS,
        "seed=1,2",
        "hydra.sweeper.budget=4",
        rates,
        "hydra.sweep.dir=s",
        "compare=false",
    )
    assert done.code == 0, done.stderr
    for rows in tried(tmp_path / "s").values():
        assert len(rows) == 4  # without a regularizer, too, as there is a learning rate to search
        lost = [int(row["lost seeds"]) for row in rows]
        assert max(lost) == 2
        assert [n for n, row in zip(lost, rows, strict=True) if row["chosen"] == "True"] == [0]
    assert "settings with a lost seed" in done.stdout
    ended = {file.parent: json.loads(file.read_text(encoding="utf-8")) for file in tmp_path.glob("s/*/*/summary.json")}
    diverged = [folder for folder, summary in ended.items() if summary["status"] == "diverged"]
    again = (*SEARCH, "epochs=20", "dataset.features=5", SETS, "seed=1,2", "hydra.sweeper.budget=4", rates, "study=raised")
    raised = command_line(*again, "compare=false", "on_divergence=raise")
    assert raised.code == 1
    told = re.findall(r"^  (outputs\S+) diverged: train/loss is", raised.stderr, re.MULTILINE)
    assert sorted(Path(one).name for one in told) == sorted(folder.name for folder in diverged)
    assert "settings with a lost seed" in raised.stdout


def test_other_commands_do_not_import_optuna(tmp_path):
    for sweep in (("-m", "seed=1,2", "epochs=1", "compare=false"), ("-m", "hydra/sweeper=search", "hydra.sweeper.budget=0")):
        command = [sys.executable, "-X", "importtime", "-m", "regexp.train", *sweep]
        done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", cwd=tmp_path, check=False)
        assert "| regexp" in done.stderr.replace("    ", " ").replace("  ", " ")
        assert not re.search(r"\| +(optuna|sqlalchemy)$", done.stderr, re.MULTILINE)


def planned(*arguments: str):
    return plan(get_args_parser().parse_intermixed_args(list(arguments)), config_folder(), CONFIG_NAME)


def test_choices_make_contexts_and_each_has_a_search_of_its_own():
    found = planned(*SEARCH, "regularizer=[],[dropout]", "model=mlp", "dataset.noise=0.1,1", "seed=range(2)").search.spaces
    assert [space.label for space in found] == [f"noise={n}, {name}" for name in ("none", "dropout") for n in ("0.1", "1")]
    assert [list(space.ranges) for space in found] == [[]] * 2 + [["regularizer.dropout.rate"]] * 2
    assert all(space.seeds == ["0", "1"] for space in found)


def test_the_command_line_gives_values_and_ranges():
    typed = ("regularizer.l1.strength=0.1", "regularizer.l2.strength=interval(0,1)", "optimizer.lr=tag(log,interval(1e-3,1))")
    found = planned(*SEARCH, "regularizer=[],[l1],[l2],[l1,weight_decay],[early_stopping]", *typed).search.spaces
    rate, own = ("optimizer.lr", "tag(log,interval(0.001,1))"), ("regularizer.l2.strength", "interval(0,1)")
    decay = ("regularizer.weight_decay.strength", "tag(log,interval(1e-06,10))")
    expected = {"none": [rate], "l1": [rate], "l2": [rate, own], "l1 + weight_decay": [rate, decay], "early_stopping": [rate]}
    ranges = {space.label: sorted((key, str(one)) for key, one in space.ranges.items()) for space in found}
    assert ranges == {label: sorted(expected[label]) for label in expected}
    patience = planned(*SEARCH, "regularizer=[early_stopping]", "regularizer.early_stopping.patience=interval(1,8)")
    assert [[one.whole for one in space.ranges.values()] for space in patience.search.spaces] == [[], [True]]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["-m", "hydra.sweeper.budget=0"], "hydra.sweeper.budget must be a whole number >= 1, got 0"),
        (["-m", "hydra.sweeper.baseline=some"], "hydra.sweeper.baseline"),
        (["-m", "hydra.sweeper.budget=1.5"], "hydra.sweeper.budget must be a whole number >= 1, got 1.5"),
        (["-m", "hydra.sweeper.sampler=sobol"], "must be one of qmc, random, tpe, gp, cmaes, nsgaii, nsgaiii, got 'sobol'"),
        (["-m", "hydra/launcher=basic"], "hydra/sweeper=search trains its settings as stacks: leave hydra/launcher=basic away"),
        ([], "hydra/sweeper=search trains many runs: add -m"),
        (["-m", "epochs=interval(1,3)"], "got interval(1,3): write epochs=1,3"),
        (["-m", "optimizer.lr=tag(log,interval(0,1))"], "optimizer.lr must begin above 0, as its tag is log"),
        (["-m", "optimizer.lr=interval(1,1)"], "optimizer.lr must go from one finite number to a larger one"),
        (["-m", "optimizer.lr=interval(-1,1)"], "optimizer.lr must be a finite number > 0, got -1.0"),
        (["-m", "seed=interval(0,5)"], "seed must be a list of whole numbers, got interval(0,5): write seed=range(5)"),
        (["-m", "regularizer=[l1]", "regularizer.l2.strength=interval(1,2)"], 'l2 is not in [l1]: write "regularizer=[l1,l2]"'),
        (["-m", "regularizer=[dropout]"], "regularizer.dropout.rate drops hidden units, and this model has none"),
        (
            ["-m", "dataset=fashion_mnist", "model=mlp", "model.output=sigmoid", "loss=binary_cross_entropy,quadratic"],
            "got loss=binary_cross_entropy,quadratic (values on different scales): set objective=val/accuracy",
        ),
        (["-m", "dataset.val_size=0"], "a search chooses by the validation split, and there is none: set dataset.val_size > 0"),
        (
            ["-m", "dataset=table", f"dataset.path={TABLE.as_posix()}", "dataset.target=y", "dataset.val_fraction=0"],
            "a search chooses by the validation split, and there is none: set dataset.val_fraction > 0",
        ),
    ],
)
def test_what_cannot_be_searched_is_refused_before_anything_is_written(arguments, said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match=re.escape(said)):
        planned("hydra/sweeper=search", *arguments)
    assert list(tmp_path.iterdir()) == []


def test_a_set_that_is_the_only_one_is_compared_with_none():
    def labels(*words):
        return [space.label for space in planned(*SEARCH, *words).search.spaces]

    assert labels() == ["none", "weight_decay"] == labels("regularizer.weight_decay.strength=0.1")
    assert labels("regularizer=[l2,l1]") == ["none", "l2 + l1"]
    assert labels("regularizer.weight_decay.strength=0.1,1") == [
        "none",
        "strength=0.1, weight_decay",
        "strength=1, weight_decay",
    ]
    assert labels("regularizer=[l2],[l1]") == ["l2", "l1"]
    assert labels("regularizer=[]", "optimizer.lr=interval(0.1,1)") == ["none"]
    assert labels("hydra.sweeper.baseline=false") == ["weight_decay"]
    contexts = planned(*SEARCH, "regularizer=[l2]", "dataset.noise=0.1,1", "optimizer.lr=interval(0.1,1)").search.spaces
    assert [space.label for space in contexts] == [f"noise={noise}, {name}" for name in ("none", "l2") for noise in (0.1, 1)]
    assert all("optimizer.lr" in space.ranges for space in contexts)


def test_chosen_by_one_seed_the_settings_are_still_compared(command_line, tmp_path):
    """Nothing but a search asked for: it answers, by ten fresh seeds."""
    done = command_line(*SEARCH, *QUICK, "hydra.sweeper.budget=2", "study=s")
    assert done.code == 0, done.stderr
    assert (seeds_below(tmp_path / "outputs/s/search"), seeds_below(tmp_path / "outputs/s/chosen")) == ({0}, set(range(1, 11)))
    assert re.search(r"Its test/loss is|With weight_decay at strength \S+ the test/loss is", done.stdout)
    assert "decides nothing" not in done.stdout


def test_one_set_alone_is_told_what_to_be_compared_with():
    asked = planned(*SEARCH, "regularizer=[l2]", "hydra.sweeper.baseline=false")
    (space,) = asked.search.spaces
    (note,) = remarks(
        [Searched(space, "val/loss", [Outcome(0, dict.fromkeys(space.ranges, 0.1), [1.0], [1.0])])], 1, asked.composer
    )
    (word,) = shlex.split(note.partition("as in ")[2])
    assert [one.label for one in planned(*SEARCH, word).search.spaces] == ["none", "l2"]


def test_a_package_that_is_missing_is_named(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ConfigError, match=r'needs Optuna: pip install "regexp\[search\]"\n.*cmaes: pip install cmaes'):
        planned(*SEARCH, "hydra.sweeper.sampler=cmaes")


def test_searches_and_sweeps_do_not_share_a_folder(command_line, tmp_path):
    assert command_line("-m", *QUICK, "seed=1,2", "study=grid").code == 0
    assert "give the search another study" in command_line(*SEARCH, *QUICK, "study=grid").stderr
    searched = command_line(*SEARCH, *QUICK, SETS, "hydra.sweeper.budget=2", "hydra.sweeper.fresh_seeds=1", "study=searched")
    assert searched.code == 0, searched.stderr
    assert "give the sweep another study" in command_line("-m", *QUICK, "seed=1,2", "study=searched").stderr
    (more,) = re.findall(r"train several:\n  regexp-train (.*)", searched.stdout)
    assert planned(*shlex.split(more)).search.options.fresh_seeds == 10
    assert {"study=searched", "hydra.sweeper.budget=2"} < set(shlex.split(more))
    wider = [shlex.split(line)[0] for line in re.findall(r"Widen it: (.*)", searched.stdout)]
    assert all(planned(*SEARCH, SETS, line).search.spaces for line in wider)
