"""The command line as a person meets it: what it refuses, what it runs, what it leaves behind."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
import yaml
from hydra._internal.utils import get_args_parser

import regexp
from regexp import stored
from regexp.config.planning import plan
from regexp.train import CONFIG_NAME, config_folder

TABLE = Path(__file__).with_name("table.csv")
QUICK = ("epochs=2", "curves=false", "threads=1")

# (arguments, what the message says: the key, the rule, the value, the way out)
TYPOS_AND_TYPES = [
    (["regularizer=[l2,null]"], ["regularizer must be a list of augmentation, dropout, "]),
    (["regularizer=[l2,[l1]]"], ["regularizer must be a list of augmentation, dropout, "]),
    (["regularizer=[l2,l2]"], ["got regularizer=[l2,l2]: name each once"]),
    (["~epochs"], ["epochs cannot be deleted, got ~epochs: give it a value"]),
    (["-m", "seed=range(0)"], ["the sweep holds no run"]),
    (["experiment=dropout", "model=linear"], ["drops hidden units, and this model has none, got [0.3, 0.5]: set rate=0"]),
    (["epoch=3"], ["epoch is no key: did you mean epochs?"]),
    (["lr=0.1"], ["lr is no key: did you mean optimizer.lr?"]),
    (["optimzer=adam"], ["optimzer is no key: did you mean optimizer?"]),
    (["model=mlp", "model.hiden=[3]"], ["model.hiden is no key: did you mean model.hidden?"]),
    (["+unknown=1"], ["unknown is no key: there are dataset, model, optimizer, regularizer, epochs,"]),
    (["+epoch=1"], ["epoch is no key: did you mean epochs?"]),
    (["+model.hidden=[3]"], ["model.hidden is no key: there are model.init, model.init_std"]),
    (["hydra.run.dri=x"], ["hydra.run.dri is no key: did you mean hydra.run.dir?"]),
    (["model=mlpp"], ["model must be one of linear, mlp, got model=mlpp: did you mean mlp?"]),
    (["reproduce=dropout"], ["reproduce is no choice of a run, got reproduce=dropout: type regexp-reproduce dropout"]),
    (["experiment=drop"], ["experiment must be one of ", "dropout_d2l, ", "got experiment=drop: did you mean dropout?"]),
    (
        ["regularizer=[l2x,dropot]"],
        ["regularizer must be a list of augmentation, dropout,", "did you mean regularizer=[l2,dropout]?"],
    ),
    (["regularizer=null"], ["regularizer must be a list of", "got regularizer=null: write regularizer=[]"]),
    (["regularizer={}"], ["regularizer must be a list of", "got regularizer={}: write regularizer=[]"]),
    (["regularizer=3"], ["regularizer must be a list of", "got regularizer=3: write regularizer=[]"]),
    (["regularizer.l2.strength=1"], ['l2 is not in [weight_decay]: write "regularizer=[weight_decay,l2]"']),
    (["+regularizer.l2.strength=1"], ['l2 is not in [weight_decay]: write "regularizer=[weight_decay,l2]"']),
    (
        ["experiment=weight_decay", "regularizer=[l2]", "regularizer.weight_decay.strength=1"],
        ['weight_decay is not in [l2]: write "regularizer=[l2,weight_decay]"'],
    ),
    (["experiment=dropout", "model=linear", "model.hidden=[3]"], ["model.hidden is no key: there are model.init"]),
    (["epochs=many"], ["epochs must be a whole number >= 1, got 'many'"]),
    (["epochs=1.5"], ["epochs must be a whole number >= 1, got 1.5"]),
    (["optimizer.nesterov=perhaps"], ["optimizer.nesterov must be true or false, got 'perhaps'"]),
    (["dataset.noise=loud"], ["dataset.noise must be a finite number >= 0, got 'loud'"]),
    (["dtype=float16"], ["dtype must be one of float32, float64, mixed_bfloat16, got 'float16'"]),
    (["model.init=random"], ["model.init must be one of default, normal, lecun_normal,", "got 'random'"]),
    (["objective=test/loss"], ["objective must be one of val/loss (the test split decides nothing), got 'test/loss'"]),
    (["loss=cross_entropy"], ["loss must fit the data set's task (regression: auto, half_squared), got 'cross_entropy'"]),
    (["on_divergence=stop"], ["on_divergence must be one of record, raise, got 'stop'"]),
    (["epochs"], ["epochs cannot be read: write key=value"]),
    (["=3"], ["=3 cannot be read: write key=value"]),
    (
        ["experiment=weight_decay epochs=2 regularizer=[l1]"],
        ["is one word and holds 3: give each key=value by itself", 'experiment=weight_decay epochs=2 "regularizer=[l1]"'],
    ),
    (["epochs=1,2"], ["epochs has several values, got 1,2: add -m"]),
    (["model._target_=os.system"], ["model._target_ must name a frozen dataclass", "got 'os.system'", "standard library"]),
    (["model._target_=torch.nn.Linear"], ["model._target_ must name", "regexp.Model", "got 'torch.nn.Linear'"]),
    (["model._target_=regexp.optim.SGD"], ["model._target_ must name", "regexp.Model", "got 'regexp.optim.SGD'"]),
    (["--config-dir", "nowhere"], ["--config-dir must be a folder, got 'nowhere'"]),
    (["--config-name", "nothing"], ["Cannot find primary config 'nothing'"]),
    (["--experimental-rerun", "x.pickle"], ["--experimental-rerun would run a pickle", "summary.json"]),
]

RANGES = [
    (["regularizer.weight_decay.strength=-0.1"], ["regularizer.weight_decay.strength must be a finite number >= 0, got -0.1"]),
    (["regularizer=l1", "regularizer.l1.strength=nan"], ["regularizer.l1.strength must be a finite number >= 0, got nan"]),
    (["model=mlp", "regularizer=dropout", "regularizer.dropout.rate=1"], ["regularizer.dropout.rate", "[0, 1)", "got 1"]),
    (["optimizer.lr=0"], ["optimizer.lr must be a finite number > 0, got 0.0"]),
    (["epochs=0", "batch_size=0"], ["epochs must be a whole number >= 1, got 0", "batch_size must be", "or null, got 0"]),
    (["regularizer=early_stopping", "regularizer.early_stopping.patience=0"], ["patience must be a whole number >= 1, got 0"]),
    (["regularizer=early_stopping", "dataset.val_size=0"], ["monitor must be measured on", "set dataset.val_size > 0"]),
    (["regularizer=dropout"], ["regularizer.dropout.rate drops hidden units, and this model has none", "use input_rate"]),
    (
        ["device=cuda:99", "epochs=0"],
        ["epochs must be", "device must be a device that this machine has", "got 'cuda:99'", "device=cpu"],
    ),
    (["threads=0"], ["threads must be a whole number >= 1 or null, got 0"]),
    (["-m", "seed=1,1", "hydra/launcher=basic"], ["run 1 of the sweep must differ from run 0"]),
    (["-m", "regularizer.weight_decay.strength=1,-2"], ["strength must be a finite number >= 0, got -2.0"]),
]


@pytest.mark.fault("F22", "F23")
@pytest.mark.parametrize(("arguments", "said"), TYPOS_AND_TYPES + RANGES, ids=lambda value: " ".join(value[:3]))
def test_bad_input_is_refused_by_name_before_anything_is_written(arguments, said, command_line, tmp_path):
    outcome = command_line(*arguments)
    assert outcome.code == 1
    assert all(part in outcome.stderr for part in said), outcome.stderr
    assert "Traceback" not in outcome.stderr + outcome.stdout
    assert list(tmp_path.iterdir()) == []


def test_all_mistakes_are_told_at_once(command_line):
    wrong = ["epoch=3", "model.inot=normal", "optimizer.lr=-1", "regularizer.weight_decay.strength=-0.1", "batch_size=0", "foo"]
    lines = command_line(*wrong).stderr.splitlines()
    assert [line.split()[0] for line in lines] == [
        "foo",
        "epoch",
        "model.inot",
        "optimizer.lr",
        "regularizer.weight_decay.strength",
        "batch_size",
    ]


def test_what_follows_from_a_mistake_is_not_told(command_line):
    lines = command_line("model=mlpp", "model.hidden=[3]", "regularizer=dropout", "epochs=0").stderr.splitlines()
    assert [line.split()[0] for line in lines] == ["model", "epochs"]


@pytest.mark.parametrize("sign", ["", "+"])
def test_what_follows_from_a_word_that_cannot_be_read_is_not_told(sign, command_line):
    """That the path is missing, because nobody knows which was meant."""
    (said,) = command_line("dataset=table", "dataset.target=y", f"{sign}dataset.path=it's mine.csv").stderr.splitlines()
    assert "cannot be read" in said


def test_a_wrong_flag_is_status_2(command_line):
    assert command_line("--epochs", "3").code == 2


def test_a_run_leaves_everything_and_says_where(command_line, tmp_path):
    outcome = command_line("epochs=2", "threads=1")
    assert outcome.code == 0
    folder = tmp_path / re.search(r"^folder +(\S+)$", outcome.stdout, re.M)[1]
    assert f"tensorboard --logdir {folder.relative_to(tmp_path)}" in outcome.stdout
    assert re.fullmatch(
        r"outputs/synthetic_regression_linear/\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d\.\d{6}", str(folder.relative_to(tmp_path))
    )
    names = {"config.yaml", "summary.json", "metrics.csv", "curves.png", "train.log", "checkpoints", ".hydra"}
    assert names < {path.name for path in folder.iterdir()}
    result = stored.load(folder)
    rows = {line.split()[0]: line.split()[1:] for line in outcome.stdout.splitlines() if line}
    assert [float(rows[split][0]) for split in ("train", "val", "test")] == [
        pytest.approx(result.final[f"{split}/loss"], rel=1e-3) for split in ("train", "val", "test")
    ]
    assert rows["epochs"] == ["run", "2"]
    assert sum("epoch" in line for line in (folder / "train.log").read_text(encoding="utf-8").splitlines()) == 3


def test_the_noted_command_repeats_a_run_of_a_sweep(command_line, tmp_path):
    sweep = ("-m", "epochs=3", "curves=false", "experiment=weight_decay", "seed=1,2", "regularizer=[weight_decay],[l2]")
    assert command_line(*sweep, "hydra.sweep.dir=outputs/s").code == 0
    folders = sorted(file.parent for file in (tmp_path / "outputs/s").glob("*/summary.json"))
    assert len(folders) == 4
    assert all(re.fullmatch(r"[A-Za-z0-9._+-]+", folder.name) for folder in folders)
    of_sweep = json.loads((folders[2] / "summary.json").read_text(encoding="utf-8"))
    program, *words = shlex.split(of_sweep["command"])
    assert program == "regexp-train"
    assert command_line(*words, "hydra.run.dir=alone").code == 0
    for row, expected in zip(stored.load(tmp_path / "alone").rows, stored.load(folders[2]).rows, strict=True):
        assert row == pytest.approx(expected, rel=1e-5)  # one output: where the last bits depend on the stack
    assert json.loads((tmp_path / "alone/summary.json").read_text(encoding="utf-8"))["config_hash"] == of_sweep["config_hash"]


@pytest.mark.fault("F7")
def test_a_failing_run_of_a_sweep_stops_no_other(command_line, tmp_path):
    (tmp_path / "fragile.py").write_text(FRAGILE, encoding="utf-8")
    outcome = command_line("-m", *QUICK, "model._target_=fragile.Fragile", "+model.fails=true,false", "hydra.sweep.dir=s")
    assert outcome.code == 1
    runs = [file.parent for file in (tmp_path / "s").glob("*/summary.json")]
    failed, well = sorted(runs, key=lambda folder: "False" in folder.name)
    assert "this model never works" in (failed / "train.log").read_text(encoding="utf-8")
    assert str(failed.relative_to(tmp_path)) in outcome.stderr.splitlines()[-1]
    assert json.loads((well / "summary.json").read_text(encoding="utf-8"))["status"] == "completed"


def test_an_experiment_may_be_a_sweep(command_line, tmp_path):
    (tmp_path / "my/experiment").mkdir(parents=True)
    study = "# @package _global_\nseed: 5\nhydra:\n  mode: MULTIRUN\n  sweeper:\n    params:\n      optimizer.lr: 0.01,0.02\n"
    (tmp_path / "my/experiment/study.yaml").write_text(study, encoding="utf-8")
    outcome = command_line("--config-dir", "my", "experiment=study", *QUICK)
    assert outcome.code == 0, outcome.stderr
    folders = sorted(path.parent for path in (tmp_path / "outputs/study").glob("*/*/summary.json"))
    assert [folder.name.partition("-")[0] for folder in folders] == ["optimizer.lr"] * 2
    assert {stored.load(folder).experiment.optimizer.lr for folder in folders} == {0.01, 0.02}


@pytest.mark.fault("F21")
def test_names_of_runs_stay_below_their_sweep(command_line, tmp_path):
    (tmp_path / "fragile.py").write_text(FRAGILE, encoding="utf-8")
    notes = ["../../x", "/etc/x", "a" * 300, "äö", "-rf", "a/b"]
    values = ",".join(f"'{note}'" for note in notes)
    outcome = command_line("-m", *QUICK, "model._target_=fragile.Fragile", f"+model.note={values}", "hydra.sweep.dir=deep/er/s")
    assert outcome.code == 0, outcome.stderr
    folders = [path.parent for path in tmp_path.rglob("summary.json")]
    assert {folder.parent for folder in folders} == {tmp_path / "deep/er/s"}
    assert len(folders) == len(notes)
    assert all(re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,99}", folder.name) for folder in folders)


def test_a_typing_mistake_in_a_file_is_no_leftover(command_line, tmp_path):
    (tmp_path / "my/experiment").mkdir(parents=True)
    recipe = "# @package _global_\nmodel: {hiden: [3], hidden: [4]}\nregularizer: {l3: {strength: 1}, l2: {strength: 1}}\n"
    (tmp_path / "my/experiment/mine.yaml").write_text(recipe, encoding="utf-8")
    outcome = command_line("--config-dir", "my", "experiment=mine")
    assert outcome.code == 1
    assert [line.split()[0] for line in outcome.stderr.splitlines()] == ["model.hiden", "regularizer.l3"]


@pytest.mark.fault("F14")
def test_divergence_is_a_result_unless_it_shall_be_an_error(command_line):
    diverging = (*QUICK, "epochs=20", "optimizer.lr=1e20")
    recorded, raised = command_line(*diverging), command_line(*diverging, "on_divergence=raise", "hydra.run.dir=run")
    assert (recorded.code, raised.code) == (0, 1)
    assert command_line("resume=run", "on_divergence=record").code == 0
    for again in (("resume=run",), ("resume=run", "on_divergence=raise")):
        ended = command_line(*again)
        assert ended.code == 1
        assert "run diverged: train/loss is" in ended.stderr
    assert re.search(r"^status +diverged", recorded.stdout, re.M)
    assert "diverged" in raised.stderr
    assert "Traceback" not in raised.stderr


@pytest.mark.fault("F20")
def test_a_run_folder_is_used_once(command_line, tmp_path):
    assert command_line(*QUICK, "hydra.run.dir=here").code == 0
    before = {path: path.read_bytes() for path in (tmp_path / "here").rglob("*") if path.is_file()}
    again = command_line(*QUICK, "seed=7", "hydra.run.dir=here")
    assert again.code == 1
    assert "here holds a run already: choose another folder" in again.stderr
    assert {path: path.read_bytes() for path in (tmp_path / "here").rglob("*") if path.is_file()} == before


@pytest.mark.fault("F20")
def test_starts_at_one_time_share_no_folder(start, tmp_path):
    commands = [start(*QUICK) for _ in range(4)]
    assert [command.finish().code for command in commands] == [0] * 4
    folders = [path.parent for path in (tmp_path / "outputs").rglob("metrics.csv")]
    assert len(set(folders)) == 4
    assert all(len(list(folder.glob("events.out.tfevents.*"))) == 1 for folder in folders)


@pytest.mark.fault("F20")
def test_one_folder_has_one_winner(start, tmp_path):
    commands = [start(*QUICK, "hydra.run.dir=one", f"seed={seed}") for seed in range(3)]
    assert sorted(command.finish().code for command in commands) == [0, 1, 1]


@pytest.mark.fault("F9")
def test_a_folder_that_cannot_be_written_is_refused(command_line, tmp_path):
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    outcome = command_line(*QUICK, "hydra.run.dir=file/run")
    assert outcome.code == 1
    assert "file/run" in outcome.stderr
    assert "Traceback" not in outcome.stderr


def test_a_folder_with_odd_letters_works(command_line, tmp_path):
    folder = "it's = a, [b] {c}"
    quoted = folder.replace("'", "\\'")
    outcome = command_line(*QUICK, f"hydra.run.dir='{quoted}'")
    assert outcome.code == 0, outcome.stderr
    assert (tmp_path / folder / "summary.json").exists()


@pytest.mark.fault("F5")
def test_ctrl_c_is_status_130(start):
    command = start("epochs=1000000", "curves=false", "threads=1")
    interrupt_while_training(command)
    outcome = command.finish()
    assert outcome.code == 130
    assert "Traceback" not in outcome.stderr


@pytest.mark.fault("F6")
def test_ctrl_c_ends_a_sweep(start, tmp_path):
    command = start("-m", "epochs=1000000", "curves=false", "seed=1,2", "hydra.sweep.dir=s", "hydra/launcher=basic")
    interrupt_while_training(command)
    assert command.finish().code == 130
    assert len(list((tmp_path / "s").glob("*/summary.json"))) == 1


def test_a_model_of_the_users_own(command_line, tmp_path):
    (tmp_path / "mine.py").write_text(MINE, encoding="utf-8")
    (tmp_path / "my/model").mkdir(parents=True)
    (tmp_path / "my/model/mynet.yaml").write_text("_target_: mine.MyNet\nwidth: 3\n", encoding="utf-8")
    by_file = command_line("--config-dir", "my", "model=mynet", "model.width=4", *QUICK, "hydra.run.dir=by_file")
    by_name = command_line("model._target_=mine.MyNet", "+model.width=4", *QUICK, "hydra.run.dir=by_name")
    assert (by_file.code, by_name.code) == (0, 0), by_file.stderr + by_name.stderr
    assert (tmp_path / "by_file/metrics.csv").read_bytes() == (tmp_path / "by_name/metrics.csv").read_bytes()
    header = (tmp_path / "by_name/metrics.csv").read_text(encoding="utf-8").splitlines()[0]
    assert "weights/0/l2_norm" in header
    summary = json.loads((tmp_path / "by_file/summary.json").read_text(encoding="utf-8"))
    assert summary["command"].startswith("regexp-train --config-dir my model=mynet")


def test_a_regularizer_of_the_users_own(command_line, tmp_path):
    (tmp_path / "mine.py").write_text(MINE, encoding="utf-8")
    (tmp_path / "my/regularizer").mkdir(parents=True)
    node = "halving:\n  _target_: mine.Halving\n  strength: 1.0\n"
    (tmp_path / "my/regularizer/halving.yaml").write_text(node, encoding="utf-8")
    outcome = command_line("--config-dir", "my", "regularizer=[halving]", *QUICK, "hydra.run.dir=run")
    assert outcome.code == 0, outcome.stderr
    rows = (tmp_path / "run/metrics.csv").read_text(encoding="utf-8").splitlines()
    norms = [float(row.split(",")[rows[0].split(",").index("weights/l2_norm")]) for row in rows[1:]]
    assert norms[-1] < norms[0] / 10  # halved in each of eight steps
    config = yaml.safe_load((tmp_path / "run/config.yaml").read_text(encoding="utf-8"))
    assert config["regularizer"] == {"halving": {"_target_": "mine.Halving", "strength": 1.0}}


def test_help_and_config_need_no_torch(tmp_path):
    for arguments, said in ((["--help"], "which key=value"), (["--cfg", "job"], "_target_: regexp.models.linear.Linear")):
        command = [sys.executable, "-X", "importtime", "-m", "regexp.train", *arguments]
        done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", cwd=tmp_path, check=True)
        assert said in done.stdout
        imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if line.startswith("import time:")}
        assert "hydra" in imported
        assert not imported & {"torch", "numpy", "matplotlib", "tensorboard"}
    assert list(tmp_path.iterdir()) == []


def test_a_run_imports_neither_algebra_nor_pictures(tmp_path):
    command = [sys.executable, "-X", "importtime", "-m", "regexp.train", *QUICK, "curves=false"]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", cwd=tmp_path, check=True)
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if line.startswith("import time:")}
    assert {"torch", "tensorboard"} <= imported
    assert not imported & {"sympy", "matplotlib", "pandas", "scipy", "torchvision", "optuna"}  # torch's checks need the first


def interrupt_while_training(command):
    deadline = time.monotonic() + 60
    while "epoch 3/" not in command.err:
        assert time.monotonic() < deadline, command.err
        time.sleep(0.05)
    os.kill(command.pid, signal.SIGINT)


FRAGILE = """
import dataclasses

