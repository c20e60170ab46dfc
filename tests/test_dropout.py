"""Dropout against what chance, algebra and enumeration say."""

import itertools
import math

import numpy as np
import pytest
import torch

from regexp import rng
from regexp.datasets import SyntheticRegression
from regexp.experiment import Experiment
from regexp.models import MLP, Linear
from regexp.optim import SGD
from regexp.program import Program, load_data
from regexp.regularizers import Dropout
from regexp.regularizers.regularizer import Place
from regexp.rules import Invalid
from regexp.stack.noise import Draws
from support import CPU, Blobs, arrays, distance, fit, initial_model, same_bits

RATES = torch.tensor([0.0, 0.1, 0.3, 0.5, 0.9], dtype=torch.float64)


def draws_for(rates, step=1, seed=0):
    return Draws(rng.keys([seed], "dropout", device=CPU), step=step, runs=len(rates))


def drop(x, rates, draws, mask="example"):
    """Activations of every run, dropped at its own rate."""
    numbers = {"rate": rates, "input_rate": torch.zeros_like(rates)}
    return Dropout(0.5, mask=mask).wrap(Place("hidden", 0, 1), numbers)(x, numbers, draws)


def test_the_fraction_dropped_is_the_rate_and_the_mean_is_preserved():
    x = torch.ones(len(RATES), 400, 500, dtype=torch.float64)
    dropped = drop(x, RATES, draws_for(RATES))
    for rate, run in zip(RATES.tolist(), dropped, strict=True):
        error = math.sqrt(rate * (1 - rate) / run.numel())
        assert abs((run == 0).double().mean().item() - rate) <= 5 * error + 2**-17
        assert abs(run.mean().item() - 1) <= 5 * error / (1 - rate)
        kept = run[run != 0]
        assert torch.equal(kept, kept[:1].expand_as(kept))
        assert kept[0].item() == pytest.approx(1 / (1 - rate), rel=2**-16 / (1 - rate))


def test_masks_are_drawn_anew_for_every_example_unit_and_step():
    rates = torch.tensor([0.5])
    masks = torch.stack([drop(torch.ones(1, 200, 300), rates, draws_for(rates, step))[0] > 0 for step in (1, 2)]).double()
    agreement = {
        "step": (masks[0] == masks[1]).double().mean().item(),
        "example": (masks[0][1:] == masks[0][:-1]).double().mean().item(),
        "unit": (masks[0][:, 1:] == masks[0][:, :-1]).double().mean().item(),
    }
    assert agreement == pytest.approx(dict.fromkeys(agreement, 0.5), abs=5 * 0.5 / math.sqrt(199 * 299))


def test_a_higher_rate_drops_what_a_lower_one_does_and_more():
    kept = drop(torch.ones(len(RATES), 50, 60), RATES, draws_for(RATES)) > 0
    for low, high in itertools.pairwise(kept):
        assert (low | ~high).all()


@pytest.mark.parametrize("rate", [0.99999, 1 - 2**-17, 1 - 2**-30])
def test_a_rate_just_below_one_stays_finite(rate):
    assert drop(torch.ones(1, 100, 100), torch.tensor([rate]), draws_for([rate])).isfinite().all()


def test_evaluation_uses_all_units_as_they_are():
    """A run's reported losses are those of its weights in a model without dropout."""
    run = Experiment(Blobs(), MLP((16,)), SGD(0.1), [Dropout(0.5, input_rate=0.3)], epochs=3, batch_size=16, dtype="float64")
    (result,) = fit([run])
    x, y = map(torch.from_numpy, arrays(run, "val"))
    loss = torch.nn.functional.cross_entropy(result.model()(x), y)
    assert result.final["val/loss"] == pytest.approx(loss.item(), rel=1e-12)


