"""Who trains stacks: processes, jobs and a Ray cluster are really run, and lose workers; the bits are always the same."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import signal
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from regexp.datasets import SyntheticRegression
from regexp.experiment import Experiment
from regexp.launcher import Launcher
from regexp.models import Linear
from regexp.optim import SGD
from regexp.order import Order
from regexp.rules import Invalid
from regexp.settings import Settings
from regexp.sweep.hint import hint, idle_cores
from regexp.sweep.stack import Stack
from regexp.sweep.stacks import stacks
from regexp.sweep.study import claim, held

QUICK = ("-m", "epochs=2", "dataset.train_size=10")
JOBLIB = ("hydra.launcher.engine=joblib", "hydra.launcher.workers=2")
LOCAL_JOBS = ("hydra.launcher.engine=submitit", "hydra.launcher.submitit.cluster=local")
ALONE = "hydra.launcher.max_stack=1"

TOUCHY = """
import dataclasses
import os
import pathlib
import signal
import sys
import time

from regexp.datasets import SyntheticRegression


@dataclasses.dataclass(frozen=True)
class Deadly(SyntheticRegression):
    def load(self, seed, dtype):
        mark = pathlib.Path("killed")
        if seed == 2 and not mark.exists() or seed == 3:
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return super().load(seed, dtype)


@dataclasses.dataclass(frozen=True)
class Held(SyntheticRegression):
    def load(self, seed, dtype):
        pathlib.Path(f"begun-{seed}-{os.getpid()}").write_text(str("hydra" in sys.modules))
        while not pathlib.Path("go").exists():
            time.sleep(0.05)
        return super().load(seed, dtype)
"""


def of(kind: str) -> tuple[str, str]:
    return f"dataset._target_=touchy.{kind}", "~dataset.train_size"


@pytest.fixture
def touchy(tmp_path: Path) -> Path:
    (tmp_path / "touchy.py").write_text(TOUCHY, encoding="utf-8")
    return tmp_path


def wait_for(condition: Callable[[], Any], seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def ended(process: int) -> bool:
    """Whether it has ended, even if nobody has asked how."""
    try:
        state = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return True
    return state in "ZX"


def metrics(folder: Path) -> dict[str, bytes]:
    return {file.parent.name: file.read_bytes() for file in sorted(folder.glob("*/metrics.csv"))}


def statuses(folder: Path) -> list[str]:
    return sorted(status for _, status in held(folder).values())


def test_every_engine_gives_the_same_bits_and_files(command_line, tmp_path):
    grid = (*QUICK, "regularizer.weight_decay.strength=0.1,1", "seed=1,2", "hydra.launcher.max_stack=3")
    for name, engine in {"here": (), "joblib": JOBLIB, "jobs": LOCAL_JOBS}.items():
        done = command_line(*grid, *engine, f"study={name}")
        assert done.code == 0, done.stderr
        assert f"4 runs in outputs/{name}: 4 completed" in done.stdout
    here, *others = (tmp_path / "outputs" / name for name in ("here", "joblib", "jobs"))
    assert len(metrics(here)) == 4
    for other in others:
        assert metrics(other) == metrics(here)
        for run in metrics(here):
            for file in ("config.yaml", "train.log"):
                assert (other / run / file).read_bytes() == (here / run / file).read_bytes()


@pytest.mark.fault("F1")
def test_a_lost_process_s_stack_is_trained_again_and_not_for_ever(command_line, touchy):
    done = command_line("-m", "epochs=2", *of("Deadly"), "seed=range(5)", *JOBLIB, ALONE, "study=s")
    assert done.code == 1
    assert "5 runs in outputs/s: 4 completed, 1 failed" in done.stdout, done.stderr
    assert "stack 4 was lost" in done.stderr  # and stack 3 too, unless seed 3 has died before seed 2 was loaded
    failed = next(folder for folder, status in held(touchy / "outputs/s").values() if status == "failed")
    summary = json.loads((failed / "summary.json").read_text(encoding="utf-8"))
    assert summary["seed"] == 3
    assert "lost 3 times" in summary["reason"]


def test_jobs_are_submitted_collected_and_completed(command_line, touchy):
    sweep = ("-m", "epochs=2", *of("Deadly"), "seed=range(3)", *LOCAL_JOBS, ALONE, "study=s")
    study, apart = touchy / "outputs/s", "hydra.launcher.wait=false"
    submitted = command_line(*sweep, apart)
    assert submitted.code == 0, submitted.stderr
    assert "3 queued" in submitted.stdout
    assert "repeat the command" in submitted.stdout
    command_line(*sweep, apart)
    assert len(list(study.glob(".submitit/*_submitted.pkl"))) == 3  # none again while they wait or run
    wait_for(lambda: statuses(study).count("completed") == 2 and (touchy / "killed").exists())
    lost = ""

    def collected() -> bool:
        nonlocal lost
        lost = command_line(*sweep, apart).stderr
        return "was lost" in lost

    wait_for(collected)
    assert len(list(study.glob(".submitit/*_submitted.pkl"))) == 4
    last = command_line(*sweep)  # and now to the end
    assert "1 completed, 2 there already" in last.stdout, last.stderr
    assert list(study.glob(".submitit/*.json")) == []
    assert "3 there already" in command_line(*sweep).stdout


SLURM = {
    "sbatch": """#!/bin/bash
