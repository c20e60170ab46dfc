"""The contract of regularizers: the package's own keep it, and every way to break it is found."""

from __future__ import annotations

import dataclasses
import inspect

import pytest
import torch

from regexp import Regularizer, per_run, require
from regexp.experiment import Experiment
from regexp.models import MLP
from regexp.optim import SGD
from regexp.regularizers import (
    L1,
    L2,
    Augmentation,
    Dropout,
    EarlyStopping,
    InputNoise,
    L1Subgradient,
    MaxNorm,
    WeightDecay,
)
from regexp.rules import at_least
from regexp.stack.axis import total
from regexp.testing import Broken, check_regularizer
from support import Blobs


@pytest.mark.parametrize(
    "regularizer",
    [
        *(L2(0.1), L2(0.1, biases=True), WeightDecay(0.1), L1(0.01), L1Subgradient(0.01)),
        *(Dropout(0.3, 0.2), Dropout((0.2, 0.5)), Dropout(0.3, mask="batch")),
        *(MaxNorm(0.5), InputNoise(0.1), InputNoise(0.1, "all")),
    ],
    ids=repr,
)
def test_our_own_keep_it(regularizer):
    check_regularizer(regularizer)


def test_augmentation_keeps_it_on_pictures():
    pictures = Experiment(Blobs(), MLP((16,)), SGD(0.1), epochs=3, batch_size=16)
    check_regularizer(Augmentation(1, 10.0), experiment=pictures)
    with pytest.raises(Broken, match="moves pictures, and synthetic_regression has none"):
        check_regularizer(Augmentation(1, 10.0))


def test_early_stopping_keeps_it():
    check_regularizer(EarlyStopping(patience=2), off={})


@dataclasses.dataclass(frozen=True)
class Good(Regularizer):
    """What the broken ones below are made of."""

    strength: float = per_run(0.1)

    def __post_init__(self):
        require(self, strength=at_least(0))

    def penalty(self, weights, numbers):
        return numbers["strength"] * sum(total(w.square()) for w in weights)


@dataclasses.dataclass(frozen=True)
class Unchecked(Good):
    def __post_init__(self):
        pass


@dataclasses.dataclass(frozen=True)
class Nameless(Good):
    def __post_init__(self):
        if not isinstance(self.strength, float) or not 0 <= self.strength < 100:
            raise ValueError("wrong value")


@dataclasses.dataclass(frozen=True)
class NeverOff(Good):
    def penalty(self, weights, numbers):
        return (numbers["strength"] + 1e-9) * sum(total(w.square()) for w in weights)


@dataclasses.dataclass(frozen=True)
class Mixed(Good):
    """Lets the runs of a stack influence each other."""

    def penalty(self, weights, numbers):
        return numbers["strength"] * sum(total(w.square()).sum() / 3 for w in weights)


@dataclasses.dataclass(frozen=True)
class Drawing(Good):
    def before_step(self, weight, lr, numbers):
        weight.add_(lr * numbers["strength"] * torch.randn_like(weight))


@dataclasses.dataclass(frozen=True)
class Seedless(Good):
    """Draws from a generator of its own, which nobody seeds."""

    def before_step(self, weight, lr, numbers):
        generator = torch.Generator()
        generator.seed()
        weight.add_(lr * numbers["strength"] * torch.randn(weight.shape, generator=generator, dtype=weight.dtype))


@dataclasses.dataclass(frozen=True)
class Misshapen(Good):
    def penalty(self, weights, numbers):
        return sum(w.square().sum() for w in weights).reshape(1, 1)


@dataclasses.dataclass(frozen=True)
class Infinite(Good):
    def after_step(self, weight, step, numbers):
        weight.div_(torch.where(numbers["strength"] > 0, 0.0, 1.0))


@dataclasses.dataclass(frozen=True)
class Idle(Good):
    def penalty(self, weights, numbers):
        return 0 * numbers["strength"]


@dataclasses.dataclass(frozen=True)
class Misspelt(Good):
    def penalty(self, weights, numbers):
        return numbers["strenght"] * sum(total(w.square()) for w in weights)


@dataclasses.dataclass(frozen=True)
class Unstackable(Good):
    def before_step(self, weight, lr, numbers):
        weight.mul_(1 - lr * numbers["strength"].reshape(-1, 1))


@dataclasses.dataclass(frozen=True)
class Returning(Good):
    """Gives back a new weight instead of changing the one that it is given."""

    def before_step(self, weight, lr, numbers):
        return weight * (1 - lr * numbers["strength"])


@dataclasses.dataclass(frozen=True)
class ReturningAfter(Good):
    def after_step(self, weight, step, numbers):
        return weight.clamp(-1, 1)


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (Unchecked, "strength=nan must be refused: call require(self, strength=...)"),
        (Nameless, "an error must name its field, got 'wrong value' for strength=nan"),
        (NeverOff, "with strength=0.0 a run must have the very bits that it has without the regularizer"),
        (Mixed, "a run must be the same alone and in a stack"),
        (Drawing, "torch's global generator must not move"),
        (Seedless, "a run must be a function of its seed"),
        (Misshapen, "penalty must return one number per run"),
        (Misspelt, "in training it raises KeyError: 'strenght' (test_testing.py, line "),
        (Unstackable, "in a stack of several runs it raises RuntimeError: The size of tensor a"),
        (Infinite, "metrics must stay finite, got train/loss is nan at epoch 1"),
        (Idle, "as given it changes nothing"),
        (Returning, "before_step must change the weight in place, got a returned Tensor, which is not read: end it with"),
        (ReturningAfter, "after_step must change the weight in place, got a returned Tensor"),
    ],
)
def test_every_broken_rule_is_found_and_told_once(broken, message):
    with pytest.raises(Broken) as error:
        check_regularizer(broken(0.1))
    assert message in str(error.value) and len(error.value.problems) == 1, str(error.value)


class Plain(Regularizer):
    strength: float = 0.1


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (Good, r"must be given a regularizer, got the class Good: write check_regularizer\(Good\(\.\.\.\)\)"),
        (0.1, r"must be given a regularizer, got 0\.1: derive its class from regexp\.Regularizer"),
        (Plain(), r"must be a dataclass, got Plain: decorate it with @dataclasses\.dataclass\(frozen=True\)"),
    ],
)
def test_what_is_no_regularizer_is_told(given, message):
    with pytest.raises(TypeError, match=message):
        inspect.unwrap(check_regularizer)(given)  # without the annotations that are checked under test


def test_a_hook_may_give_back_the_weight_that_it_has_changed():
    class InPlace(Good):
        def before_step(self, weight, lr, numbers):
            return weight.mul_(1 - lr * numbers["strength"])

    check_regularizer(InPlace())


def test_a_good_one_passes():
    check_regularizer(Good())