def classic_training(start, x, y, rate, lr, epochs):
    """Full-batch training of one tanh layer with dropout as first published: no scaling in training, times keep at evaluation.

    The layer behind the dropped units starts at ``V / keep`` and learns at ``lr / keep**2``; returned as it is evaluated.
    """
    keep, order_key, mask_keys = 1 - rate, torch.tensor(rng.key(0, "order")), torch.tensor([rng.key(0, "dropout", "hidden", 0)])
    scale = {"output.weight": 1 / keep}
    weights = {name: (p.detach() * scale.get(name, 1)).requires_grad_() for name, p in start.items()}
    for epoch in range(1, epochs + 1):
        rows = rng.bits(order_key, epoch, len(x)).argsort()
        hidden = torch.tanh(x[rows] @ weights["hidden.0.weight"] + weights["hidden.0.bias"])
        kept = Draws(mask_keys, epoch, 1).sixteenths(*hidden.shape)[0] >= rate * 2**16 - 2**15
        scores = (hidden * kept) @ weights["output.weight"] + weights["output.bias"]
        gradients = torch.autograd.grad(torch.nn.functional.cross_entropy(scores, y[rows]), list(weights.values()))
        with torch.no_grad():
            for (name, p), gradient in zip(weights.items(), gradients, strict=True):
                p -= lr * scale.get(name, 1) ** 2 * gradient
    return {name: p.detach() / scale.get(name, 1) for name, p in weights.items()}


def test_inverted_dropout_is_classic_dropout_rescaled():
    rate, lr, epochs = 0.25, 0.2, 12
    run = Experiment(Blobs(), MLP((16,), "tanh"), SGD(lr), [Dropout(rate)], epochs, dtype="float64", eval_every=epochs)
    x, y = map(torch.from_numpy, arrays(run))
    start = dict(initial_model(run, x.shape[1], 4).named_parameters())
    classic = classic_training(start, x, y, rate, lr, epochs)
    assert distance(fit([run])[0].weights["final"], classic) < 1e-10
    assert distance(classic_training(start, x, y, 0.0, lr, epochs), classic) > 1e-2


DATA = SyntheticRegression(features=5, train_size=24, val_size=0, true_weight=1.0, true_bias=0.5, noise=0.5, seed=3)


def adaptive_ridge(x, y, rate):
    """``lam_j = rate / (1 - rate) * (X'X)_jj / n``, raw second moments, free intercept."""
    x = np.column_stack([x, np.ones(len(x))])
    penalty = rate / (1 - rate) * np.diag(np.diag(x.T @ x) * ([1.0] * (x.shape[1] - 1) + [0.0]))
    return np.linalg.solve(x.T @ x + penalty, x.T @ y)


def expected_gradient(x, y, solution, rate):
    """The mean gradient over all masks, each with its probability."""
    total = np.zeros_like(solution)
    for mask in itertools.product((0, 1), repeat=x.shape[1]):
        weight = math.prod(1 - rate if kept else rate for kept in mask)
        masked = np.column_stack([x * mask / (1 - rate), np.ones(len(x))])
        total += weight * masked.T @ (masked @ solution - y) / len(x)
    return total


def test_on_a_linear_model_input_dropout_is_adaptive_ridge():
    """The steps are linear in the weights, so the mean of the last weights over seeds is the expected loss's minimum."""
    rates, seeds, epochs = (0.25, 0.5), 300, 250
    results = fit(
        [
            Experiment(DATA, Linear(), SGD(0.05), [Dropout(0.0, rate)], epochs, None, seed, "float64", eval_every=epochs)
            for rate, seed in itertools.product(rates, range(seeds))
        ]
    )
    x, y = arrays(results[0].experiment)
    last = np.array([[*r.weights["last"]["output.weight"][:, 0], r.weights["last"]["output.bias"][0]] for r in results])
    for rate, weights in zip(rates, last.reshape(len(rates), seeds, -1), strict=True):
        oracle = adaptive_ridge(x, y, rate)
        np.testing.assert_allclose(expected_gradient(x, y, oracle, rate), 0, atol=1e-12)
        error = weights.std(0, ddof=1) / math.sqrt(seeds)
        assert np.all(np.abs(weights.mean(0) - oracle) < 5 * error)
        assert np.any(np.abs(weights.mean(0) - adaptive_ridge(x, y, 0.0)) > 10 * error)


