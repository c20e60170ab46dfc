"""The command line's strings from Python, and finished runs back from disk."""

from __future__ import annotations

import inspect

import hydra
import numpy as np
import pandas as pd
import pytest
import torch
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from hydra.version import VersionBase
from omegaconf import OmegaConf

import regexp
from regexp.config import ConfigError
from regexp.datasets import SyntheticRegression
from regexp.datasets.dataset import DataError
from regexp.datasets.tensor_dataset import TensorDataset
from regexp.experiment import Experiment
from regexp.models import Linear
from regexp.optim import SGD
from regexp.regularizers import Augmentation
from regexp.results import Result
from regexp.runner import Diverged
from regexp.runs import Runs
from regexp.sweep import engines
from regexp.sweep.engines import local
from support import fit

GRID = ("experiment=weight_decay", "regularizer.weight_decay.strength=0,3", "seed=range(3)", "epochs=2", "eval_every=1")


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_it_runs_the_grid_twice_and_writes_nothing(tmp_path):
    first, second = regexp.run(*GRID), regexp.run(*GRID)
    settings = [(run.experiment.regularizers[0].strength, run.experiment.seed) for run in first]
    assert settings == [(s, seed) for s in (0.0, 3.0) for seed in range(3)]
    assert [run.final for run in first] == [run.final for run in second]
    assert list(tmp_path.iterdir()) == []


def test_it_says_what_is_switched_off_where_lacking(caplog):
    caplog.set_level("INFO", "regexp")
    regexp.run("experiment=weight_decay", "regularizer=[],[weight_decay]", "seed=0", "epochs=1", "eval_every=1")
    assert "2 runs in 1 stack: weight_decay switched off where lacking" in caplog.messages


def test_a_run_is_that_of_fit():
    (run,) = regexp.run(*GRID[:1], "regularizer.weight_decay.strength=3", "seed=1", *GRID[3:])
    (same,) = fit([run.experiment])
    assert run.final == same.final


def test_it_shows_as_table_and_figure():
    runs = regexp.run(*GRID, "dataset.val_size=20")
    assert list(runs.table["setting"]) == ["weight_decay 0", "weight_decay 3"]
    assert runs.table["test/loss final mean"].tolist() == pytest.approx(
        [np.mean([run.final["test/loss"] for run in part]) for part in (runs[:3], runs[3:])]
    )
    assert "Validation chose" in runs.sentences[0] and runs.sentences[0] in str(runs)
    assert runs._repr_png_().startswith(b"\x89PNG")
    page = runs._repr_html_()
    assert "weight_decay 3" in page and "data:image/png;base64," in page
    one = runs[:1]
    assert isinstance(one, Runs) and "final loss" in str(one) and one._repr_png_().startswith(b"\x89PNG")


def test_a_study_grows_is_reused_and_loaded(tmp_path):
    ours = regexp.run(*GRID[:2], "seed=range(2)", *GRID[3:], "study=mine")
    before = {file: file.stat().st_mtime_ns for file in tmp_path.rglob("summary.json")}
    assert len(before) == len(ours) == 4
    grown = regexp.run(*GRID, "study=mine", "save=last")
    assert len(grown) == 6
    assert all(file.stat().st_mtime_ns == time for file, time in before.items())
    loaded = regexp.load("outputs/mine")
    key = lambda run: (run.experiment.regularizers[0].strength, run.experiment.seed)  # noqa: E731
    assert sorted(map(key, loaded)) == sorted(map(key, grown))
    finals = {key(run): run.final for run in loaded}
    assert finals == {key(run): run.final for run in regexp.run(*GRID)}
    assert str(regexp.compare("outputs/mine").sentences) == str(loaded.sentences)
    trained = next(run for run in loaded if run.experiment.seed == 2)
    one = regexp.load(next(f.parent for f in tmp_path.rglob("last.pt")).parent)
    assert isinstance(one, Result) and isinstance(one.model("last"), torch.nn.Module)
    assert isinstance(trained.model(), torch.nn.Module)


def test_runs_that_did_not_end_are_named(tmp_path):
    regexp.run(*GRID[:1], *GRID[3:], "study=mine")
    (file,) = tmp_path.rglob("summary.json")
    file.write_text('{"status": "failed", "reason": "a reason"}', encoding="utf-8")
    runs = regexp.load("outputs/mine")
    assert len(runs) == 0 and "failed: a reason" in str(runs)
    with pytest.raises(FileNotFoundError, match=r"no run to load: .* is no folder"):
        regexp.load(tmp_path / "nowhere")


