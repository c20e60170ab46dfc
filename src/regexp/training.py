"""The training loop: of one run, of a thousand, the same.

Penalty, gradient, shrink, step, prox, watch: after Goodfellow, Bengio and Courville, "Deep Learning", 2016, chapters 7 and 8.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from itertools import islice
from typing import Any

import torch

from regexp.evaluation import Metrics, evaluate
from regexp.gradients import gradients_of
from regexp.metrics import FINITE, lower_is_better
from regexp.program import Program
from regexp.stack.axis import rows


@dataclasses.dataclass
class State:
    """Everything that changes while a stack trains, the weights apart. Tensors have a leading runs axis."""

    runs: torch.Tensor
    """The number of each run, as the caller counts them."""
    lr: list[torch.Tensor]
    """Learning rates, in the shape of every parameter; 0 for a run that has stopped."""
    optimizer: dict[str, list[torch.Tensor]]
    go_on: torch.Tensor
    """Which runs still train."""
    memory: dict[str, dict[str, torch.Tensor]] = dataclasses.field(default_factory=dict)
    """What watching regularizers remember, by name."""
    chosen: dict[str, dict[str, Any]] = dataclasses.field(default_factory=dict)
    """Weights set aside, with their value and epoch: ``best`` by the objective, ``kept`` by a watching regularizer."""
    epoch: int = 0
    batch: int = 0
    """How many batches of the next epoch are done: a training that was cut goes on in the middle of an epoch."""
    step: int = 0

    def narrow(self, index: torch.Tensor) -> None:
        """Go on with some of the runs only."""
        for name in ("runs", "lr", "optimizer", "go_on", "memory", "chosen"):
            setattr(self, name, rows(getattr(self, name), index))


Observe = Callable[[Program, State, Metrics, torch.Tensor], None]
"""Called after every evaluation, also of epoch 0; the tensor says which runs trained until now."""


Pause = Callable[[Program, State], None]
"""Called after every step and every epoch: where a training can be left, and gone on with."""


def start(program: Program) -> State:
    """The state before the first step."""
    return State(
        runs=torch.arange(program.runs),
        lr=program.shaped(program.numbers["lr"]),
        optimizer=program.optimizer.init(program.parameters, program.numbers),
        go_on=torch.ones(program.runs, dtype=torch.bool),
    )


def train(program: Program, state: State, observe: Observe, pause: Pause = lambda program, state: None) -> None:
    """Train every run to its last epoch, or until it stops or diverges.

    When half of a stack has stopped, its rows are dropped; ``observe`` has seen each run's last weights by then.
    """
    spec = program.spec
    if state.step == 0:
        review(program, state, observe)
    while state.epoch < spec.epochs and state.go_on.any():
        batches = program.data.batches(state.epoch + 1, spec.batch_size)
        for inputs, targets in islice(batches, state.batch, None):
            train_step(program, state, inputs, targets)
            state.batch += 1
            pause(program, state)
        state.epoch, state.batch = state.epoch + 1, 0
        if state.epoch % spec.eval_every == 0 or state.epoch == spec.epochs:
            review(program, state, observe)
        pause(program, state)


def train_step(program: Program, state: State, inputs: torch.Tensor, targets: torch.Tensor) -> None:
    """One step of every run on its mini-batch."""
    state.step += 1
    parameters, optimizer, lr = program.parameters, program.optimizer, state.lr
    losses = program.loss(program.model(inputs, program.noise(state.step)), targets)
    penalties = [part.regularizer.penalty(program.weights(part), part.numbers) for part in program.having("penalty")]
    gradients = gradients_of(losses, penalties, parameters)

    with torch.no_grad():
        for part in program.having("before_step"):
            for i, weight, numbers in part.touched:
                part.regularizer.before_step(weight, lr[i], numbers)
        optimizer.step(parameters, gradients, state.optimizer, state.step, lr, program.numbers)
        for part in program.having("after_step"):
            steps = optimizer.effective_step(parameters, state.optimizer, state.step, lr, program.numbers)
            for i, weight, numbers in part.touched:
                part.regularizer.after_step(weight, program.units_last(i, steps[i]), numbers)


def review(program: Program, state: State, observe: Observe) -> None:
    """Evaluate, set the best weights aside, and decide which runs train on."""
    metrics, trained = evaluate(program), state.go_on
    healthy = trained & finite(metrics)
    objective = program.spec.objective
    if objective in metrics:
        value = metrics[objective] if lower_is_better(objective) else -metrics[objective]
        best = state.chosen.get("best")
        set_aside(program, state, "best", healthy & (value < best["value"] if best else True), value)

    state.go_on = healthy
    for part in program.having("watch"):
        host = {name: number.cpu() for name, number in part.numbers.items()}
        verdict = part.regularizer.watch(state.epoch, metrics, state.memory.setdefault(part.name, {}), host)
        set_aside(program, state, "kept", healthy & verdict.keep)
        state.go_on = state.go_on & verdict.go_on

    observe(program, state, metrics, trained)
    if not torch.equal(state.go_on, trained):
        if 0 < 2 * state.go_on.sum() <= program.runs:
            index = state.go_on.nonzero().flatten()
            program.narrow(index)
            state.narrow(index)
        state.lr = program.shaped(program.numbers["lr"] * state.go_on.to(program.device))


def finite(metrics: Metrics) -> torch.Tensor:
    """Which runs have not diverged: finite losses on what is trained and validated on, and finite weights."""
    watched = [metrics[name] for name in FINITE if name in metrics]
    return torch.stack(watched).isfinite().all(0)


def set_aside(program: Program, state: State, name: str, which: torch.Tensor, value: torch.Tensor | None = None) -> None:
    """Copy the present weights of some runs."""
    if name not in state.chosen:
        state.chosen[name] = {
            "epoch": torch.full((program.runs,), -1),
            "value": torch.full((program.runs,), torch.inf, dtype=torch.float64),
            "weights": {name: torch.zeros_like(p) for name, p in program.model.parameters.items()},
        }
    index, aside = which.nonzero().flatten(), state.chosen[name]
    if len(index):
        there = index.to(program.device)
        aside["epoch"][index] = state.epoch
        aside["value"][index] = torch.inf if value is None else value[index]
        for weights, parameter in zip(aside["weights"].values(), program.parameters, strict=True):
            weights.index_copy_(0, there, parameter.detach().index_select(0, there))
