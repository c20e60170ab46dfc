"""From configuration to experiment: types, ranges, names, and what a name can reach."""

from __future__ import annotations

import copy
import dataclasses
import re
import shlex
import shutil
import subprocess
import sys
from typing import Any

import pytest
import yaml
from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import OmegaConf

from regexp.config import ConfigError, build
from regexp.config.diagnosis import no_override, one_value
from regexp.config.target import component_class
from regexp.datasets import SyntheticRegression
from regexp.experiment import Experiment
from regexp.models.mlp import MLP
from regexp.models.model import Model
from regexp.optim import SGD, Adam
from regexp.regularizers import L2, Dropout, EarlyStopping, WeightDecay
from regexp.settings import Settings, absent_device
from regexp.words import quoted

CONFIG = {
    "dataset": {"_target_": "regexp.datasets.synthetic_regression.SyntheticRegression"},
    "model": {"_target_": "regexp.models.mlp.MLP", "hidden": [4]},
    "optimizer": {"_target_": "regexp.optim.SGD", "lr": 0.1},
    "regularizer": {"l2": {"_target_": "regexp.regularizers.l2.L2", "strength": 1}},
    "epochs": 3,
    "threads": 2,
}
EXPERIMENT = Experiment(SyntheticRegression(), MLP(hidden=(4,)), SGD(lr=0.1), [L2(strength=1.0)], epochs=3)


def changed(**values: Any) -> dict[str, Any]:
    """CONFIG with other values at dotted keys (double underscores here)."""
    config = copy.deepcopy(CONFIG)
    for key, value in values.items():
        *path, last = key.split("__")
        node = config
        for name in path:
            node = node[name]
        node[last] = value
    return config


def problems_of(config: dict[str, Any]) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        build(config)
    return [str(one) for one in caught.value.problems]


@pytest.mark.parametrize("kind", [dict, OmegaConf.create], ids=["plain", "omegaconf"])
def test_a_configuration_is_its_experiment(kind):
    assert build(kind(CONFIG)) == (EXPERIMENT, Settings(threads=2))


def test_hydras_own_node_is_no_part_of_it():
    config = OmegaConf.create({**CONFIG, "hydra": {"unresolvable": "${nothing}"}})
    assert build(config)[0] == EXPERIMENT


def test_interpolations_are_resolved():
    assert build(OmegaConf.create(changed(batch_size="${epochs}")))[0].batch_size == 3
    assert problems_of(OmegaConf.create(changed(batch_size="${nothing}")))[0].startswith("batch_size")


@pytest.mark.parametrize(
    "experiment",
    [
        EXPERIMENT,
        Experiment(
            SyntheticRegression(train_size=30, nonzero=4, seed=7),
            MLP(hidden=(3, 2), activation="tanh", init="constant", init_value=0.5),
            Adam(lr=1e-3, betas=(0.8, 0.99)),
            [EarlyStopping(patience=3), Dropout(rate=(0.1, 0.2)), WeightDecay(strength=0.5, biases=True)],
            batch_size=4,
            seed=11,
            dtype="float64",
        ),
    ],
    ids=["plain", "rich"],
)
def test_what_a_run_stores_gives_the_experiment_back(experiment):
    settings = Settings(device="cuda:3", threads=4, tensorboard=False)
    stored = yaml.safe_load(yaml.safe_dump({**dataclasses.asdict(settings), **experiment.to_dict()}, sort_keys=False))
    again, settings_again = build(stored)
    assert again == experiment
    assert again.hash() == experiment.hash()
    assert settings_again == settings


def test_the_order_of_regularizers_is_kept():
    l2, decay = CONFIG["regularizer"]["l2"], {"_target_": "regexp.regularizers.weight_decay.WeightDecay", "strength": 2.0}
    one, _ = build(changed(regularizer={"l2": l2, "weight_decay": decay}))
    other, _ = build(changed(regularizer={"weight_decay": decay, "l2": l2}))
    assert [type(regularizer) for regularizer in one.regularizers] == [L2, WeightDecay]
    assert one.hash() != other.hash()


@pytest.mark.parametrize(("given", "meant"), [(1, 1.0), ("0.5", 0.5), (1e-3, 0.001)])
def test_numbers_become_the_type_of_their_field(given, meant):
    strength = build(changed(regularizer__l2__strength=given))[0].regularizers[0].strength
    assert strength == meant
    assert type(strength) is float


