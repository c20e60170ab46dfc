"""On a CUDA device, where there is one: the same results within rounding, and no wait inside a step."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch

import regexp
from regexp import rng
from regexp.datasets import SyntheticRegression
from regexp.models import MLP, Linear
from regexp.optim import SGD, Adam
from regexp.program import Program, load_data
from regexp.regularizers import L1, L2, Dropout, EarlyStopping, WeightDecay
from regexp.training import start, train_step
from support import Blobs

sys.path.insert(0, str(Path(__file__).parents[1] / "scripts"))

from benchmarks.device import waits
from benchmarks.peers import bare_torch, cuda_graph, d2l

pytestmark = [pytest.mark.cuda, pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")]

NETWORK = regexp.Experiment(
    Blobs(), MLP(hidden=(32, 16)), Adam(0.01), [Dropout(0.3), L2(0.01), L1(1e-4)], epochs=5, batch_size=16
)
MANY = 2064
"""Examples of which every epoch draws its own order; those of fewer are drawn for several epochs at once."""
LINEAR = regexp.Experiment(SyntheticRegression(), Linear(), SGD(0.01, momentum=0.5), [WeightDecay(1.0)], epochs=5, batch_size=5)


@pytest.mark.parametrize("experiment", [NETWORK, LINEAR], ids=["network", "linear"])
@pytest.mark.parametrize("runs", [1, 4])
def test_a_run_has_the_results_of_the_cpu(experiment, runs):
    stack = [replace(experiment, seed=seed, dtype="float64") for seed in range(runs)]
    for there, here in zip(regexp.fit(stack, device="cuda"), regexp.fit(stack, device="cpu"), strict=True):
        assert there.machine["device"] == "cuda"
        for on_device, on_cpu in zip(there.rows, here.rows, strict=True):
            assert on_device == pytest.approx(on_cpu, rel=1e-8, abs=1e-12)


def test_runs_that_stop_leave_the_stack():
    stack = [replace(NETWORK, epochs=30, regularizers=[Dropout(0.3), EarlyStopping(patience=p)]) for p in (1, 2, 30)]
    assert [r.epochs_run for r in regexp.fit(stack, device="cuda")][-1] == 30


@pytest.mark.parametrize("experiment", [NETWORK, LINEAR], ids=["network", "linear"])
def test_an_epoch_never_waits_for_the_device(experiment):
    large = replace(experiment.dataset, train_size=MANY)
    stack = [replace(experiment, dataset=large, seed=seed) for seed in range(3)]
    program = Program(stack, load_data(stack), torch.device("cuda"))
    state = start(program)

    def train(epoch):
        for inputs, targets in program.data.batches(epoch, 48):
            train_step(program, state, inputs, targets)

    train(1)  # may set up kernels and caches
    assert not waits(lambda: train(2))
    assert waits(lambda: program.parameters[0].sum().item())


def test_a_captured_graph_trains_what_the_bare_loop_trains():
    torch.manual_seed(0)
    splits, first = [bare_torch.drawn(size) for size in (20, 100)], torch.randn(200, 1)
    here, there = d2l.bare(*splits, first, 3.0), d2l.bare(*splits, first, 3.0, "cuda", cuda_graph.replayed)
    for _ in range(2):
        assert there().loss == pytest.approx(here().loss, rel=0.01)


def test_random_bits_are_those_of_the_cpu():
    here, there = (rng.keys([0, 1], "dropout", device=torch.device(name)) for name in ("cpu", "cuda"))
    assert torch.equal(rng.bits(here, 7, 1000), rng.bits(there, 7, 1000).cpu())
    assert torch.equal(rng.orders(here, range(3), 100), rng.orders(there, range(3), 100).cpu())
