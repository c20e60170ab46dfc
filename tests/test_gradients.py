"""A step's gradients are those of the summed objectives, however they are asked for."""

import pytest
import torch

from regexp import gradients


@pytest.fixture
def parts():
    """Losses of three runs with five examples each, two penalties, and parameters of which the last is in none of them."""
    generator = torch.Generator().manual_seed(0)
    shapes = (3, 4, 2), (3, 1, 2), (3, 6)
    weight, bias, unused = (torch.randn(s, generator=generator, dtype=torch.float64, requires_grad=True) for s in shapes)
    inputs = torch.randn((3, 5, 4), generator=generator, dtype=torch.float64)
    losses = (inputs @ weight + bias).square().sum(-1)
    penalties = [0.3 * weight.square().sum((1, 2)), torch.full((3,), 7.0, dtype=torch.float64)]
    return losses, penalties, [weight, bias, unused]


@pytest.fixture(params=["engine", "public"])
def ask(request, monkeypatch):
    if request.param == "public":
        monkeypatch.setattr(gradients, "_engine", None)
    else:
        assert gradients._engine, "this torch has renamed its engine's entry: steps take longer, and the start too"
    return gradients.gradients_of


def test_gradients_are_those_of_the_summed_objectives(ask, parts):
    losses, penalties, parameters = parts
    objective = losses.mean(1).sum() + sum(penalty.sum() for penalty in penalties)
    expected = torch.autograd.grad(objective, parameters[:2], retain_graph=True)
    *found, unused = ask(losses, penalties, parameters)
    torch.testing.assert_close(found, list(expected), rtol=1e-14, atol=0)
    assert torch.equal(unused, torch.zeros(3, 6, dtype=torch.float64))


def test_gradients_of_penalties_alone_and_of_nothing(ask, parts):
    losses, penalties, (weight, *others) = parts
    found, *zeros = ask(losses.detach(), penalties, [weight, *others])
    torch.testing.assert_close(found, 0.6 * weight.detach())
    assert not any(zero.any() for zero in zeros)
    assert not any(zero.any() for zero in ask(losses.detach(), penalties[1:], [weight, *others]))