def test_wrong_strings_are_refused_all_at_once():
    with pytest.raises(ConfigError) as error:
        regexp.run("optimizer.lr=-1", "epochs=0", "dataset.featurs=3")
    assert len(error.value.problems) == 3
    with pytest.raises(ConfigError, match="leave it out"):
        regexp.run("hydra/launcher=basic")


@pytest.mark.parametrize("odd", [["a=1", "b=2"], None, 3, "", " "])
def test_what_is_no_word_is_refused(odd):
    run = inspect.unwrap(regexp.run)  # without the annotations that are checked under test
    with pytest.raises(ConfigError, match=r"takes key=value words, each a string of its own, got .*: write run\(\*words\)"):
        run("epochs=1", odd)


@pytest.mark.parametrize("flags", [["-m"], ["--help"], ["--cfg", "job"], ["--resume"], ["--config-dir", "conf"], ["-c=all"]])
def test_flags_are_refused_with_what_to_write_instead(flags, tmp_path, capsys):
    with pytest.raises(
        ConfigError, match=r"run\(\) takes key=value words only, got .*leave .*config_dir=.*command line"
    ) as error:
        regexp.run("epochs=1", *flags, "study=s")
    assert all(repr(flag) in str(error.value) for flag in flags if flag.startswith("-"))
    assert list(tmp_path.iterdir()) == [] and capsys.readouterr().out == ""


def test_keywords_are_refused_with_the_string_to_write(tmp_path):
    with pytest.raises(ConfigError, match=r'got keywords \(study, seed\): write "study=mx", "seed=3"$'):
        regexp.run("experiment=weight_decay", study="mx", seed=3)
    assert list(tmp_path.iterdir()) == []


def test_weights_that_were_not_saved_are_refused_with_what_to_write():
    regexp.run(*GRID[:1], "dataset.val_size=20", *GRID[3:], "study=mine", "save=best")
    (run,) = regexp.load("outputs/mine")
    with pytest.raises(ValueError, match=r'no final weights of this run .*: write model\("best"\)$'):
        run.model()
    assert isinstance(run.model("best"), torch.nn.Module)


def test_divergence_is_an_error_where_it_is_asked_for():
    words = ("optimizer.lr=0.01,1e20", "epochs=20")
    assert [run.status for run in regexp.run(*words)] == ["completed", "diverged"]
    for study in ([], ["study=s"], ["study=s"]):
        with pytest.raises(Diverged, match=r"^1 run diverged: train/loss is"):
            regexp.run(*words, "on_divergence=raise", *study)
    searched = ("optimizer.lr=tag(log,interval(1e-4,1e4))", "epochs=20", "hydra/sweeper=search", "hydra.sweeper.budget=4")
    with pytest.raises(Diverged, match="diverged: train/loss is"):
        regexp.run(*searched, "on_divergence=raise", "study=t")
    assert {run.status for run in regexp.load("outputs/t")} == {"completed"}


def test_a_result_shows_itself_in_one_line_and_prints_as_its_table():
    one, other = regexp.run("epochs=2", "regularizer=[],[l2]", "seed=3")
    losses = ", ".join(f"{split}/loss {other.final[f'{split}/loss']:.4g}" for split in ("train", "val", "test"))
    assert repr(other) == f"Result(l2(strength=0.001), seed 3: completed after 2 epochs, {losses})"
    assert repr(one).startswith("Result(no regularizer, seed 3: completed")
    alone = str(regexp.run("epochs=2", "regularizer=[l2]", "seed=3"))
    assert str(other).partition("seconds")[0] == alone.partition("seconds")[0] and "\nnorm of w" in alone
    assert other._repr_html_().startswith("<pre>") and "norm of w" in other._repr_html_()


def test_what_needs_a_folder_is_refused_without_one(tmp_path):
    with pytest.raises(ConfigError, match="hydra/sweeper=search keeps what it tries in a folder: add study=NAME"):
        regexp.run("hydra/sweeper=search")
    for key in ("hydra.run.dir", "hydra.sweep.dir"):
        with pytest.raises(ConfigError, match=f"^{key} is no folder of run.*: write study=NAME instead$"):
            regexp.run("epochs=1", f"{key}=mine")
    with pytest.raises(ConfigError, match=r"hydra.launcher.engine=joblib writes its runs into a folder: add study=NAME"):
        regexp.run("hydra.launcher.engine=joblib")
    assert list(tmp_path.iterdir()) == []