cp "$1" asked.sh
for k in $(seq 0 $(($(sed -n 's/^#SBATCH --array=0-\\([0-9]*\\).*/\\1/p' "$1") + 0))); do
    SLURM_JOB_ID=7_$k SLURM_ARRAY_JOB_ID=7 SLURM_ARRAY_TASK_ID=$k SLURM_NTASKS=1 setsid bash "$1" >/dev/null 2>&1 &
done
echo Submitted batch job 7
""",
    "srun": """#!/bin/bash
while [[ $1 == -* ]]; do [[ $1 == --output || $1 == --error ]] && shift; shift; done
exec "$@"
""",
    "sacct": "#!/bin/bash\necho 'JobID|State|NodeList'\necho '7_0|RUNNING|n'\necho '7_1|RUNNING|n'\n",
    "scancel": "#!/bin/bash\n",
}
"""SLURM's commands, as far as submitit uses them: an array whose tasks start at once on this machine."""


def test_slurm_is_asked_for_an_array_in_submitit_s_words(command_line, tmp_path, tmp_path_factory):
    commands = tmp_path_factory.mktemp("slurm")
    for name, text in SLURM.items():
        (commands / name).write_text(text, encoding="utf-8")
        (commands / name).chmod(0o755)
    path = f"{commands}:{os.environ['PATH']}"
    fields = ("slurm_partition=long", "timeout_min=90", "mem_gb=4", "slurm_array_parallelism=1", "slurm_setup=[module load x]")
    words = [f"hydra.launcher.submitit.{field}" for field in fields]
    more = "hydra.launcher.submitit.slurm_additional_parameters={reservation:mine}"
    sweep = (*QUICK, "seed=1,2", "study=s", ALONE, "hydra.launcher.engine=submitit", *words, more)
    done = command_line(*sweep, "hydra.launcher.wait=false", PATH=path)
    assert done.code == 0, done.stderr
    assert "slurm-7_0, slurm-7_1" in done.stderr
    asked = (tmp_path / "asked.sh").read_text(encoding="utf-8").splitlines()
    options = ("partition=long", "time=90", "mem=4GB", "array=0-1%1", "reservation=mine", "cpus-per-task=1", "job-name=regexp")
    assert {f"#SBATCH --{option}" for option in options} <= set(asked)
    assert "module load x" in asked
    assert "2 completed" in command_line(*sweep, PATH=path).stdout
    assert statuses(tmp_path / "outputs/s") == ["completed", "completed"]


