"""Moved pictures against scipy's, and moves against chance."""

import dataclasses
import math

import numpy as np
import pytest
import scipy.ndimage
import torch

from regexp import rng
from regexp.datasets import FashionMNIST, SyntheticRegression
from regexp.experiment import Experiment
from regexp.models import MLP
from regexp.optim import SGD
from regexp.program import Program, load_data
from regexp.regularizers import Augmentation
from regexp.regularizers.augmentation import moves, shifted, turn
from regexp.rules import Invalid
from regexp.stack.noise import Draws
from support import CPU, Blobs, distance, fit, same_bits
from test_user_model import Own


def pictures(*shape):
    return torch.rand(*shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def test_shifted_pictures_are_scipys():
    images = pictures(2, 5, 3, 8, 6)
    offsets = torch.randint(-3, 4, (2, 5, 2), generator=torch.Generator().manual_seed(1))
    for run, image, offset in zip(images, shifted(images, offsets), offsets, strict=True):
        for before, after, (down, right) in zip(run, image, offset.tolist(), strict=True):
            expected = scipy.ndimage.shift(before.numpy(), (0, down, right), order=0, mode="nearest")
            assert np.array_equal(after.numpy(), expected)


@pytest.mark.parametrize("size", [(28, 28), (7, 12)])
def test_turned_pictures_are_scipys(size):
    images, degrees = pictures(6, 1, *size), torch.tensor([-90.0, -33.0, 0.0, 5.0, 45.0, 180.0], dtype=torch.float64)
    for before, after, angle in zip(images, turn(images, degrees.deg2rad()), degrees.tolist(), strict=True):
        expected = scipy.ndimage.rotate(before[0].numpy(), angle, reshape=False, order=1, mode="nearest")
        np.testing.assert_allclose(after[0].numpy(), expected, atol=1e-9)


def test_every_shift_and_angle_of_the_range_is_as_likely():
    shift, degrees = torch.tensor([0.0, 1.0, 2.0]), torch.tensor([0.0, 10.0, 20.0])
    offsets, angles = moves(shift, degrees, Draws(rng.keys([0], "augmentation", device=CPU), 1, 3), 60_000)
    for most, run in zip((0, 1, 2), offsets, strict=True):
        counts = np.unique(run.numpy(), axis=0, return_counts=True)[1]
        assert len(counts) == (2 * most + 1) ** 2
        share = 1 / len(counts)
        np.testing.assert_allclose(counts / 60_000, share, atol=5 * math.sqrt(share / 60_000))
    for most, run in zip(degrees.deg2rad().tolist(), angles.double(), strict=True):
        assert run.abs().max() <= most
        assert abs(run.mean()) <= 5 * most / math.sqrt(3 * 60_000)
        assert run.std() == pytest.approx(most / math.sqrt(3), rel=0.02, abs=1e-9)
    assert torch.allclose(angles[2], 2 * angles[1])


def moved(runs, x, step=1):
    """What the models of a stack see of the same inputs."""
    program = Program(runs, load_data(runs), CPU)
    ((change, numbers, draws),) = program.noise(step)[0]
    return change(x.expand(len(runs), *x.shape), numbers, draws)


def test_every_run_moves_its_pictures_by_its_own_numbers_and_exactly_so_where_it_does_not_turn():
    data, x = FashionMNIST(train_size=100, val_size=0), pictures(16, 784).float()
    chosen = [Augmentation(0, 0.0), Augmentation(2, 0.0), Augmentation(0, 15.0), Augmentation(2, 15.0)]
    runs = [Experiment(data, MLP((16,)), SGD(0.1), [one], batch_size=16) for one in chosen]
    still, shift, turned, both = moved(runs, x)
    assert torch.equal(still, x)
    assert torch.equal(shift, moved(runs[1:2], x)[0])
    assert torch.equal(both, moved(runs[3:], x)[0])
    offsets, angles = moves(
        torch.tensor(2.0), torch.tensor(15.0), Draws(torch.tensor(rng.key(0, "augmentation", "input", 0)), 1, 1), 16
    )
    for picture, result, offset in zip(x, shift, offsets.tolist(), strict=True):
        expected = scipy.ndimage.shift(picture.reshape(28, 28).numpy(), offset, order=0, mode="nearest")
        assert np.array_equal(result.reshape(28, 28).numpy(), expected)
    for picture, result, angle in zip(x, turned, angles.rad2deg().tolist(), strict=True):
        expected = scipy.ndimage.rotate(picture.reshape(28, 28).numpy(), angle, reshape=False, order=1, mode="nearest")
        np.testing.assert_allclose(result.reshape(28, 28).numpy(), expected, atol=1e-4)
    assert not torch.equal(both, moved(runs[3:], x, step=2)[0])


@pytest.mark.parametrize("model", [MLP((16, 16)), Own()])
def test_stacked_is_alone(model):
    runs = [
        Experiment(Blobs(), model, SGD(0.1), [Augmentation(shift, degrees)], 4, 16, seed=seed, dtype="float64")
        for seed, shift, degrees in [(0, 1, 0.0), (1, 0, 0.0), (1, 1, 9.0), (0, 0, 9.0)]
    ]
    for run, stacked in zip(runs, fit(runs), strict=True):
        assert distance(stacked.weights["last"], fit([run])[0].weights["last"]) < 1e-10


def test_evaluation_sees_pictures_as_they_are():
    """With a learning rate of nearly nothing the metrics stay those of the start."""
    run = Experiment(Blobs(), MLP((16,)), SGD(1e-12), [Augmentation(2, 90.0)], 2, 16, dtype="float64")
    (result,) = fit([run])
    assert result.rows[-1]["train/loss"] == pytest.approx(result.rows[0]["train/loss"], rel=1e-9)


def test_it_needs_pictures():
    with pytest.raises(Invalid, match=r"augmentation.shift moves pictures, and synthetic_regression has none"):
        Experiment(SyntheticRegression(), MLP((8,)), SGD(0.1), [Augmentation(1, 0.0)])
    off = [Augmentation(0, 0.0)]
    plain = Experiment(SyntheticRegression(), MLP((8,)), SGD(0.1), epochs=2)
    (absent,), (switched_off,) = fit([plain]), fit([dataclasses.replace(plain, regularizers=off)])
    assert same_bits(absent.weights["last"], switched_off.weights["last"])


def test_pictures_must_have_the_pixels_of_their_examples():
    @dataclasses.dataclass(frozen=True)
    class Torn(Blobs):
        image = (5, 5)

    with pytest.raises(Invalid, match=r"image must have as many pixels as an example has features \(32\), got \(5, 5\)"):
        fit([Experiment(Torn(), MLP((8,)), SGD(0.1), [Augmentation()])])
