"""A training step on CUDA where there is no CUDA: torch's fake tensors have a device and no numbers.

They refuse to mix devices, and to hand a number to the host: a step that passes copies nothing to the host. The gradients are
made up, because autograd's engine wants the real device.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
import torch
from torch._subclasses.fake_tensor import DataDependentOutputException, FakeTensorMode

import regexp
from regexp import gradients, rng
from regexp.models import MLP
from regexp.optim import SGD, Adam
from regexp.program import Program, load_data
from regexp.regularizers import L1, L2, Augmentation, Dropout, InputNoise, L1Subgradient, MaxNorm, WeightDecay
from regexp.training import State, set_aside, start, train_step
from support import CPU, Blobs

REGULARIZERS = [
    Augmentation(1, 10.0),
    InputNoise(0.1, "all"),
    Dropout((0.3, 0.2), input_rate=0.1),
    L2(0.01),
    L1(1e-4),
    WeightDecay(0.1),
    L1Subgradient(0.1),
    MaxNorm(1.0),
]
HOLDERS = ("regexp.program", "regexp.training", "regexp.models.layers", "regexp.stack.noise", "torch.nn")


def to_fake_cuda(value: Any, seen: dict[int, Any]) -> Any:
    """The same object with every tensor below it replaced by a fake one on CUDA."""
    if id(value) in seen:
        return seen[id(value)][0]
    if isinstance(value, torch.device):
        return torch.device("cuda")
    if isinstance(value, torch.Tensor):
        fake = torch.empty(value.shape, dtype=value.dtype, device="cuda")
        seen[id(value)] = (torch.nn.Parameter(fake) if isinstance(value, torch.nn.Parameter) else fake, value)
        return seen[id(value)][0]
    if type(value) in (list, tuple):
        return type(value)(to_fake_cuda(item, seen) for item in value)
    if isinstance(value, dict):
        return {name: to_fake_cuda(item, seen) for name, item in value.items()}
    if hasattr(value, "__dict__") and type(value).__module__.startswith(HOLDERS):
        seen[id(value)] = (value, value)
        for name, item in vars(value).items():
            object.__setattr__(value, name, to_fake_cuda(item, seen))
    return value


def empty_like(tensors: Sequence[torch.Tensor]) -> list[torch.Tensor]:
    return [torch.empty_like(tensor) for tensor in tensors]


@pytest.fixture
def on_fake_cuda(monkeypatch):
    """Prepare a stack of three runs with this optimizer on a fake CUDA device."""
    monkeypatch.setattr(gradients, "_engine", lambda terms, shares, keep, create, parameters, *_, **__: empty_like(parameters))
    rng._counter.cache_clear()

    def prepare(optimizer) -> tuple[Program, State]:
        one = regexp.Experiment(Blobs(), MLP(hidden=(32, 16)), optimizer, REGULARIZERS, epochs=2, batch_size=16)
        stack = [regexp.Experiment(**{**vars(one), "seed": seed}) for seed in range(3)]
        program = Program(stack, load_data(stack), CPU)
        state = start(program)
        mode.__enter__()
        seen: dict[int, Any] = {}
        return to_fake_cuda(program, seen), to_fake_cuda(state, seen)

    mode = FakeTensorMode()
    yield prepare
    mode.__exit__(None, None, None)
    rng._counter.cache_clear()


@pytest.mark.parametrize("optimizer", [SGD(0.1), SGD(0.1, momentum=0.9, nesterov=True), Adam(0.01)])
def test_a_step_stays_on_the_device(optimizer, on_fake_cuda):
    program, state = on_fake_cuda(optimizer)
    steps = 0
    for inputs, targets in program.data.batches(1, 16):
        assert (inputs.device.type, targets.device.type) == ("cuda", "cuda")
        train_step(program, state, inputs, targets)
        steps += 1
    assert steps == 3
    assert all(p.device.type == "cuda" for p in program.parameters)


def test_weights_are_set_aside_and_dropped_on_the_device(on_fake_cuda, monkeypatch):
    """Which runs is decided on the host. (A fake tensor has no values: the test says which, two of three.)"""
    program, state = on_fake_cuda(Adam(0.01))
    index = torch.empty(2, dtype=torch.int64, device="cpu")
    monkeypatch.setattr(torch.Tensor, "nonzero", lambda _: index.unsqueeze(1))
    which, value = (torch.empty(3, dtype=dtype, device="cpu") for dtype in (torch.bool, torch.float64))
    for name in ("best", "best", "kept"):
        set_aside(program, state, name, which, value)
    aside = state.chosen["kept"]
    assert aside["epoch"].device.type == "cpu"
    assert {weights.device.type for weights in aside["weights"].values()} == {"cuda"}
    program.model.narrow(index)
    state.narrow(index)
    left = [*program.model.parameters.values(), *state.chosen["best"]["weights"].values(), *state.lr]
    assert {(tensor.device.type, len(tensor)) for tensor in left} == {("cuda", 2)}


def test_a_number_read_by_the_host_would_be_noticed(on_fake_cuda, monkeypatch):
    program, state = on_fake_cuda(SGD(0.1))
    monkeypatch.setattr(WeightDecay, "before_step", lambda self, weight, lr, numbers: weight.mul_(1 - lr.sum().item()))
    with pytest.raises(DataDependentOutputException):
        train_step(program, state, *next(program.data.batches(1, 16)))