def test_every_layer_of_every_run_has_its_own_rate():
    rates = {0: [0.1, 0.4, 0.0], 1: [0.2, 0.5, 0.0], 2: [0.6, 0.0, 0.3]}
    runs = [
        Experiment(Blobs(), MLP((16, 16)), SGD(0.1), [Dropout((first, second), entry)])
        for entry, first, second in zip(*rates.values(), strict=True)
    ]
    program = Program(runs, load_data(runs), CPU)
    for place, changes in enumerate(program.noise(1)):
        x = torch.ones(3, 200, 300)
        for change, numbers, draws in changes:
            x = change(x, numbers, draws)
        assert (x == 0).double().mean((1, 2)).tolist() == pytest.approx(rates[place], abs=5 * 0.5 / math.sqrt(60_000))


@pytest.mark.parametrize(
    ("model", "dropout", "message"),
    [
        (Linear(), Dropout(0.5), "rate=0 and use input_rate"),
        (MLP((8, 8)), Dropout((0.1, 0.2, 0.3)), "one number or 2"),
    ],
)
def test_rates_that_the_model_cannot_use_are_refused(model, dropout, message):
    with pytest.raises(Invalid, match=message):
        Experiment(Blobs(), model, SGD(0.1), [dropout])


def test_one_mask_per_mini_batch_is_the_same_for_all_its_examples():
    x = torch.ones(len(RATES), 60, 20_000, dtype=torch.float64)
    dropped = drop(x, RATES, draws_for(RATES), mask="batch")
    assert torch.equal(dropped, dropped[:, :1].expand_as(dropped))
    for rate, units in zip(RATES.tolist(), dropped[:, 0], strict=True):
        assert abs((units == 0).double().mean().item() - rate) <= 5 * math.sqrt(rate * (1 - rate) / len(units)) + 2**-17
    again = drop(x, RATES, draws_for(RATES, step=2), mask="batch")
    assert not torch.equal(again[3], dropped[3])


def test_a_mask_per_mini_batch_trains_one_thinned_network_a_step():
    """The first step is that of a network without the units that its mask dropped."""
    rate, run = 0.5, Experiment(Blobs(), MLP((16,), "tanh"), SGD(0.2), [Dropout(0.5, mask="batch")], 1, None, dtype="float64")
    x, y = map(torch.from_numpy, arrays(run))
    weights = {name: p.detach().requires_grad_() for name, p in initial_model(run, x.shape[1], 4).named_parameters()}
    rows = rng.bits(torch.tensor(rng.key(0, "order")), 1, len(x)).argsort()
    kept = Draws(torch.tensor([rng.key(0, "dropout", "hidden", 0)]), 1, 1).sixteenths(1, 16)[0, 0] >= rate * 2**16 - 2**15
    thin = torch.tanh(x[rows] @ weights["hidden.0.weight"][:, kept] + weights["hidden.0.bias"][kept])
    scores = 2 * thin @ weights["output.weight"][kept] + weights["output.bias"]
    gradients = torch.autograd.grad(torch.nn.functional.cross_entropy(scores, y[rows]), list(weights.values()))
    expected = {name: p.detach() - 0.2 * g for (name, p), g in zip(weights.items(), gradients, strict=True)}
    assert 0 < kept.sum() < 16
    assert distance(fit([run])[0].weights["last"], expected) < 1e-12


def test_stacked_masks_per_mini_batch_are_those_of_the_run_alone():
    runs = [
        Experiment(Blobs(), MLP((16, 16)), SGD(0.1), [Dropout(rate, 0.2, "batch")], 4, 16, seed=seed)
        for seed, rate in [(0, 0.3), (0, 0.5), (1, 0.0)]
    ]
    for run, stacked in zip(runs, fit(runs), strict=True):
        assert same_bits(stacked.weights["last"], fit([run])[0].weights["last"])
