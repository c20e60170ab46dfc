"""A multirun as stacks: what plain Hydra gives, a study that grows, sets with their own grids, and failures that stay alone."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from regexp import stored
from regexp.datasets import SyntheticRegression
from regexp.experiment import Experiment
from regexp.launcher import Launcher
from regexp.models.mlp import MLP
from regexp.optim import SGD
from regexp.order import Order
from regexp.regularizers import L1, Dropout, EarlyStopping, WeightDecay
from regexp.regularizers.regularizer import Regularizer
from regexp.settings import Settings
from regexp.sweep import sweep
from regexp.sweep.stacks import BUDGET, bytes_per_run, remark, stacks
from regexp.sweep.study import claim, held
from regexp.sweep.tally import Tally
from run_folders_of import write_run

QUICK = ("epochs=2", "dataset.train_size=10")
GRID = ("regularizer.weight_decay.strength=0.1,1", "seed=1,2")


def runs_in(folder: Path) -> dict[str, Path]:
    """The folders of a sweep's runs, by name."""
    return {file.parent.name: file.parent for file in sorted(folder.glob("*/summary.json"))}


def summary(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "summary.json").read_text(encoding="utf-8"))


def read(file: Path) -> Any:
    return yaml.safe_load(file.read_text(encoding="utf-8"))


def test_stacks_leave_what_plain_hydra_leaves(command_line, tmp_path):
    sets = "regularizer=[weight_decay],[weight_decay,early_stopping],[l1,weight_decay]"
    sweep = ("-m", *QUICK, *GRID, sets, "objective=val/loss")
    assert command_line(*sweep, "hydra.sweep.dir=stacks").code == 0
    assert command_line(*sweep, "hydra.sweep.dir=plain", "hydra/sweeper=basic", "hydra/launcher=basic").code == 0
    ours, theirs = runs_in(tmp_path / "stacks"), runs_in(tmp_path / "plain")
    assert list(ours) == list(theirs)
    assert len(ours) == 12
    for name in ours:
        same_files(ours[name], theirs[name])
        one, other = stored.load(ours[name]), stored.load(theirs[name])
        assert one.experiment == other.experiment
        assert (one.status, one.best_epoch, one.final_epoch) == (other.status, other.best_epoch, other.final_epoch)
        assert one.objective == pytest.approx(other.objective, rel=1e-4)
        for row, expected in zip(one.rows, other.rows, strict=True):
            assert row == pytest.approx(expected, rel=1e-4, nan_ok=True)


def same_files(ours: Path, theirs: Path) -> None:
    names = [sorted(re.sub(r"\d{5,}\.\d+", "", str(f.relative_to(root))) for f in root.rglob("*")) for root in (ours, theirs)]
    assert names[0] == names[1]
    for file in ("config.yaml", ".hydra/config.yaml", ".hydra/overrides.yaml"):
        assert read(ours / file) == read(theirs / file)
    keys = ("status", "seed", "config_hash", "command", "overrides", "threads", "epochs_run", "versions")
    assert [summary(ours)[key] for key in keys] == [summary(theirs)[key] for key in keys]
    asked, expected = (read(root / ".hydra/hydra.yaml")["hydra"] for root in (ours, theirs))
    for node in (asked, expected):  # what must differ, and Hydra's words for it
        node.pop("launcher")
        node["sweep"].pop("dir")
        node["job"].pop("config")
        node["runtime"].pop("output_dir")
        node["overrides"].pop("hydra")
        for name in ("hydra/launcher", "hydra/sweeper"):
            node["runtime"]["choices"].pop(name)
    assert asked == expected


