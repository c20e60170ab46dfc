"""Memory that is really not there: a limit on the address space of real processes."""

from __future__ import annotations

import dataclasses
import json
import resource
import weakref
from pathlib import Path

import pytest
import torch

import regexp
from regexp import memory, training
from regexp.datasets import SyntheticRegression
from regexp.models import Linear
from regexp.optim import SGD
from regexp.order import Order
from regexp.settings import Settings
from regexp.sweep import worker
from regexp.sweep.stack import Stack

HUGE = 1_000_000  # a matrix of 4 TB


def limit(command, more: int) -> None:
    """Leave the process so many bytes on top of those that it has."""
    pages = int(Path(f"/proc/{command.pid}/statm").read_text(encoding="utf-8").split()[0])
    resource.prlimit(command.pid, resource.RLIMIT_AS, (pages * resource.getpagesize() + more,) * 2)


def summaries(folder: Path) -> list[dict]:
    return [json.loads(file.read_text(encoding="utf-8")) for file in sorted(folder.glob("*/summary.json"))]


pytestmark = [pytest.mark.fault("F30"), pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="needs Linux's prlimit")]


@pytest.mark.parametrize("launcher", ["stacked", "basic"])
def test_a_job_that_does_not_fit_fails_cleanly_and_the_next_starts(launcher, start, tmp_path):
    widths = f"model.hidden=[{HUGE},{HUGE}],[16]"
    command = start("-m", "model=mlp", widths, "epochs=2", f"hydra/launcher={launcher}", "hydra.sweep.dir=s", "compare=false")
    limit(command, 8 << 30)
    outcome = command.finish()
    assert outcome.code == 1
    assert "Traceback" not in outcome.stderr
    assert "cpu has not enough memory for the run (it asked for 4000000000000 bytes more)" in outcome.stderr
    statuses = {found["status"]: found["reason"] for found in summaries(tmp_path / "s")}
    assert statuses["completed"] is None
    (failed,) = tmp_path.glob(f"s/*{HUGE}*")
    assert "choose a smaller network or batch_size" in (failed / "train.log").read_text(encoding="utf-8")


def test_the_halves_of_a_stack_that_does_not_fit_find_its_memory_free(monkeypatch, tmp_path):
    programs, step = [], training.train_step

    def small(program, *arguments):
        if not any(program is known() for known in programs):
            assert all(known() is None for known in programs)
            programs.append(weakref.ref(program))
        if program.runs > 2:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB.")
        return step(program, *arguments)

    monkeypatch.setattr(training, "train_step", small)
    one = regexp.Experiment(SyntheticRegression(features=4), Linear(), SGD(0.01), epochs=2)
    experiments = [dataclasses.replace(one, seed=seed) for seed in range(4)]
    settings = Settings(threads=1, device="cpu").decided(sweep=True)
    orders = [Order(experiment, settings, tmp_path / experiment.hash(), [], "") for experiment in experiments]
    outcome = worker.train(Stack(1, orders, tmp_path))
    assert list(outcome.values()) == ["completed"] * 4
    assert len(programs) == 3


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB. GPU 0 has ..."), "asked for 20.00 GiB more"),
        (MemoryError("no more"), r"\(no more\)"),
    ],
)
def test_whatever_it_is_called(error, said):
    match = f"cpu has not enough memory for 3 runs at once .*{said}.*or max_stack"
    with pytest.raises(memory.OutOfMemory, match=match), memory.holding(3, torch.device("cpu")):
        raise error


def test_other_errors_are_no_lack_of_memory():
    with pytest.raises(RuntimeError, match="shapes"), memory.holding(1, torch.device("cpu")):
        raise RuntimeError("shapes do not fit")
