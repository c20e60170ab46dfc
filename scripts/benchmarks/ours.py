"""This project, as the others call it: experiments of the command line, trained in this process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch
from hydra._internal.utils import get_args_parser

from regexp.config.planning import plan
from regexp.evaluation import Metrics, evaluate
from regexp.experiment import Experiment
from regexp.program import Program, arrange, load_data
from regexp.regularizers import WeightDecay
from regexp.train import CONFIG_NAME, config_folder
from regexp.training import State, start, train, train_step


def compose(*overrides: str) -> Experiment:
    """The experiment that the command line would train."""
    return plan(get_args_parser().parse_args(list(overrides)), config_folder(), CONFIG_NAME).runs[0].experiment


def grid(experiment: Experiment, strengths: Sequence[float], seeds: int) -> list[Experiment]:
    """The experiment with weight decay of every strength, at every seed; seeds outside, as a stack holds them."""
    return [
        replace(experiment, seed=seed, regularizers=(WeightDecay(strength),)) for seed in range(seeds) for strength in strengths
    ]


def regression_strengths(count: int) -> list[float]:
    """So many of W2: 3 k / count, k = 1 ..."""
    return [3 * (k + 1) / count for k in range(count)]


def regressions(strengths: int, seeds: int) -> list[Experiment]:
    """W2's sweep of strengths and seeds."""
    return grid(compose("experiment=weight_decay"), regression_strengths(strengths), seeds)


def network_strengths(count: int) -> list[float]:
    """So many of W3: 10^-k, k = 1 ..."""
    return [10.0**-k for k in range(1, 1 + count)]


def image_network(images: int) -> Experiment:
    """Source 2's network for so many images, with dropout."""
    return compose("experiment=dropout", *([] if images == 60_000 else [f"dataset.train_size={images}"]))


def networks(images: int, strengths: int, seeds: int) -> list[Experiment]:
    """W3's sweep of strengths and seeds, for so many images."""
    return grid(image_network(images), network_strengths(strengths), seeds)


def prepare(experiments: Sequence[Experiment], device: str = "cpu") -> tuple[Program, State]:
    """A program that is ready to train."""
    ordered = [experiments[i] for i in arrange(experiments)]
    program = Program(ordered, load_data(ordered), torch.device(device))
    return program, start(program)


def run(experiments: Sequence[Experiment], device: str = "cpu") -> Metrics:
    """Data, initial weights, training and evaluations, without files. Returns the last metrics."""
    program, state = prepare(experiments, device)
    seen: list[Metrics] = []
    train(program, state, lambda program, state, metrics, trained: seen.append(metrics))
    return seen[-1]


def steps(program: Program, state: State) -> None:
    """Train for one epoch, without evaluation."""
    state.epoch += 1
    for inputs, targets in program.data.batches(state.epoch, program.spec.batch_size):
        train_step(program, state, inputs, targets)


def epoch(program: Program, state: State) -> Metrics:
    """Train for one epoch, and evaluate every split."""
    steps(program, state)
    return evaluate(program)