def test_sets_have_grids_of_their_own(command_line, tmp_path):
    sets = "regularizer=[],[weight_decay],[l1],[l1,weight_decay]"
    strengths = ("regularizer.weight_decay.strength=0.01,0.1", "regularizer.l1.strength=0.001,0.01")
    outcome = command_line("-m", *QUICK, sets, *strengths, "hydra.sweep.dir=s")
    assert outcome.code == 0, outcome.stderr
    found = [read(folder / "config.yaml")["regularizer"] for folder in runs_in(tmp_path / "s").values()]
    settings = {tuple((name, node["strength"]) for name, node in nodes.items()) for nodes in found}
    decay, lasso = [("weight_decay", s) for s in (0.01, 0.1)], [("l1", s) for s in (0.001, 0.01)]
    expected = [(), *((d,) for d in decay), *((a,) for a in lasso), *((a, d) for a in lasso for d in decay)]
    assert settings == set(expected)
    assert len(found) == 9


def test_a_study_may_be_called_by_a_number_and_a_folder_that_cannot_be_is_told(command_line, tmp_path):
    assert "1 run in outputs/0: 1 completed" in command_line("-m", *QUICK, "study=0").stdout
    (tmp_path / "file").write_text("", encoding="utf-8")
    for way in ("file", "file/deeper"):
        refused = command_line("-m", *QUICK, f"hydra.sweep.dir={way}")
        assert refused.code == 1
        assert "the sweep's folder must be one that can be written, got " in refused.stderr
        assert "choose another by study=NAME or hydra.sweep.dir=..." in refused.stderr


def test_a_value_that_no_set_holds_is_refused_with_the_way_out(command_line, tmp_path):
    outcome = command_line("-m", "regularizer=[],[l1]", "regularizer.l1.strength=1", "regularizer.l2.strength=1,2")
    assert outcome.code == 1
    assert outcome.stderr.splitlines() == [
        'regularizer.l2.strength has values but l2 is in none of the sets [],[l1]: write "regularizer=[],[l1],[l2]"'
    ]
    assert list(tmp_path.iterdir()) == []


def test_a_study_grows_and_trains_nothing_twice(command_line, tmp_path):
    first = ("-m", *QUICK, "regularizer.weight_decay.strength=0.1,1", "seed=1", "study=mine")
    assert command_line(*first).code == 0
    root = tmp_path / "outputs/mine"
    before = {file: (file.read_bytes(), file.stat().st_mtime_ns) for file in root.glob("*-*/**/*") if file.is_file()}
    more = command_line("-m", *QUICK, "regularizer.weight_decay.strength=0.1,1,3", "seed=1,2", "study=mine")
    assert "6 runs in outputs/mine: 4 completed, 2 there already" in more.stdout
    assert len(runs_in(root)) == 6
    assert before == {file: (file.read_bytes(), file.stat().st_mtime_ns) for file in before}
    assert command_line(*QUICK, "regularizer.weight_decay.strength=5", "study=mine").code == 0
    assert len(runs_in(root)) == 7
    assert len((root / "commands.txt").read_text(encoding="utf-8").splitlines()) == 3


def test_repeating_a_study_needs_no_torch_and_resumes_what_has_not_ended(command_line, tmp_path):
    sweep = ("-m", *QUICK, *GRID, "study=mine")
    assert command_line(*sweep).code == 0
    command = [sys.executable, "-X", "importtime", "-m", "regexp.train", *sweep]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", cwd=tmp_path, check=True)
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if line.startswith("import time:")}
    assert "4 there already" in done.stdout
    assert not imported & {"torch", "tensorboard"}
    folders = list(runs_in(tmp_path / "outputs/mine").values())
    (folders[0] / "summary.json").write_text("", encoding="utf-8")  # torn
    unended = {**summary(folders[1]), "status": "running"}
    (folders[1] / "summary.json").write_text(json.dumps(unended), encoding="utf-8")
    assert "2 completed, 2 there already" in command_line(*sweep).stdout
    assert [len(stored.load(folder).rows) for folder in folders] == [3] * 4
    assert all(len(list(folder.glob("events.*"))) == 1 for folder in folders)