@pytest.mark.fault("F23")
@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({"regularizer__l2__strength": -0.1}, "regularizer.l2.strength must be a finite number >= 0, got -0.1"),
        ({"regularizer__l2__strength": "big"}, "regularizer.l2.strength must be a finite number >= 0, got 'big'"),
        ({"regularizer__l2__strength": "???"}, "regularizer.l2.strength must be given"),
        ({"regularizer__l2__biases": "perhaps"}, "regularizer.l2.biases must be true or false, got 'perhaps'"),
        ({"optimizer__lr": None}, "optimizer.lr must be a finite number > 0, got None"),
        ({"optimizer": {"_target_": "regexp.optim.SGD"}}, "optimizer.lr must be given"),
        ({"optimizer__momentun": 0.9}, "optimizer.momentun is no key: did you mean optimizer.momentum?"),
        ({"optimizer__nesterov": True}, "optimizer.nesterov needs momentum > 0, got momentum 0"),
        ({"model__hidden": [3, 0]}, "model.hidden holds an item that must be a whole number >= 1, got 0"),
        ({"model__output": "sigmoid"}, "model.output must be auto or identity with loss half_squared, got 'sigmoid'"),
        ({"epochs": 2.5}, "epochs must be a whole number >= 1, got 2.5"),
        ({"batch_sise": 3}, "batch_sise is no key: did you mean batch_size?"),
        ({"threads": 1.5}, "threads must be a whole number >= 1 or null, got 1.5"),
        ({"model": None}, "model must be a choice with fields of its own, got None"),
        ({"regularizer": None}, "regularizer must be a list of choices, got None: write regularizer=[] for none"),
        ({"regularizer": ["l2"]}, "regularizer must be a list of choices, got ['l2']: write regularizer=[] for none"),
        ({"regularizer__l1": {"strength": 1}}, 'regularizer.l1 has values but l1 is not in [l2]: write "regularizer=[l2,l1]"'),
    ],
    ids=str,
)
def test_a_wrong_value_is_named_with_its_rule(values, problem):
    assert problems_of(changed(**values)) == [problem]


def test_problems_of_all_components_come_together():
    stopping = {"_target_": "regexp.regularizers.early_stopping.EarlyStopping", "patience": 0}
    parts = {"dataset__noise": -1, "model__init": "odd", "optimizer__lr": "fast", "optimizer__momentum": 1}
    problems = problems_of(changed(**parts, regularizer__early_stopping=stopping, epochs=0, threads=0))
    keys = ["dataset.noise", "model.init", "optimizer.lr", "optimizer.momentum", "regularizer.early_stopping.patience"]
    assert [problem.split()[0] for problem in problems] == [*keys, "epochs", "threads"]


def test_conflicts_between_parts_come_with_the_problems_of_parts():
    stopping = {"_target_": "regexp.regularizers.early_stopping.EarlyStopping"}
    problems = problems_of(changed(dataset__val_size=0, optimizer__lr=-1, regularizer__early_stopping=stopping))
    assert [problem.split()[0] for problem in problems] == ["optimizer.lr", "regularizer.early_stopping.monitor"]


def test_a_conflict_is_told_by_the_key_as_written():
    dropout = {"_target_": "regexp.regularizers.dropout.Dropout", "rate": [0.1, 0.2]}
    (problem,) = problems_of(changed(regularizer={"mine": dropout}))
    assert problem.startswith("regularizer.mine.rate must be one number or 1")


@pytest.mark.fault("F22")
@pytest.mark.parametrize(
    ("target", "why"),
    [
        ("os.system", "standard library"),
        ("builtins.eval", "standard library"),
        ("subprocess.Popen", "standard library"),
        ("torch.load", "torch holds none"),
        ("torch.nn.Linear", "torch holds none"),
        ("numpy.load", "numpy holds none"),
        ("hydra.utils.instantiate", "hydra holds none"),
        ("regexp.models.mlp.build_network", "no class but a function"),
        ("regexp.models.mlp.Model", "a class that is no dataclass itself"),
        ("regexp.lazy.torch.load", "ModuleNotFoundError"),
        ("regexp.optim.SGD", "a dataclass deriving from Optimizer"),
        ("regexp.models.mlp.MPL", "AttributeError"),
        ("no_such_package.Net", "ModuleNotFoundError"),
        ("support.Blobs", "a dataclass deriving from Dataset"),
        ("test_config.Thawed", "a dataclass that is not frozen"),
        ("test_config.Heir", "a class that is no dataclass itself"),
        ("MLP", "package.module.Class"),
        (None, "package.module.Class"),
        (3, "package.module.Class"),
    ],
)
def test_a_name_reaches_components_and_nothing_else(target, why):
    with pytest.raises(ValueError, match=r"must name a frozen dataclass deriving from regexp\.Model") as caught:
        component_class(target, Model)
    assert why in str(caught.value)
    assert repr(target) in str(caught.value)