def test_a_search_gives_the_chosen_settings_with_fresh_seeds():
    words = ("regularizer=[],[l2]", "seed=1,2", "epochs=2", "hydra/sweeper=search", "hydra.sweeper.budget=2", "study=s")
    runs = regexp.run(*words)
    assert sorted((run.experiment.seed, len(run.experiment.regularizers)) for run in runs) == [(3, 0), (3, 1), (4, 0), (4, 1)]
    assert runs.sentences == regexp.compare("outputs/s", at="best").sentences
    loaded = regexp.load("outputs/s")
    assert {run.experiment.hash() for run in loaded} == {run.experiment.hash() for run in runs}
    assert {run.experiment.hash() for run in regexp.run(*words)} == {run.experiment.hash() for run in runs}


def test_a_study_is_given_to_the_engine_that_was_asked_for(monkeypatch):
    """Which engines train as this process does is a matter of tests/test_engines.py."""
    asked = []
    monkeypatch.setattr(
        engines, "run", lambda waiting, work, launcher: asked.append(launcher) or local.run(waiting, work, launcher)
    )
    elsewhere = regexp.run(*GRID, "hydra.launcher.engine=joblib", "hydra.launcher.workers=2", "study=s")
    assert [(one.engine, one.workers) for one in asked] == [("joblib", 2)]
    assert len(elsewhere) == 6


def test_a_stack_is_as_large_as_asked(monkeypatch):
    from regexp.recording import training

    sizes, train_stack = [], training.train_stack
    monkeypatch.setattr(training, "train_stack", lambda runs, *rest: sizes.append(len(runs)) or train_stack(runs, *rest))
    regexp.run(*GRID, "hydra.launcher.max_stack=4")
    assert sizes == [3, 3]


def test_pictures_of_ones_own(tmp_path):
    x, y = arrays(classes=3)
    pictures = TensorDataset(x, y)
    assert (pictures.image, TensorDataset(x.reshape(40, 6), y).image) == ((2, 3), None)
    assert TensorDataset(x.reshape(40, 6), y, image=[1, 2, 3]).image == (1, 2, 3)
    experiment = Experiment(pictures, Linear(), SGD(0.1), [Augmentation(1)], epochs=1)
    (trained,) = regexp.fit([experiment], tmp_path / "run", threads=1)
    assert regexp.load(tmp_path / "run").experiment.dataset.image == (2, 3)
    assert trained.status == "completed"
    with pytest.raises(regexp.Invalid, match="as many pixels as an example has features"):
        fit([Experiment(TensorDataset(x, y, image=(5, 5)), Linear(), SGD(0.1), [Augmentation(1)], epochs=1)])


def test_hydra_is_left_as_it_was(tmp_path):
    """Inside a program that has composed with Hydra, and whose resolvers were cleared."""
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf" / "theirs.yaml").write_text("a: 1\n", encoding="utf-8")
    with hydra.initialize_config_dir(str(tmp_path / "conf"), version_base="1.2"):
        theirs = GlobalHydra.instance().hydra
        OmegaConf.clear_resolver("regexp.title")
        assert len(regexp.run(*GRID)) == 6
        assert GlobalHydra.instance().hydra is theirs
        assert str(VersionBase.instance().getbase()) == "1.2"
        assert hydra.compose("theirs").a == 1
    assert not GlobalHydra.instance().is_initialized() and HydraConfig.instance().cfg is None


def test_after_an_error_hydra_is_left_as_it_was():
    with pytest.raises(ConfigError):
        regexp.run("epochs=0")
    assert not GlobalHydra.instance().is_initialized()


def test_configuration_of_ones_own(tmp_path):
    (tmp_path / "conf" / "optimizer").mkdir(parents=True)
    text = "_target_: regexp.optim.SGD\nlr: 0.005\nmomentum: 0.5\nnesterov: false\n"
    (tmp_path / "conf" / "optimizer" / "mine.yaml").write_text(text, encoding="utf-8")
    (run,) = regexp.run("optimizer=mine", "epochs=1", config_dir="conf")
    assert run.experiment.optimizer == SGD(0.005, momentum=0.5)


def test_a_table_that_changed_is_read_again(tmp_path):
    rng = np.random.default_rng(0)
    words = ("dataset=table", "dataset.path=t.csv", "dataset.target=y", "epochs=1")
    hashes = set()
    for _ in range(2):
        pd.DataFrame(rng.normal(size=(30, 3)), columns=["a", "b", "y"]).to_csv("t.csv", index=False)
        hashes.add(regexp.run(*words)[0].experiment.hash())
    assert len(hashes) == 2