def test_a_claim_excludes_others_and_ends_with_its_process(tmp_path):
    with claim(tmp_path, {"a", "b"}) as mine, claim(tmp_path, {"b", "c"}) as theirs:
        assert (mine, theirs) == ({"a", "b"}, {"c"})
    code = f"""
import os, pathlib
from regexp.sweep.study import claim
with claim(pathlib.Path({str(tmp_path)!r}), ["a"]) as mine:
    assert mine == {{"a"}}
    os._exit(9)
"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 9
    assert len(list((tmp_path / ".claims").glob("*.json"))) == 1
    with claim(tmp_path, {"a"}) as mine:
        assert mine == {"a"}


def test_runs_that_another_process_brought_to_an_end_meanwhile_are_counted_so(tmp_path, monkeypatch):
    def others(missing, given, folder, tally, launcher):
        for order, status in zip(missing, ("completed", "failed", "running"), strict=True):
            tally.add(order.folder, "elsewhere")
            write_run(folder, order.experiment, 1.0, status=status)

    monkeypatch.setattr("regexp.sweep.training.train_missing", others)
    found = [dataclasses.replace(order, folder=tmp_path / order.folder) for order in orders(3)]
    tally = Tally(tmp_path, 3)
    sweep(found, tmp_path, tally, grows=True, launcher=Launcher())
    assert tally.counts() == {"reused": 1, "failed": 1, "elsewhere": 1}


@pytest.mark.fault("F7")
def test_a_run_that_fails_or_diverges_leaves_its_reason_and_the_others_finish(command_line, tmp_path):
    (tmp_path / "fragile.py").write_text(FRAGILE, encoding="utf-8")
    data = ("dataset._target_=fragile.Fragile", "~dataset.train_size", "curves=false", "epochs=30")
    outcome = command_line("-m", *data, "seed=0,1,2,3,4,5", "optimizer.lr=0.01,1e20", "hydra.sweep.dir=s")
    assert outcome.code == 1
    assert "12 runs in s: 4 completed, 4 diverged, 4 failed" in outcome.stdout, outcome.stderr
    by_seed = {(s["seed"], s["status"]): s for s in map(summary, runs_in(tmp_path / "s").values())}
    assert {seed for seed, status in by_seed if status == "failed"} == {2, 4}
    assert by_seed[2, "failed"]["reason"] == "FileNotFoundError: no data for seed 2"
    assert by_seed[4, "failed"]["reason"] == "SystemExit: 4"
    assert "train/loss is" in by_seed[0, "diverged"]["reason"]
    logs = {path.name: (path / "train.log").read_text(encoding="utf-8") for path in runs_in(tmp_path / "s").values()}
    assert sum("no data for seed 2" in log for log in logs.values()) == 2
    assert json.loads((tmp_path / "s/sweep.json").read_text(encoding="utf-8"))["runs"] == {
        "completed": 4,
        "diverged": 4,
        "failed": 4,
    }


@pytest.mark.fault("F7", "F14")
def test_divergence_alone_is_no_failure_unless_asked(command_line):
    diverging = ("-m", "epochs=20", "optimizer.lr=0.01,1e20", "study=s", "compare=false")
    for _ in range(2):  # whether the runs are there already or not
        raised = command_line(*diverging, "on_divergence=raise")
        assert raised.code == 1
        (line,) = [line for line in raised.stderr.splitlines() if line.startswith("  outputs")]
        assert "1e+20" in line and " diverged: train/loss is" in line
    assert command_line(*diverging).code == 0


@pytest.mark.fault("F6")
def test_ctrl_c_keeps_what_is_finished_and_starts_nothing_more(start, tmp_path):
    sweep = ("-m", "epochs=2,1000000", "seed=1,2,3", "hydra.launcher.max_stack=2", "study=s")
    command = start(*sweep)
    deadline = time.monotonic() + 60
    while "stack 3 of 4" not in command.err:
        assert time.monotonic() < deadline, command.err
        time.sleep(0.05)
    while len(runs_in(tmp_path / "outputs/s")) < 4:
        time.sleep(0.05)
    os.kill(command.pid, signal.SIGINT)
    outcome = command.finish()
    assert outcome.code == 130
    assert "Traceback" not in outcome.stderr
    said = re.search(r"6 runs in outputs/s: 3 completed, (\d) interrupted, (\d) not begun", outcome.stdout)
    assert "repeat the command to go on" in outcome.stdout
    statuses = sorted(status for _, status in held(tmp_path / "outputs/s").values())
    assert statuses == ["completed"] * 3 + ["interrupted"] * int(said[1])
    assert int(said[1]) + int(said[2]) == 3
    assert int(said[2]) >= 1
    assert json.loads((tmp_path / "outputs/s/sweep.json").read_text(encoding="utf-8"))["runs"]["completed"] == 3


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ["-m", "optimizer.lr=interval(0.1,1)"],
            "optimizer.lr must be a list of values, got interval(0.1,1): write optimizer.lr=",
        ),
        (
            ["-m", "seed=1,2", "hydra.launcher.max_stack=0"],
            "hydra.launcher.max_stack must be a whole number >= 1 or null, got 0",
        ),
        (["study=a/b"], "digits and ._+- (80 at most, none of .- first or last), got 'a/b'"),
        (["study=-x"], "none of .- first or last), got '-x'"),
        (["study=größe"], "study must be a name of letters a to z, digits and ._+-"),
        (["study="], "study must be a name of letters"),
        (["study=true"], "study must be a name of letters"),
        (["-m", "seed=1,2", "study=a,b"], "study must have one value for the whole sweep, got a,b"),
        (["-m", "seed=1,2", "compare=true,false"], "compare must have one value for the whole sweep"),
        (
            ["-m", "seed=1,2", "hydra.launcher.max_stack=1,2"],
            "hydra.launcher.max_stack must have one value for the whole sweep",
        ),
        (["-m", "study=s", "hydra/launcher=basic"], "study needs hydra/launcher=stacked"),
        (["-m", "seed=1,-1", "epochs=2"], "seed must be a whole number >= 0, got -1"),
        (["save=some"], "save must be one of all, best, last, none or null, got 'some'"),
    ],
)
def test_what_a_sweep_cannot_be_is_refused_before_anything_is_written(arguments, said, command_line, tmp_path):
    outcome = command_line(*arguments)
    assert outcome.code == 1
    assert said in outcome.stderr
    assert list(tmp_path.iterdir()) == []


def test_what_a_glob_finds_and_cannot_be_trained_is_told_and_the_rest_runs(command_line, tmp_path):
    outcome = command_line("-m", *QUICK, "regularizer=glob(*)", "hydra.sweep.dir=s")
    assert outcome.code == 0, outcome.stderr
    assert "refused: regularizer.dropout.rate drops hidden units, and this model has none" in outcome.stderr
    assert "refused: regularizer.augmentation.shift moves pictures, and synthetic_regression has none" in outcome.stderr
    found = [set(read(folder / "config.yaml")["regularizer"]) for folder in runs_in(tmp_path / "s").values()]
    assert {"l2"} in found
    assert {"dropout"} not in found and {"augmentation"} not in found
    assert "2 refused" in outcome.stdout


def test_a_sweep_keeps_no_weights_unless_asked(command_line, tmp_path):
    for save, files in (("none", set()), ("best", {"best.pt"}), ("last", {"last.pt"}), ("all", {"best.pt", "last.pt"})):
        assert command_line("-m", *QUICK, "seed=1,2", f"save={save}", f"hydra.sweep.dir={save}").code == 0
        (folder, _) = runs_in(tmp_path / save).values()
        assert {file.name for file in folder.glob("checkpoints/*")} == files
        assert not (folder / "curves.png").exists()


def test_equal_runs_are_trained_once(command_line, tmp_path):
    assert "2 runs in s: 2 completed" in command_line("-m", *QUICK, "seed=1,2,1", "hydra.sweep.dir=s").stdout
    assert len(runs_in(tmp_path / "s")) == 2


def test_folders_may_be_named_by_hydra_and_finished_runs_in_them_stay(command_line, tmp_path):
    sweep = ("-m", *QUICK, "hydra.sweep.dir=s", "hydra.sweep.subdir=${hydra.job.num}", "hydra.output_subdir=null")
    assert command_line(*sweep, "seed=1,2").code == 0
    assert list(runs_in(tmp_path / "s")) == ["0", "1"]
    assert not list(tmp_path.rglob(".hydra"))
    (tmp_path / "s/multirun.yaml").unlink()
    before = {file: file.read_bytes() for file in tmp_path.glob("s/0/*")}
    again = command_line(*sweep, "seed=3")
    assert again.code == 1
    assert "s/0 holds a run already" in again.stderr
    assert {file: file.read_bytes() for file in tmp_path.glob("s/0/*")} == before
    one_place = command_line("-m", *QUICK, "seed=1,2", "hydra.sweep.subdir=same", "hydra.sweep.dir=t")
    assert one_place.code == 1
    assert "hydra.sweep.subdir must give every run its own folder, got t/same for several" in one_place.stderr
    assert not (tmp_path / "t").exists()


def orders(count: int, regularizers: Sequence[Regularizer] = (), **model: Any) -> list[Order]:
    plain = Experiment(SyntheticRegression(features=8), MLP(**model), SGD(0.1), regularizers)
    experiments = [dataclasses.replace(plain, seed=seed) for seed in range(count)]
    return [Order(experiment, Settings(), Path(str(experiment.seed)), [], "") for experiment in experiments]


def test_stacks_are_of_one_structure_and_not_too_large():
    small, other = orders(5, hidden=(2,)), orders(3, hidden=(3,))
    mixed = [*small[:2], *other, *small[2:]]
    assert stacks(mixed, None) == [small, other]
    assert [len(stack) for stack in stacks(mixed, 2)] == [1, 2, 2, 1, 2]
    assert [order for stack in stacks(mixed, 2) for order in stack] == [*small, *other]
    long = [dataclasses.replace(one.experiment, dataset=SyntheticRegression(8, train_size=20_000)) for one in small]
    assert bytes_per_run(long) > 20_000 * (8 + 80)  # its rows, and their order: 1.76 MB a run were measured at 4,292 runs
    wide = orders(4, hidden=(2000, 2000))
    need = bytes_per_run([order.experiment for order in wide])
    assert need > 4 * 4 * (8 * 2000 + 2000 * 2000)  # parameters, gradients and results at least
    assert max(map(len, stacks(wide, None))) * need <= BUDGET
    beside = [order.experiment for order in [*wide, *orders(1, [Dropout(0.5)], hidden=(2000, 2000))]]
    assert bytes_per_run(beside) >= need + 4 * 20 * (8 + 2 * 2000)  # what dropout leaves of 20 examples in each layer


def test_sets_that_can_be_padded_share_a_stack(caplog):
    l1, decay, stop = L1(0.1), WeightDecay(0.1), EarlyStopping()
    sets = [[], [l1], [decay, l1], [l1, decay], [stop], [l1, stop], [L1(0.1, biases=True)], [decay]]
    kinds = [orders(2, own) for own in sets]
    mixed = [order for pair in zip(*kinds, strict=True) for order in pair]
    caplog.set_level("INFO", "regexp")
    expected = [[0, 1, 2, 7], [3], [6], [4, 5]]
    parts = stacks(mixed, 100)
    remark(parts)
    assert parts == [[order for kind in group for order in kinds[kind]] for group in expected]
    assert caplog.messages == [
        "16 runs in 4 stacks: l1, weight_decay switched off where lacking; "
        "runs with early_stopping apart, since nothing switches it off"
    ]


def test_a_stack_that_is_cut_pads_no_more_than_it_must(caplog):
    bare, decaying = orders(4), orders(4, [WeightDecay(0.1)])
    mixed = [order for pair in zip(bare, decaying, strict=True) for order in pair]
    caplog.set_level("INFO", "regexp")
    parts = stacks(mixed, 4)
    remark(parts)
    assert parts == [bare, decaying]
    assert caplog.messages == []


FRAGILE = """
import dataclasses
import sys

from regexp.datasets import SyntheticRegression


@dataclasses.dataclass(frozen=True)
class Fragile(SyntheticRegression):
    def load(self, seed, dtype):
        if seed == 2:
            raise FileNotFoundError("no data for seed 2")
        if seed == 4:
            sys.exit(4)
        return super().load(seed, dtype)
"""
