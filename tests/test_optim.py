"""Our optimizers against ``torch.optim``: alone, step by step, and together with the regularizers in a whole training."""

import copy

import pytest
import torch

from regexp.experiment import Experiment
from regexp.machine import using
from regexp.models import MLP
from regexp.optim import SGD, Adam
from regexp.regularizers import L2, WeightDecay
from regexp.stack.axis import across
from regexp.stack.numbers import numbers, representative
from support import CPU, Blobs, distance, fit, initial_model

DATA = Blobs()

STACKS = {
    "sgd": [SGD(0.1), SGD(0.02)],
    "momentum": [SGD(0.1, momentum=0.9), SGD(0.02, momentum=0.5), SGD(0.05)],
    "nesterov": [SGD(0.1, momentum=0.9, nesterov=True), SGD(0.02, momentum=0.5, nesterov=True)],
    "adam": [Adam(1e-3), Adam(0.1, betas=(0.5, 0.9)), Adam(0.01, eps=0.1), Adam(0.02, betas=(0.0, 0.99))],
}


def torch_optimizer(spec, parameters, decoupled=False):
    """The optimizer of ``torch.optim`` that a specification describes; ``parameters`` may be groups with a weight decay."""
    if isinstance(spec, SGD):
        return torch.optim.SGD(parameters, lr=spec.lr, momentum=spec.momentum, nesterov=spec.nesterov)
    kind = torch.optim.AdamW if decoupled else torch.optim.Adam
    return kind(parameters, lr=spec.lr, betas=spec.betas, eps=spec.eps)


@pytest.mark.parametrize("inputs", [4, 4000], ids=["small", "large"])  # Adam takes another way from 2**13 parameters on
@pytest.mark.parametrize("name", STACKS)
def test_every_run_of_a_stack_steps_as_torch_does(name, inputs):
    specs, steps = STACKS[name], 20
    generator = torch.Generator().manual_seed(1)
    ours = [torch.randn(len(specs), *shape, generator=generator, dtype=torch.float64) for shape in [(inputs, 3), (3,)]]
    theirs = [[torch.nn.Parameter(p[run].clone()) for p in ours] for run in range(len(specs))]
    references = [torch_optimizer(spec, parameters) for spec, parameters in zip(specs, theirs, strict=True)]
    optimizer, own = representative(specs[0]), numbers(specs, CPU, torch.float64)
    state = optimizer.init(ours, own)
    for count in range(1, steps + 1):
        gradients = [p.sin() + torch.randn(p.shape, generator=generator, dtype=torch.float64) for p in ours]
        optimizer.step(ours, gradients, state, count, [across(own["lr"], p) for p in ours], own)
        for run, reference in enumerate(references):
            for parameter, gradient in zip(theirs[run], gradients, strict=True):
                parameter.grad = gradient[run]
            reference.step()
            for mine, parameter in zip(ours, theirs[run], strict=True):
                torch.testing.assert_close(mine[run], parameter.detach(), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", STACKS)
def test_the_effective_step_is_what_a_constant_gradient_causes(name):
    specs = STACKS[name]
    optimizer, own = representative(specs[0]), numbers(specs, CPU, torch.float64)
    gradient = torch.linspace(-2, 3, 8, dtype=torch.float64).expand(len(specs), -1).contiguous()
    parameters = [torch.zeros_like(gradient)]
    state = optimizer.init(parameters, own)
    for count in range(1, 400):
        before = parameters[0].clone()
        optimizer.step(parameters, [gradient], state, count, [across(own["lr"], gradient)], own)
    (step,) = optimizer.effective_step(parameters, state, 399, [across(own["lr"], gradient)], own)
    torch.testing.assert_close(before - parameters[0], step * gradient, rtol=1e-10, atol=0)


@pytest.mark.parametrize("name", STACKS)
def test_a_learning_rate_of_zero_stands_still(name):
    specs = STACKS[name]
    optimizer, own = representative(specs[0]), numbers(specs, CPU, torch.float64)
    parameters = [torch.randn(len(specs), 5)]
    before = parameters[0].clone()
    state = optimizer.init(parameters, own)
    lr = across(own["lr"], before).clone()
    lr[0] = 0
    for count in (1, 2, 3):
        optimizer.step(parameters, [torch.randn(len(specs), 5)], state, count, [lr], own)
    moved = (parameters[0] != before).any(1)
    assert moved.tolist() == [False] + [True] * (len(specs) - 1)


def reference_training(experiment, strength, epochs, decoupled):
    """Full-batch training with ``torch.optim`` and its ``weight_decay``, on the weights only."""
    data = experiment.dataset.load(experiment.data_seed, torch.float64)
    module = copy.deepcopy(initial_model(experiment, data.inputs.shape[1], data.outputs))
    decayed = [p for p in module.parameters() if p.dim() == 2]
    free = [p for p in module.parameters() if p.dim() == 1]
    groups = [{"params": decayed, "weight_decay": strength}, {"params": free, "weight_decay": 0.0}]
    optimizer = torch_optimizer(experiment.optimizer, groups, decoupled)
    x, y = data.inputs[data.rows["train"]], data.targets[data.rows["train"]]
    with using(threads=1):
        for _ in range(epochs):
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(module(x), y).backward()
            optimizer.step()
    return {name: p.detach() for name, p in module.named_parameters()}


@pytest.mark.parametrize(
    ("name", "kind"), [*((name, L2) for name in STACKS), ("sgd", WeightDecay), ("adam", WeightDecay)]
)  # torch has no decoupled decay under momentum
def test_training_equals_torch_with_its_weight_decay(name, kind):
    """L2 is what torch calls ``weight_decay`` in SGD and Adam; weight decay with Adam is AdamW, under plain SGD it is L2."""
    strengths, epochs = (0.5, 0.05, 0.2, 0.1), 25
    runs = [
        Experiment(DATA, MLP((8,), "tanh"), spec, [kind(s)], epochs=epochs, dtype="float64", eval_every=epochs, seed=seed)
        for seed, (spec, s) in enumerate(zip(STACKS[name], strengths, strict=False))
    ]
    for run, strength, result in zip(runs, strengths, fit(runs), strict=False):
        expected = reference_training(run, strength, epochs, decoupled=kind is WeightDecay)
        assert distance(result.weights["final"], expected) < 1e-10


def weights_after(optimizer, regularizer):
    run = Experiment(DATA, MLP((8,)), optimizer, [regularizer], epochs=10, batch_size=10, dtype="float64", eval_every=10)
    return fit([run])[0].weights["final"]


def test_decoupled_decay_is_the_l2_penalty_under_plain_sgd_and_not_under_adam():
    assert distance(weights_after(SGD(0.1), WeightDecay(0.3)), weights_after(SGD(0.1), L2(0.3))) < 1e-12
    assert distance(weights_after(Adam(0.01), WeightDecay(0.3)), weights_after(Adam(0.01), L2(0.3))) > 1e-2