@pytest.mark.fault("F6")
@pytest.mark.parametrize("engine", [JOBLIB, pytest.param(LOCAL_JOBS, marks=pytest.mark.long)], ids=["joblib", "submitit"])
def test_ctrl_c_ends_the_processes_and_notes_how_far_the_runs_came(engine, start, touchy):
    study = touchy / "outputs/s"
    command = start("-m", "epochs=1000000", "seed=range(4)", *engine, ALONE, "study=s")
    wait_for(lambda: len(statuses(study)) == (2 if engine == JOBLIB else 4))
    os.kill(command.pid, signal.SIGINT)
    outcome = command.finish()
    assert outcome.code == 130
    begun = len(statuses(study))
    assert statuses(study) == ["interrupted"] * begun
    if engine == JOBLIB:  # submitit's own processes print where they were
        assert "Traceback" not in outcome.stderr
        assert "2 interrupted, 2 not begun" in outcome.stdout
    assert json.loads((study / "sweep.json").read_text(encoding="utf-8"))["runs"] == {"interrupted": begun}
    with claim(study, set(held(study))) as mine:  # nobody trains any of them
        assert len(mine) == begun


@pytest.mark.parametrize("engine", [(), (JOBLIB[0], "hydra.launcher.workers=1")], ids=["local", "joblib"])
def test_two_commands_on_a_study_train_no_run_twice(engine, start, tmp_path):
    more = ("epochs=40", "study=s", ALONE, *engine)
    grids = ("range(1,6)", "range(3,8)"), ("seed=1,2", "seed=2,1")
    commands = [
        start("-m", f"regularizer.weight_decay.strength={grid}", seeds, *more) for grid, seeds in zip(*grids, strict=True)
    ]
    outcomes = [command.finish() for command in commands]
    assert [outcome.code for outcome in outcomes] == [0, 0], [outcome.stderr for outcome in outcomes]
    runs = held(tmp_path / "outputs/s")
    assert [status for _, status in runs.values()] == ["completed"] * 14
    trained = sum(int(outcome.stdout.split(" completed")[0].split()[-1]) for outcome in outcomes)
    assert trained == 14, [outcome.stdout for outcome in outcomes]
    for folder, _ in runs.values():
        assert len(list(folder.glob("events.*"))) == 1
        assert len((folder / "metrics.csv").read_text(encoding="utf-8").splitlines()) == 42
    assert len(list((tmp_path / "outputs/s").glob("*/metrics.csv"))) == 14  # in one folder each


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """A Ray cluster with two nodes of one core each that can be killed, and a head that trains nothing."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Ray's own
        from ray.cluster_utils import Cluster

        small = {"object_store_memory": 80 << 20, "include_dashboard": False}
        found = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, **small})
        nodes = [found.add_node(num_cpus=1, object_store_memory=80 << 20) for _ in range(2)]
        yield found, nodes
        with contextlib.suppress(Exception):
            found.shutdown()


@pytest.mark.fault("F1")
def test_ray_trains_the_stacks_of_a_node_that_dies_elsewhere(cluster, command_line, start, touchy):
    ray, nodes = cluster
    sweep = ("-m", "epochs=2", *of("Held"), "seed=range(4)", ALONE)
    engine = ("hydra.launcher.engine=ray", f"hydra.launcher.address={ray.address}")
    command = start(*sweep, *engine, "study=s")
    wait_for(lambda: len(list(touchy.glob("begun-*"))) == 2)
    ray.remove_node(nodes[0], allow_graceful=False)
    workers = [int(file.name.rpartition("-")[2]) for file in touchy.glob("begun-*")]
    wait_for(lambda: any(map(ended, workers)))  # a worker lives on for a moment, long enough to finish two epochs
    (touchy / "go").touch()
    done = command.finish()
    assert done.code == 0, done.stderr
    assert "4 runs in outputs/s: 4 completed" in done.stdout
    assert "was lost" in done.stderr
    begun = [file.read_text(encoding="utf-8") for file in touchy.glob("begun-*")]
    assert len(begun) == 5  # the lost one twice
    assert set(begun) == {"False"}  # no worker composes, nor imports Hydra
    assert command_line(*sweep, "study=here").code == 0
    assert metrics(touchy / "outputs/s") == metrics(touchy / "outputs/here")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["workers=0", "engine=joblib"], "hydra.launcher.workers must be a whole number >= 1 or null, got 0"),
        (["engine=dask"], "hydra.launcher.engine must be one of local, joblib, submitit, ray, got 'dask'"),
        (["workers=2"], "hydra.launcher.workers is a field of engine=joblib, got engine=local"),
        (
            ["engine=joblib", "submitit.timeout_min=3"],
            "hydra.launcher.submitit is a field of engine=submitit, got engine=joblib",
        ),
        (["engine=submitit", "submitit.timout_min=3"], "did you mean hydra.launcher.submitit.timeout_min?"),
        (["engine=submitit", "submitit.mem_gb=all"], "hydra.launcher.submitit.mem_gb must be"),
        (["engine=submitit", "wait=false"], "hydra.launcher.wait=false needs a study: add study=NAME"),
        (["engine=ray", "gpus=-1"], "hydra.launcher.gpus must be a finite number >= 0, got -1"),
    ],
)
def test_what_no_launcher_can_be_is_refused_before_anything_is_written(arguments, said, command_line, tmp_path):
    outcome = command_line(*QUICK, "seed=1,2", *(f"hydra.launcher.{argument}" for argument in arguments))
    assert outcome.code == 1
    assert said in outcome.stderr
    assert len(outcome.stderr.strip().splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("engine", "extra"), [("joblib", "parallel"), ("submitit", "slurm"), ("ray", "ray")])
def test_an_engine_that_is_not_installed_names_the_line_that_installs_it(engine, extra, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(Invalid, match=rf'{engine}, which is not installed: pip install "regexp\[{extra}\]"'):
        Launcher(engine=engine)


@pytest.mark.parametrize(("workers", "said"), [(4, "every worker"), (40, "every run"), (2, None)])
def test_idle_workers_are_told_how_to_get_a_stack_each(workers, said, caplog):
    experiments = [
        Experiment(SyntheticRegression(), Linear(), SGD(lr), epochs=e) for e in (1, 2) for lr in (0.1, 0.2, 0.3, 0.4)
    ]
    orders = [Order(experiment, Settings(), Path(experiment.hash()), [], "") for experiment in experiments]
    with caplog.at_level(logging.WARNING, "regexp"):
        hint([Stack(number, part, Path()) for number, part in enumerate(stacks(orders, 8))], workers)
    if said is None:
        assert caplog.text == ""
    else:
        size = int(caplog.text.split("max_stack=")[1].split()[0])
        assert said in caplog.text
        found = stacks(orders, size)
        assert len(found) >= min(workers, 8)
        assert max(map(len, found)) == size
        fewer = [len(stacks(orders, larger)) for larger in range(size + 1, 9)]
        assert all(count == len(found) or count < min(workers, 8) for count in fewer)


@pytest.mark.parametrize(
    ("cores", "seconds", "size", "threads", "said"),
    [
        (4, 240.0, 8, 1, ["8 runs took 4.0 min on 1 of 4 cores", "engine=joblib hydra.launcher.max_stack=2", "trains on 4"]),
        (2, 60.0, 4, 1, ["on 1 of 2 cores", "hydra.launcher.engine=joblib trains on 2"]),
        (8, 240.0, 8, 4, ["on 4 of 8 cores", "max_stack=4 trains on 8"]),
        (2, 59.0, 8, 1, []),
        (1, 600.0, 8, 1, []),
        (6, 600.0, 8, 4, []),
    ],
)
def test_a_long_sweep_on_few_cores_says_how_to_use_the_others(cores, seconds, size, threads, said, monkeypatch, caplog):
    experiments = [Experiment(SyntheticRegression(), Linear(), SGD(0.1 * k), epochs=1) for k in range(1, 9)]
    orders = [Order(experiment, Settings("cpu", threads), Path(), [], "") for experiment in experiments]
    monkeypatch.setattr("regexp.sweep.hint.torch.get_num_threads", lambda: cores)
    with caplog.at_level(logging.INFO, "regexp"):
        idle_cores([Stack(number, part, Path()) for number, part in enumerate(stacks(orders, size))], seconds)
        monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
        idle_cores([Stack(0, orders, Path())], seconds)
    assert all(words in caplog.text for words in said)
    assert ("cores: a command" in caplog.text) == bool(said)
    assert ('(pip install "regexp[parallel]") trains on' in caplog.text) == bool(said)


def test_jobs_that_differ_in_settings_only_are_one_run_and_it_is_said(command_line):
    done = command_line(*QUICK, "seed=1,2", "threads=1,2")
    assert "4 jobs are 2 runs: they differ in threads only" in done.stderr
    assert "2 completed" in done.stdout