@pytest.mark.fault("F22")
def test_nothing_of_a_refused_library_is_imported():
    code = (
        "import sys; from regexp.config.target import component_class; from regexp.models.model import Model\n"
        "for name in ('antigravity.fly', 'idlelib.idle.main', 'torchvision.ops.MLP'):\n"
        "    try: component_class(name, Model)\n"
        "    except ValueError: pass\n"
        "print(sorted({'antigravity', 'idlelib', 'torchvision', 'torch'} & set(sys.modules)))"
    )
    assert run_python(code) == "[]"


def test_building_the_default_needs_no_torch(tmp_path):
    code = (
        "import sys; from hydra._internal.utils import get_args_parser; from regexp.train import config_folder\n"
        "from regexp.config.planning import plan\n"
        "(run,) = plan(get_args_parser().parse_args([]), config_folder(), 'train').runs\n"
        "run.experiment.hash(); print('torch' in sys.modules)"
    )
    assert run_python(code) == "False"


WORDS = ["epochs=3", "regularizer=[a,b]", "a=1,2", "a='b c'", "~model", "a=*;b", "@a", "=a", "-m", "--a.b", "a={b:c}", ""]
FOR_POSIX = ['a="x"', "a=$HOME", "a=`id`", "a=b\\c"]


@pytest.mark.parametrize("word", [*WORDS, *FOR_POSIX])
def test_a_command_survives_the_shell(word):
    for shell in filter(shutil.which, ("sh", "bash", "zsh")):
        command = [shell, "-c", f"printf %s {quoted(word)}"]
        done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=True)
        assert done.stdout == word


@pytest.mark.parametrize("word", WORDS)
def test_a_command_is_one_word_in_powershell_and_cmd(word):
    """By their manuals (about_Parsing, about_Special_Characters; cmd /?): what is special outside double quotes."""
    bare = re.sub(r'"[^"]*"', "", quoted(word))
    assert not set(bare) & set(" '`,;(){}|&<>#$^!*?[]~")
    assert not re.match(r"[@=]|-[^.:]*[.:]", bare)
    assert (quoted(word) == word) == (word in ("epochs=3", "-m"))


@pytest.mark.parametrize(
    ("swept", "one"),
    [("a=3", "a=3"), ("a=x,y", "a=x"), ("+a=range(4,9)", "+a=4"), ("a=interval(0.5,2)", "a=0.5"), ("~a", "~a")],
)
def test_a_sweep_that_chooses_by_itself_is_checked_by_one_of_its_runs(swept, one):
    assert one_value(OverridesParser.create().parse_override(swept)) == one


def test_a_device_is_missed_only_where_it_is_asked_for():
    assert absent_device("auto") is None
    assert absent_device("cpu") is None
    assert absent_device(3) is None
    assert "must be a device that this machine has" in absent_device("cuda:99")
    assert Settings(device="cuda:99").device == "cuda:99"  # settings of a run elsewhere can be read here


def run_python(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, encoding="utf-8", check=True)
    return done.stdout.strip()


@dataclasses.dataclass
class Thawed(Model):
    """A model that is not frozen."""


class Heir(MLP):
    """Derives from a component, but is no dataclass of its own."""


def test_parts_that_are_no_parts_are_refused_by_name():
    """In a process of its own: here the check of annotations would come first."""
    code = """
from regexp import Experiment, Invalid
from regexp.datasets import SyntheticRegression
from regexp.models import Linear
from regexp.optim import SGD
from regexp.regularizers import L2
right = {"dataset": SyntheticRegression(), "model": Linear(), "optimizer": SGD(0.1), "regularizers": [L2(1.0)]}
several = [{"model": Linear}, {"optimizer": None}, {"dataset": "synthetic"}, {"regularizers": L2(1.0)}, {"regularizers": [L2]}]
for wrong in several:
    try:
        Experiment(**right | wrong)
    except Invalid as error:
        print(error)
"""
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True).stdout.splitlines()
    named = (
        "model must be one",
        "optimizer must be one",
        "dataset must be one",
        "regularizers must be a",
        "regularizers[0] must",
    )
    assert len(said) == len(named)
    assert all(f"Experiment.{name}" in line for name, line in zip(named, said, strict=True))


@pytest.mark.parametrize("value", ["it's y.csv", "a, b", "价格", "x (1)"])
def test_the_hint_on_quotes_gives_the_text_that_was_meant(value):
    line = no_override(f"dataset.path={value}")
    typed = shlex.split(line[line.index(': "') + 2 :])
    (override,) = OverridesParser.create().parse_overrides(typed)
    assert override.value() == value
