"""A run's files: read back by other programs (csv, json, yaml, TensorBoard), and after a kill."""

import csv
import itertools
import json
import math
import os
import re
import struct
import subprocess
import sys
import threading

import pytest
import yaml
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.custom_scalar.layout_pb2 import Layout
from tensorboard.plugins.hparams import api_pb2, metadata

from regexp.datasets import SyntheticRegression
from regexp.experiment import Experiment
from regexp.files import atomic
from regexp.files.events import hyperparameters
from regexp.files.history import RunFolder, read_metrics, read_summary
from regexp.models import MLP
from regexp.optim import SGD
from regexp.regularizers import Dropout, WeightDecay

RUN = Experiment(
    SyntheticRegression(),
    MLP(hidden=(8, 4)),
    SGD(1e-5),
    [WeightDecay(strength=3), Dropout(rate=(0.2, 0.5))],
    seed=7,
    epochs=6,
)
ROWS = [
    {"epoch": 0, "train/loss": 0.1 + 0.2, "val/loss": 1e-45, "test/loss": 1e30, "gap/loss": -0.0},
    {"epoch": 2, "train/loss": 2.0, "val/loss": 1 / 3, "test/loss": 7.0, "gap/loss": 5.0},
    {"epoch": 3, "train/loss": 5e-324, "val/loss": math.nan, "test/loss": math.inf, "gap/loss": -math.inf},
]


def write(folder, rows=ROWS, flush_after=(), status="completed", **options):
    run = RunFolder(folder, RUN, **options)
    run.begin({"device": "cpu", "threads": 2}, {"command": "regexp-train seed=7", "device": "cpu"})
    for i, row in enumerate(rows):
        run.add(row)
        if i in flush_after:
            run.flush()
    run.end({"status": status, "final": rows[-1], "best": None})
    return folder


def bits(rows):
    return [{name: struct.pack("<d", value) for name, value in row.items()} for row in rows]


def accumulate(folder):
    accumulator = EventAccumulator(str(folder), size_guidance={"scalars": 0, "tensors": 0})
    accumulator.Reload()
    return accumulator


@pytest.mark.parametrize("flush_after", [(), (0,), (0, 1, 2)])
def test_metrics_come_back_bit_for_bit(tmp_path, flush_after):
    write(tmp_path, flush_after=flush_after)
    assert bits(read_metrics(tmp_path)) == bits(ROWS)
    with (tmp_path / "metrics.csv").open(encoding="utf-8", newline="") as file:
        by_csv = [{name: float(cell) for name, cell in row.items()} for row in csv.DictReader(file)]
    assert bits(by_csv) == bits(ROWS)


def test_rows_wait_for_a_flush_and_the_end_flushes(tmp_path):
    run = RunFolder(tmp_path, RUN)
    run.begin({}, {})
    run.add(ROWS[0])
    assert read_metrics(tmp_path) == []
    run.flush()
    run.add(ROWS[1])
    assert read_metrics(tmp_path) == ROWS[:1]
    run.end({"status": "completed"})
    assert read_metrics(tmp_path) == ROWS[:2]


@pytest.mark.fault("F29")
def test_a_torn_last_line_is_dropped(tmp_path):
    write(tmp_path)
    file = tmp_path / "metrics.csv"
    content = file.read_bytes()
    whole = content.splitlines(keepends=True)
    for kept in range(len(content)):
        file.write_bytes(content[:kept])
        ends = [len(b"".join(whole[:n])) for n in range(1, len(whole) + 1)]
        complete = sum(end <= kept for end in ends)
        assert bits(read_metrics(tmp_path)) == bits(ROWS[: max(0, complete - 1)])


def test_a_missing_value_is_nan(tmp_path):
    write(tmp_path, [ROWS[0], {"epoch": 1, "test/loss": 4.0}])
    assert (tmp_path / "metrics.csv").read_text(encoding="utf-8").splitlines()[-1] == "1,,,4.0,"
    row = read_metrics(tmp_path)[1]
    assert (row["epoch"], row["test/loss"]) == (1, 4.0)
    assert isinstance(row["epoch"], int)
    assert all(math.isnan(row[name]) for name in ("train/loss", "val/loss", "gap/loss"))


def test_a_line_of_a_wrong_length_is_named(tmp_path):
    write(tmp_path)
    file = tmp_path / "metrics.csv"
    lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
    file.write_text("".join([*lines[:2], "1,2\n", *lines[2:]]), encoding="utf-8")
    with pytest.raises(ValueError, match=r"metrics\.csv is damaged \(line 3 must have 5 values, got 2\)"):
        read_metrics(tmp_path)


