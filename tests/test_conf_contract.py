"""What every yaml under ``conf`` promises: complete, equal to its class, composable with all others, trainable."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from hydra._internal.utils import get_args_parser

from regexp.component import values
from regexp.config.building import BASES, KEYS
from regexp.config.planning import plan
from regexp.config.target import component_class
from regexp.experiment import Experiment
from regexp.runner import fit
from regexp.settings import Settings
from regexp.train import CONFIG_NAME, config_folder

CONF = config_folder()
COMPONENTS = sorted(path for group in BASES for path in (CONF / group).glob("*.yaml"))
REGULARIZERS = sorted(path.stem for path in (CONF / "regularizer").glob("*.yaml"))
EXPERIMENTS = sorted(path.stem for path in (CONF / "experiment").glob("*.yaml"))
FOR_ONE_EPOCH = ["epochs=1", "threads=1"]
TABLE = Path(__file__).with_name("table.csv")
NEEDED = {"table": [f"dataset.path={TABLE}", "dataset.target=y"]}
"""What a choice cannot be made without."""
ABSENT = {"mnist", "kmnist", "cifar10"}
"""Data sets that must be downloaded: tests/test_images.py has small ones of their shape."""


def read(path: Path) -> dict[str, Any]:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def compose(*overrides: str) -> tuple[Experiment, Settings]:
    (run,) = plan(get_args_parser().parse_args(list(overrides)), config_folder(), CONFIG_NAME).runs
    return run.experiment, run.settings


def names(experiment: Experiment) -> list[str]:
    return [regularizer.name() for regularizer in experiment.regularizers]


def small(experiment: Experiment) -> list[str]:
    """Overrides that make one epoch short, whatever the data set."""
    fields = {field.name for field in dataclasses.fields(experiment.dataset)}
    sizes = {"train_size": 100, "val_size": 50} if "train_size" in fields else {}
    return [f"dataset.{name}={size}" for name, size in sizes.items()]


@pytest.mark.parametrize("path", COMPONENTS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_component_lists_every_field_with_its_default(path):
    node = read(path)
    if path.parent.name == "regularizer":
        assert list(node) == [path.stem]
        node = node[path.stem]
    kind = component_class(node.pop("_target_"), BASES[path.parent.name])
    fields = dataclasses.fields(kind)
    assert list(node) == [field.name for field in fields]
    for field in fields:
        if field.default is not dataclasses.MISSING:
            default = list(field.default) if isinstance(field.default, tuple) else field.default
            assert node[field.name] == default
            assert type(node[field.name]) is type(default)
    assert path.stem in (kind.name(), str(node.get("images")).lower())


def test_the_page_names_every_choice_and_every_key():
    page = (CONF / f"{CONFIG_NAME}.yaml").read_text(encoding="utf-8")
    for group in (*BASES, "experiment"):
        comment = re.search(rf"^  - {group}: .*#(.*(?:\n  #.*)*)$", page, re.M)[1]
        choices = {path.stem for path in (CONF / group).glob("*.yaml")}
        assert choices <= set(re.findall(r"\w+", comment)), group
    assert set(yaml.safe_load(page)) - {"defaults", "hydra"} | set(BASES) == set(KEYS)


def test_the_page_has_the_default_settings():
    page = read(CONF / f"{CONFIG_NAME}.yaml")
    assert Settings(**{field.name: page[field.name] for field in dataclasses.fields(Settings)}) == Settings()


@pytest.mark.parametrize("experiment", [None, *EXPERIMENTS])
def test_regularizers_are_exactly_those_of_the_list(experiment):
    chosen = [f"experiment={experiment}"] if experiment else []
    assert names(compose(*chosen, "regularizer=[]")[0]) == []
    assert names(compose(*chosen, "regularizer=l2")[0]) == ["l2"]
    listed, _ = compose(*chosen, "regularizer=[l1,weight_decay]", "regularizer.l1.strength=0.25")
    assert names(listed) == ["l1", "weight_decay"]
    assert listed.regularizers[0].strength == 0.25


@pytest.mark.parametrize("experiment", EXPERIMENTS)
def test_a_recipe_survives_other_choices(experiment):
    for choice in ("model=linear", "model=mlp", "optimizer=sgd", "optimizer=adam", "dataset=synthetic_regression"):
        others = ("regularizer=[]", "loss=auto", "objective=val/loss", choice)  # losses and metrics belong to their task
        found, _ = compose(f"experiment={experiment}", *others)
        group, _, name = choice.partition("=")
        assert getattr(found, group).name() == name


@pytest.mark.parametrize("dataset", ["synthetic_regression", "polynomial_regression", "fashion_mnist"])
@pytest.mark.parametrize("model", ["linear", "mlp"])
@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_every_combination_composes(dataset, model, optimizer):
    found, _ = compose(f"dataset={dataset}", f"model={model}", f"optimizer={optimizer}", "regularizer=[]")
    assert [part.name() for part in (found.dataset, found.model, found.optimizer)] == [dataset, model, optimizer]


@pytest.mark.parametrize("experiment", EXPERIMENTS)
def test_every_experiment_trains(experiment):
    recipe, _ = compose(f"experiment={experiment}")
    short, _ = compose(f"experiment={experiment}", *FOR_ONE_EPOCH, *small(recipe))
    (result,) = fit([short], threads=1)
    assert (result.status, result.epochs_run) == ("completed", 1)
    assert result.final["train/loss"] < result.rows[0]["train/loss"]


@pytest.mark.parametrize(
    "path", [path for path in COMPONENTS if path.stem not in ABSENT], ids=lambda path: f"{path.parent.name}/{path.stem}"
)
def test_every_component_trains(path):
    group, choice = path.parent.name, path.stem
    overrides = (
        ["model=mlp", f"{group}={choice}"] + ([] if group == "regularizer" else ["regularizer=[]"]) + NEEDED.get(choice, [])
    )
    if choice == "augmentation":
        overrides.append("dataset=fashion_mnist")  # moves pictures
    found, _ = compose(*overrides)
    short, _ = compose(*overrides, *FOR_ONE_EPOCH, *small(found))
    (result,) = fit([short], threads=1)
    assert (result.status, result.epochs_run) == ("completed", 1)


def test_the_default_shows_weight_decay_at_work():
    experiment, settings = compose()
    assert (experiment.dataset.name(), experiment.model.name(), names(experiment)) == (
        "synthetic_regression",
        "linear",
        ["weight_decay"],
    )
    assert experiment.dataset.features > experiment.dataset.train_size
    without, _ = compose("regularizer=[]")
    decayed, plain = (fit([one])[0].final for one in (experiment, without))
    assert decayed["test/loss"] < plain["test/loss"] / 5
    assert settings == Settings()


def test_the_recipe_of_weight_decay():
    experiment, _ = compose("experiment=weight_decay")
    assert values(experiment.dataset) == {
        "features": 200,
        "train_size": 20,
        "val_size": 0,
        "test_size": 100,
        "true_weight": 0.01,
        "true_bias": 0.05,
        "noise": 0.01,
        "nonzero": None,
        "interactions": 0.0,
        "correlation": 0.0,
        "block": None,
        "seed": None,
    }
    assert (experiment.model.name(), experiment.model.init, experiment.model.init_std) == ("linear", "normal", 1.0)
    assert values(experiment.optimizer) == {"lr": 0.003, "momentum": 0.0, "nesterov": False}
    assert [values(regularizer) for regularizer in experiment.regularizers] == [{"strength": 3.0, "biases": False}]
    assert (experiment.epochs, experiment.batch_size, experiment.eval_every) == (100, 5, 5)


@pytest.mark.parametrize(
    ("name", "hidden", "rates", "init", "optimizer", "lr", "batch_size", "normalize"),
    [
        ("dropout", (256, 128), (0.3, 0.5), ("default", 0.01), "adam", 0.001, 128, "symmetric"),
        ("dropout_d2l", (256, 256), (0.2, 0.5), ("normal", 0.01), "sgd", 0.5, 256, "unit"),
    ],
)
def test_the_recipes_of_dropout(name, hidden, rates, init, optimizer, lr, batch_size, normalize):
    experiment, _ = compose(f"experiment={name}")
    assert (experiment.dataset.name(), experiment.dataset.val_size, experiment.dataset.normalize) == (
        "fashion_mnist",
        0,
        normalize,
    )
    model = experiment.model
    assert (model.hidden, model.activation, (model.init, model.init_std)) == (hidden, "relu", init)
    assert (experiment.optimizer.name(), experiment.optimizer.lr) == (optimizer, lr)
    assert [values(one) for one in experiment.regularizers] == [{"rate": list(rates), "input_rate": 0.0, "mask": "example"}]
    assert (experiment.epochs, experiment.batch_size, experiment.loss) == (10, batch_size, "auto")