def arrays(classes=None):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(40, 2, 3))
    return x, (rng.integers(classes, size=40) if classes else x.sum((1, 2)) * 7 + 3)


@pytest.mark.parametrize("convert", [np.asarray, torch.from_numpy])
def test_arrays_of_ones_own(convert, tmp_path):
    x, y = map(convert, arrays())
    runs = [Experiment(TensorDataset(x, y, standardize=True), Linear(), SGD(0.1), seed=s, epochs=2) for s in (0, 1)]
    results = regexp.fit(runs, tmp_path / "runs", threads=1)
    assert results[0].final["test/rmse"] > 0 and set(results[0].baselines) == {"constant", "ridge"}
    assert results[0].baselines["ridge"]["test/rmse"] < 1e-4  # the targets are linear in the inputs
    again = regexp.load(tmp_path / "runs")[0]
    assert again.experiment == runs[again.experiment.seed]
    assert again.experiment.hash() == runs[again.experiment.seed].hash()
    assert isinstance(again.model(), torch.nn.Module)
    with pytest.raises(DataError, match=r"lived in memory .* make it again from the same x and y"):
        fit([again.experiment])


def test_their_content_is_the_identity():
    x, y = arrays(classes=3)
    one = TensorDataset(x, y)
    assert one.task == "classification" and one == TensorDataset(torch.from_numpy(x.copy()), y.tolist())
    assert one != TensorDataset(x + 1e-9, y) and one != TensorDataset(x, y, rows={"train": range(20), "test": range(20, 40)})
    data = one.load(0, torch.float32)
    assert data.classes == 3 and data.inputs.shape == (40, 6)
    given = TensorDataset(x, y, rows={"train": range(20), "test": range(20, 40)})
    assert not given.has_validation and given.load(5, torch.float32).rows["test"].tolist() == list(range(20, 40))


def test_true_and_false_are_two_classes():
    x, y = arrays()
    one, other = (TensorDataset(x, target) for target in (y > 3, (y > 3).astype(int)))
    assert one.task == TensorDataset(x, torch.from_numpy(y) > 3).task == "classification"
    data, same = one.load(0, torch.float32), other.load(0, torch.float32)
    assert data.classes == 2 and torch.equal(data.targets, same.targets) and data.targets.dtype == torch.long


def test_finished_runs_that_cannot_be_read_here_are_told_once(tmp_path, monkeypatch):
    """From another folder than that of the file with the model."""
    runs = [Experiment(SyntheticRegression(), Linear(), SGD(0.01), epochs=1, seed=seed) for seed in (0, 1, 2)]
    regexp.fit(runs, tmp_path / "runs", threads=1, tensorboard=False)
    for file in (tmp_path / "runs").glob("*/config.yaml"):
        text = file.read_text(encoding="utf-8")
        file.write_text(text.replace("regexp.models.linear.Linear", "mine_elsewhere.Linear"), encoding="utf-8")
    found = regexp.load(tmp_path / "runs")
    assert len(found) == 0
    (line,) = found.missing
    assert "(and 2 other runs) has ended, but cannot be read here" in line
    assert "No module named 'mine_elsewhere'" in line and "add it to PYTHONPATH" in line


def test_without_a_validation_split_there_are_no_best_weights():
    (run,) = regexp.run("dataset.val_size=0", "epochs=1")
    with pytest.raises(ValueError, match=r"it has no validation split: write model\(\), or .*\(val_size > 0\)$"):
        run.model("best")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"y": np.zeros(39)}, r"y must have one target for every example \(40\), got 39"),
        ({"x": np.zeros(40)}, r"x must be numbers of shape \(n, features\)"),
        ({"x": np.full((40, 2), np.nan)}, "must have finite values only"),
        ({"y": np.full(40, -1)}, "y must be whole numbers from 0"),
        ({"rows": {"train": [0]}}, "rows must hold train, test and perhaps val"),
        ({"rows": {"train": [0], "test": [0]}}, "rows must be different row numbers below 40"),
        ({"test_fraction": 0.9}, "must leave rows for every split"),
        ({"x": None}, "x must be given"),
    ],
)
def test_arrays_that_are_none(change, message):
    x, y = arrays(classes=3)
    with pytest.raises(regexp.Invalid, match=message):
        TensorDataset(**{"x": x, "y": y, **change})