def test_a_metric_that_appears_late_is_refused(tmp_path):
    run = RunFolder(tmp_path, RUN)
    run.add(ROWS[0])
    with pytest.raises(ValueError, match="no column test/accuracy"):
        run.add({"epoch": 1, "test/accuracy": 0.5})


@pytest.mark.parametrize("flush_after", [(), (0, 1)])
def test_tensorboard_shows_what_metrics_csv_holds(tmp_path, flush_after):
    write(tmp_path, flush_after=flush_after)
    accumulator = accumulate(tmp_path)
    assert sorted(accumulator.Tags()["scalars"]) == sorted(set(ROWS[0]) - {"epoch"})
    for name in accumulator.Tags()["scalars"]:
        events = accumulator.Scalars(name)
        assert [event.step for event in events] == [0, 2, 3]
        for event, row in zip(events, read_metrics(tmp_path), strict=True):
            assert struct.pack("<f", event.value) == struct.pack("<f", row[name])


def test_many_rows_reach_tensorboard(tmp_path):
    write(tmp_path, [{"epoch": i, "train/loss": i / 7} for i in range(1200)], flush_after=range(0, 1200, 100))
    events = accumulate(tmp_path).Scalars("train/loss")
    assert [event.step for event in events] == list(range(1200))
    assert all(a.wall_time <= b.wall_time for a, b in itertools.pairwise(events))


@pytest.mark.parametrize(("status", "code"), [("completed", api_pb2.STATUS_SUCCESS), ("diverged", api_pb2.STATUS_FAILURE)])
def test_hyperparameters_are_in_the_same_run(tmp_path, status, code):
    write(tmp_path, status=status)
    assert len(list(tmp_path.rglob("*tfevents*"))) == 1
    contents = accumulate(tmp_path).PluginTagToContent("hparams")
    start = metadata.parse_session_start_info_plugin_data(contents[metadata.SESSION_START_INFO_TAG])
    kinds = {"number_value": float, "string_value": str, "bool_value": bool}
    found = {name: getattr(value, value.WhichOneof("kind")) for name, value in start.hparams.items()}
    assert all(type(found[name]) is kinds[value.WhichOneof("kind")] for name, value in start.hparams.items())
    assert found == hyperparameters(RUN)
    assert start.group_name == ""  # a name would average all runs of that name
    end = metadata.parse_session_end_info_plugin_data(contents[metadata.SESSION_END_INFO_TAG])
    assert end.status == code
    assert end.end_time_secs >= start.start_time_secs


def test_hyperparameters_are_flat_and_of_one_type():
    flat = hyperparameters(RUN)
    expected = {
        "regularizer": "weight_decay + dropout",
        "regularizer.weight_decay.strength": 3.0,
        "regularizer.weight_decay.biases": False,
        "regularizer.dropout.rate": "0.2, 0.5",
        "model": "MLP",
        "model.hidden": "8, 4",
        "dataset": "SyntheticRegression",
        "optimizer": "SGD",
        "optimizer.lr": 1e-5,
        "seed": 7.0,
        "epochs": 6.0,
    }
    assert {name: flat[name] for name in expected} == expected
    assert {type(value) for value in flat.values()} == {float, str, bool}
    assert type(flat["seed"]) is float
    assert "batch_size" not in flat  # None: the full batch
    assert hyperparameters(Experiment(SyntheticRegression(), MLP(), SGD(0.1)))["regularizer"] == "none"


def test_train_validation_and_test_share_one_chart(tmp_path):
    write(tmp_path)
    (event,) = accumulate(tmp_path).Tensors("custom_scalars__config__")
    (category,) = Layout.FromString(event.tensor_proto.string_val[0]).category
    (chart,) = category.chart
    assert chart.title == "loss"
    metrics = ["train/loss", "val/loss", "test/loss", "gap/loss", "train/penalty/l2", "weights/train/loss"]
    shown = [metric for tag in chart.multiline.tag for metric in metrics if re.search(tag, metric)]
    assert shown == ["train/loss", "val/loss", "test/loss"]


