"""``dtype=mixed_bfloat16``: the factors of products are rounded to bfloat16, and nothing else is."""

import dataclasses

import pytest
import torch
from torch import nn

import regexp
from regexp.experiment import Experiment
from regexp.models import MLP, Linear
from regexp.optim import SGD, Adam
from regexp.program import Program, load_data
from regexp.regularizers import L2, Dropout, InputNoise, MaxNorm, WeightDecay
from regexp.regularizers.regularizer import Place
from regexp.stack.noise import Draws
from support import CPU, Blobs, assert_equal_alone, fit

MIXED = "mixed_bfloat16"
PRECISION = 2.0**-8


class Own(nn.Module):
    """A user's module, which trains through vmap."""

    def __init__(self, features, outputs):
        super().__init__()
        self.first, self.slot, self.last = nn.Linear(features, 16), regexp.Slot("hidden"), nn.Linear(16, outputs)

    def forward(self, x):
        return self.last(self.slot(torch.relu(self.first(x))))


@dataclasses.dataclass(frozen=True)
class OwnModel(regexp.Model):
    def build(self, features, outputs):
        return Own(features, outputs)


def rounded(tensor):
    return tensor.detach().bfloat16().double()


def test_scores_are_the_product_of_rounded_factors():
    run = Experiment(Blobs(), Linear(init="normal", init_std=1.0, init_bias_std=1.0), SGD(0.1), dtype=MIXED)
    program = Program([run], load_data([run]), CPU)
    (x, _), *_ = program.data.chunks("train")
    weight, bias = (rounded(parameter) for parameter in program.parameters)
    expected = rounded(x) @ weight + bias.unsqueeze(1)
    scores = program.model(x)
    assert scores.dtype == torch.float32
    largest = (rounded(x).abs() @ weight.abs()).max()
    assert (scores - expected).abs().max() < PRECISION * largest
    assert torch.equal(scores, scores.bfloat16().float())  # they are of that precision


@pytest.mark.parametrize("model", [MLP((32, 16)), OwnModel()])
def test_a_stacked_run_has_the_bits_of_the_run_alone(model):
    def run(seed, rate, std, strength):
        chosen = [WeightDecay(strength), Dropout(rate), InputNoise(std, where="hidden"), MaxNorm(3.0), L2(strength)]
        return Experiment(Blobs(), model, Adam(0.01), chosen, epochs=6, batch_size=16, seed=seed, dtype=MIXED)

    runs = [run(0, 0.3, 0.1, 0.0), run(0, 0.0, 0.0, 0.01), run(1, 0.5, 0.2, 0.1), run(2, 0.1, 0.0, 0.0)]
    assert_equal_alone(runs, fit(runs))


def test_weights_keep_steps_that_bfloat16_would_lose():
    """Most steps are below half a unit in the last place of a weight in bfloat16, and would be rounded away."""
    start = Experiment(Blobs(), MLP((16,)), SGD(1e-4), epochs=1, batch_size=16, dtype=MIXED)
    (long,) = fit([dataclasses.replace(start, epochs=40)])
    (exact,) = fit([dataclasses.replace(start, epochs=40, dtype="float32")])
    (first,) = fit([dataclasses.replace(start, optimizer=SGD(1e-30))])
    for name, weight in long.weights["final"].items():
        moved, expected = weight - first.weights["final"][name], exact.weights["final"][name] - first.weights["final"][name]
        assert weight.dtype == torch.float32
        assert (moved - expected).norm() < 0.05 * expected.norm()


def test_training_ends_near_that_in_float32():
    run = Experiment(Blobs(test_size=256), MLP((32,)), Adam(0.01), [Dropout(0.2)], epochs=20, batch_size=16)
    (mixed,), (exact,) = fit([dataclasses.replace(run, dtype=MIXED)]), fit([run])
    assert mixed.final["train/loss"] != exact.final["train/loss"]
    assert mixed.final["train/loss"] == pytest.approx(exact.final["train/loss"], rel=0.1, abs=0.005)
    assert mixed.final["test/accuracy"] == pytest.approx(exact.final["test/accuracy"], abs=0.02)


def test_noise_is_drawn_in_float32():
    x, draws = torch.zeros(1, 64, 64, dtype=torch.bfloat16), Draws(torch.tensor([3]), step=1, runs=1)
    change = InputNoise(1.0, where="hidden").wrap(Place("hidden", 0, 1), {"std": torch.tensor([1.0])})
    assert change(x, {"std": torch.tensor([1.0])}, draws).unique().numel() > 4000  # bfloat16 has 256 per power of two


def test_a_model_that_is_loaded_is_an_ordinary_float32_one():
    (result,) = fit([Experiment(Blobs(), MLP((16,)), SGD(0.1), epochs=2, batch_size=16, dtype=MIXED)])
    assert {parameter.dtype for parameter in result.model().parameters()} == {torch.float32}
