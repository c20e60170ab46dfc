"""What cannot begin is refused before anything is written; one run of a sweep that can is enough for the sweep to begin."""

from __future__ import annotations

import json

import pytest

import regexp
from regexp.config import ConfigError
from regexp.datasets.fashion_mnist_files import FILES

MINE = """
import dataclasses

import torch

import regexp
from regexp.datasets import SyntheticRegression


@dataclasses.dataclass(frozen=True)
class Net(regexp.Model):
    kind: str = "batch_norm"

    def build(self, features, outputs):
        linear = torch.nn.Linear(features, output if self.kind == "typo" else outputs)
        if self.kind == "batch_norm":
            return torch.nn.Sequential(torch.nn.BatchNorm1d(features), linear)
        return torch.nn.Sequential(torch.nn.Linear(features + 1, 3), linear) if self.kind == "misfit" else linear


@dataclasses.dataclass(frozen=True)
class Lost(regexp.Dataset):
    found: bool = False
    seed: int | None = regexp.per_run(None)

    def load(self, seed, dtype):
        if not self.found:
            raise FileNotFoundError("no file of mine")
        return SyntheticRegression().load(seed, dtype)

    @property
    def has_validation(self):
        return True
"""
QUICK = ("epochs=2", "curves=false", "tensorboard=false", "compare=false", "regularizer=[]")
NET = ("model._target_=mine.Net",)
MISFIT = (*NET, "+model.kind=misfit")
MISFITS = "model: fails in its first forward, in 0, Linear(in_features=201, out_features=3, bias=True), given (2, 200): "
LOST = ("dataset._target_=mine.Lost",)
SAID = "holds BatchNorm1d (0), which keeps running statistics outside the run: use LayerNorm or GroupNorm"


@pytest.fixture
def written(tmp_path):
    """What lies in the folder beside the user's own file."""
    (tmp_path / "mine.py").write_text(MINE, encoding="utf-8")
    return lambda: sorted(path.name for path in tmp_path.iterdir() if path.name not in ("mine.py", "__pycache__", "cache"))


def nowhere(tmp_path):
    return "dataset=kmnist", "dataset.download=false", "dataset.root=cache", "model=linear"


def with_empty(names):
    """Fashion-MNIST from a folder in which these of its files lie, empty."""

    def words(tmp_path):
        (tmp_path / "cache").mkdir()
        for name in names:
            (tmp_path / "cache" / name).touch()
        return "dataset=fashion_mnist", "dataset.root=cache", "dataset.download=false", "model=linear"

    return words


incomplete, wrong = with_empty([FILES[0].name]), with_empty([file.name for file in FILES])


HOW = {"one": (), "stacks": ("-m", "seed=0,1"), "plain Hydra": ("-m", "seed=0,1", "hydra/launcher=basic")}
CASES = {
    "model": (lambda _: NET, SAID),
    "layers": (lambda _: MISFIT, MISFITS),
    "data of one's own": (lambda _: LOST, "no file of mine"),
    "data nowhere": (nowhere, "KMNIST was not found in cache"),
    "data incomplete": (incomplete, "holds only some of the data set's files: complete it, or empty it"),
    "data wrong": (wrong, "has only 0 bytes"),
}


@pytest.mark.parametrize(
    "how", [(), ("-m", "seed=0,1"), ("-m", "seed=0,1", "hydra/launcher=basic")], ids=["one", "-m", "hydra"]
)
@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_what_cannot_begin_leaves_nothing_behind(case, how, command_line, written, tmp_path):
    words, said = case
    done = command_line(*how, *QUICK, *words(tmp_path), XDG_CACHE_HOME=str(tmp_path / "cache"))
    assert (done.code, written()) == (1, []), done.stdout
    assert done.stderr.count(said) == 1 and "Traceback" not in done.stderr


def test_a_search_of_what_cannot_begin_is_refused(command_line, written):
    done = command_line("-m", *QUICK[:-1], *NET, "regularizer=[],[l2]", "hydra/sweeper=search", "study=mine")
    assert (done.code, written()) == (1, []) and SAID in done.stderr


@pytest.mark.parametrize("values", ["batch_norm,plain", "plain,batch_norm"])
def test_one_run_that_can_begin_is_enough(values, command_line, written, tmp_path):
    done = command_line("-m", *QUICK, *NET, f"+model.kind={values}", "hydra.sweep.dir=s")
    assert done.code == 1 and "2 runs in s: 1 completed, 1 failed" in done.stdout
    found = [json.loads(file.read_text(encoding="utf-8")) for file in (tmp_path / "s").glob("*/summary.json")]
    assert {run["status"]: SAID in (run["reason"] or "") for run in found} == {"completed": False, "failed": True}


def test_what_is_there_does_not_count(command_line, written, tmp_path):
    """A study refuses new runs that cannot begin, and stays as it was."""
    study = ("-m", *QUICK, "study=mine", *LOST)
    assert command_line(*study, "+dataset.found=true", "seed=0,1").code == 0

    def state():
        return {path.relative_to(tmp_path): path.stat().st_mtime_ns for path in (tmp_path / "outputs").rglob("*")}

    before = state()
    done = command_line(*study, "+dataset.found=false", "seed=0,1")
    assert done.code == 1 and "no file of mine" in done.stderr and state() == before
    assert command_line(*study, "+dataset.found=true,false", "seed=0,1").code == 1 and state() == before
    assert command_line(*study, "+dataset.found=true", "seed=0,1").code == 0


def test_an_error_in_the_users_code_has_its_traceback_in_the_log(command_line, written, tmp_path):
    done = command_line(*QUICK, *NET, "+model.kind=typo", "hydra.run.dir=run")
    assert done.code == 1 and written() == ["run"]
    assert "Traceback" in (tmp_path / "run" / "train.log").read_text(encoding="utf-8")


def test_from_python_too(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match="holds only some of the data set's files"):
        regexp.run(*incomplete(tmp_path), "study=mine")
    assert not (tmp_path / "outputs").exists()