def test_config_is_plain_yaml_in_the_order_given(tmp_path):
    write(tmp_path)
    config = yaml.safe_load((tmp_path / "config.yaml").read_text(encoding="utf-8"))
    assert config == {"device": "cpu", "threads": 2, **RUN.to_dict()}
    assert list(config) == ["device", "threads", *RUN.to_dict()]
    assert config["optimizer"]["lr"] == 1e-5  # a float, not the text "1e-05"


def test_summary_from_begin_to_end(tmp_path):
    run = RunFolder(tmp_path / "new" / "run", RUN)
    run.begin({}, {"command": "regexp-train seed=7", "versions": {"torch": "2"}})
    begun = {"status": "running", "reason": None, "seed": 7, "config_hash": RUN.hash()}
    assert read_summary(run.path) == {**begun, "command": "regexp-train seed=7", "versions": {"torch": "2"}}
    run.end({"status": "diverged", "reason": "train/loss is nan", "final": {"a": math.nan, "b": [math.inf, -math.inf, 1.5]}})
    ended = read_summary(run.path)
    assert ended == {
        **begun,
        "command": "regexp-train seed=7",
        "versions": {"torch": "2"},
        "status": "diverged",
        "reason": "train/loss is nan",
        "final": {"a": None, "b": [None, None, 1.5]},
    }
    assert next(iter(ended)) == "status"


def test_a_failed_end_leaves_the_summary_that_was_there(tmp_path, monkeypatch):
    run = RunFolder(tmp_path, RUN)
    run.begin({}, {})

    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(atomic.os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run.end({"status": "completed"})
    assert read_summary(tmp_path)["status"] == "running"
    assert not list(tmp_path.glob(".summary*"))


def test_a_damaged_summary_is_named(tmp_path):
    (tmp_path / "summary.json").write_text('{"status": "runn', encoding="utf-8")
    with pytest.raises(ValueError, match=r"summary\.json is damaged"):
        read_summary(tmp_path)


def test_a_folder_with_a_run_is_refused(tmp_path):
    write(tmp_path)
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    with pytest.raises(FileExistsError, match=r"holds a run already .*: choose another folder"):
        RunFolder(tmp_path, RUN).begin({}, {})
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == before


def test_a_folder_that_hydra_made_is_taken(tmp_path):
    (tmp_path / ".hydra").mkdir()
    (tmp_path / "train.log").write_text("started\n", encoding="utf-8")
    write(tmp_path)
    assert read_summary(tmp_path)["status"] == "completed"
    json.loads((tmp_path / "summary.json").read_text(encoding="utf-8"), parse_constant=pytest.fail)


def test_nothing_stays_open_between_calls(tmp_path):
    def is_open(descriptor):
        try:
            os.fstat(descriptor)
        except OSError:
            return False
        return True

    def state():
        return threading.active_count(), [descriptor for descriptor in range(200) if is_open(descriptor)]

    write(tmp_path / "first")  # imports TensorBoard
    before, runs = state(), [RunFolder(tmp_path / str(i), RUN) for i in range(20)]
    for run in runs:
        run.begin({}, {})
        run.add(ROWS[0])
        run.flush()
    threads, descriptors = state()
    assert threads <= before[0]
    assert set(descriptors) <= set(before[1])  # what other tests have left open may be closed meanwhile


def test_imports_stay_light(tmp_path):
    program = f"""
import sys
from pathlib import Path
from regexp.experiment import Experiment
from regexp.datasets import SyntheticRegression
from regexp.models import Linear
from regexp.optim import SGD
experiment = Experiment(SyntheticRegression(), Linear(), SGD(0.1))
experiment.hash()
before = set(sys.modules)

from regexp import curves
from regexp.files import checkpoint
from regexp.files.history import RunFolder
rows = [{{"epoch": 0, "train/loss": 1.0}}]
for tensorboard in (False, True):
    assert not tensorboard or "tensorboard" not in sys.modules
    run = RunFolder(Path({str(tmp_path)!r}) / str(tensorboard), experiment, tensorboard=tensorboard)
    run.begin({{}}, {{}})
    run.add(rows[0])
    run.end({{"status": "completed"}})
assert "tensorboard" in sys.modules and "matplotlib" not in sys.modules
curves.draw(rows, experiment, run.path / "curves.png", None)
print(sorted({{"torch", "tensorflow", "hydra", "omegaconf", "matplotlib.pyplot"}} & (set(sys.modules) - before)))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, encoding="utf-8", check=False)
    assert (done.stdout, done.returncode) == ("[]\n", 0), done.stderr
    assert not list((tmp_path / "False").glob("*tfevents*"))