from torch import nn

from regexp import Model


@dataclasses.dataclass(frozen=True)
class Fragile(Model):
    fails: bool = False
    note: str = ""

    def build(self, features, outputs):
        if self.fails:
            raise RuntimeError("this model never works")
        return nn.Linear(features, outputs)
"""

MINE = """
import dataclasses

from torch import nn

from regexp import Model, Regularizer, per_run


@dataclasses.dataclass(frozen=True)
class MyNet(Model):
    width: int = 2

    def build(self, features, outputs):
        return nn.Sequential(nn.Linear(features, self.width), nn.Tanh(), nn.Linear(self.width, outputs))


@dataclasses.dataclass(frozen=True)
class Halving(Regularizer):
    strength: float = per_run(1.0)

    def after_step(self, weight, step, numbers):
        weight.div_(2)
"""


def test_the_default_is_the_same_from_python_and_from_the_terminal(command_line, tmp_path):
    for _ in range(2):
        assert command_line("threads=1").code == 0
    folders = sorted((tmp_path / "outputs").glob("*/*"))
    first, second = (regexp.load(folder) for folder in folders)
    runs = [first, second, *(regexp.fit([first.experiment], threads=1)[0] for _ in range(2))]
    assert all(run.rows == first.rows for run in runs)
    assert all(torch.equal(run.weights["final"]["output.weight"], first.weights["final"]["output.weight"]) for run in runs)


def test_a_sweep_whose_runs_share_a_folder_does_not_end_well(command_line):
    shared = ("hydra/launcher=basic", "hydra.sweep.subdir=same")
    done = command_line("-m", "optimizer.lr=0.01,0.02", "epochs=1", "curves=false", *shared)
    assert done.code == 1
    assert "only 1 of 2 runs left a summary" in done.stderr


def test_a_yaml_without_its_name_is_told_how(command_line, tmp_path):
    (tmp_path / "conf" / "regularizer").mkdir(parents=True)
    flat = "_target_: regexp.regularizers.l2.L2\nstrength: 1.0\n"
    (tmp_path / "conf" / "regularizer" / "flat.yaml").write_text(flat, encoding="utf-8")
    done = command_line("--config-dir", "conf", "regularizer=[flat]")
    assert done.code == 1
    assert "indent the yaml with regexp.regularizers.l2.L2 below 'its_name:'" in done.stderr


def test_flags_may_stand_anywhere(command_line):
    done = command_line("epochs=1", "-m", "seed=0,1", "curves=false")
    assert done.code == 0, done.stderr
    assert "2 runs in" in done.stdout


def test_the_examples_of_the_help_are_right():
    template = yaml.safe_load((config_folder() / "train.yaml").read_text(encoding="utf-8"))["hydra"]["help"]["template"]
    lines = [line.strip() for line in template.splitlines() if line.startswith("  regexp-train")]
    assert len(lines) == 5
    for line in lines:
        words = [word.replace("my.csv", TABLE.as_posix()) for word in shlex.split(line)[1:]]
        assert plan(get_args_parser().parse_args(words), config_folder(), CONFIG_NAME).runs
