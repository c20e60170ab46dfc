"""The losses against ``torch.nn.functional``, and where their outputs are defined."""

import dataclasses
import math

import pytest
import torch
from torch.nn import functional

from regexp import losses
from regexp.datasets import SyntheticRegression
from regexp.experiment import Experiment
from regexp.models import Linear
from regexp.optim import SGD
from regexp.rules import Invalid
from support import Blobs

GENERATOR = torch.Generator().manual_seed(0)
SCORES = 3 * torch.randn(2, 6, 5, generator=GENERATOR, dtype=torch.float64)
CLASSES = torch.randint(5, (2, 6), generator=GENERATOR)
ONE_HOT = functional.one_hot(CLASSES, 5).double()
REAL = torch.randn(2, 6, 5, generator=GENERATOR, dtype=torch.float64)

REFERENCES = {
    ("half_squared", "auto"): (REAL, functional.mse_loss(SCORES, REAL, reduction="none").sum(-1) / 2),
    ("cross_entropy", "auto"): (CLASSES, functional.cross_entropy(SCORES.mT, CLASSES, reduction="none")),
    ("binary_cross_entropy", "sigmoid"): (
        CLASSES,
        functional.binary_cross_entropy(SCORES.sigmoid(), ONE_HOT, reduction="none").sum(-1),
    ),
    ("quadratic", "sigmoid"): (CLASSES, functional.mse_loss(SCORES.sigmoid(), ONE_HOT, reduction="none").sum(-1) / 2),
    ("quadratic", "auto"): (CLASSES, functional.mse_loss(SCORES.sigmoid(), ONE_HOT, reduction="none").sum(-1) / 2),
    ("quadratic", "softmax"): (CLASSES, functional.mse_loss(SCORES.softmax(-1), ONE_HOT, reduction="none").sum(-1) / 2),
}


@pytest.mark.parametrize(("name", "output"), REFERENCES)
def test_every_loss_is_torchs(name, output):
    targets, expected = REFERENCES[name, output]
    found = losses.loss_function(name, output)(SCORES, targets)
    torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_half_squared_has_the_bits_of_half_the_squared_error_and_of_its_gradient(dtype):
    scores = (10.0 ** torch.arange(-20, 19) * torch.tensor([1, -3])[:, None])[..., None].to(dtype).requires_grad_()
    targets = torch.randn(scores.shape, generator=torch.Generator().manual_seed(0), dtype=dtype)
    pairs = [
        losses.half_squared(scores, targets),
        0.5 * functional.mse_loss(scores, targets, reduction="none").sum(-1),
    ]
    (ours, theirs) = (torch.autograd.grad(value.sum(), scores)[0] for value in pairs)
    assert torch.equal(*pairs) and torch.equal(ours, theirs)


def test_half_squared_of_what_has_no_limit_is_infinite_and_not_nan():
    scores = torch.tensor([math.inf, -math.inf, 3e38, math.nan]).reshape(1, 4, 1)
    found = losses.half_squared(scores, torch.zeros_like(scores))
    assert found.isposinf().tolist() == [[True, True, True, False]] and found.isnan()[0, 3]


def test_every_loss_there_is_has_a_reference():
    assert {name for name, _ in REFERENCES} == set(losses.KINDS)


@pytest.mark.parametrize("name", ["cross_entropy", "binary_cross_entropy", "quadratic"])
def test_extreme_scores_give_finite_losses_and_gradients(name):
    scores = torch.tensor([[[1e4, -1e4, 0.0], [-1e4, 1e4, 0.0]]], requires_grad=True)
    loss = losses.loss_function(name, "auto")(scores, torch.tensor([[0, 0]]))
    loss.sum().backward()
    assert loss.isfinite().all()
    assert scores.grad.isfinite().all()
    assert loss[0, 0] < loss[0, 1]


def test_correct_is_the_highest_score():
    assert losses.correct(SCORES, CLASSES).tolist() == (SCORES.max(-1).indices == CLASSES).tolist()


@pytest.mark.parametrize(
    ("dataset", "loss", "meaning"),
    [
        (Blobs(), "auto", "cross_entropy"),
        (SyntheticRegression(), "auto", "half_squared"),
        (Blobs(), "quadratic", "quadratic"),
    ],
)
def test_auto_follows_the_task(dataset, loss, meaning):
    assert Experiment(dataset, Linear(), SGD(0.1), loss=loss).data_loss == meaning


@pytest.mark.parametrize(
    ("dataset", "model", "loss", "message"),
    [
        (Blobs(), Linear(), "half_squared", r"loss must fit the data set's task \(classification: auto, cross_entropy"),
        (
            SyntheticRegression(),
            Linear(),
            "cross_entropy",
            r"loss must fit the data set's task \(regression: auto, half_squared",
        ),
        (Blobs(), Linear(output="sigmoid"), "auto", "output must be auto or softmax with loss cross_entropy, got 'sigmoid'"),
        (Blobs(), Linear(output="identity"), "quadratic", "output must be auto or sigmoid or softmax with loss quadratic"),
        (Blobs(), Linear(), "hinge", "loss must be one of auto, half_squared, .*, got 'hinge'"),
    ],
)
def test_losses_that_fit_neither_task_nor_output_are_refused(dataset, model, loss, message):
    with pytest.raises(Invalid, match=message):
        Experiment(dataset, model, SGD(0.1), loss=loss)


def test_the_test_split_decides_nothing():
    with pytest.raises(Invalid, match=r"objective must be one of val/loss, val/accuracy \(the test split decides nothing\)"):
        dataclasses.replace(Experiment(Blobs(), Linear(), SGD(0.1)), objective="test/loss")
