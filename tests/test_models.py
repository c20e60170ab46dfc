"""Models and their initial weights against torch's own layers and initialisers."""

import copy
import math
import pickle

import pytest
import torch
from scipy.stats import ks_2samp
from torch import nn

from regexp import rng
from regexp.models import MLP, Linear, initialization
from regexp.models.layers import Slot
from regexp.rules import Invalid

INPUTS, OUTPUTS = 300, 100  # far from square, so that fan-in and fan-out cannot be mistaken for each other
TORCH = {
    "default": lambda layer: layer.reset_parameters(),
    "normal": lambda layer: nn.init.normal_(layer.weight, std=0.3),
    "lecun_normal": lambda layer: nn.init.kaiming_normal_(layer.weight, nonlinearity="linear"),
    "xavier_normal": lambda layer: nn.init.xavier_normal_(layer.weight),
    "xavier_uniform": lambda layer: nn.init.xavier_uniform_(layer.weight),
    "kaiming_normal": lambda layer: nn.init.kaiming_normal_(layer.weight),
    "kaiming_uniform": lambda layer: nn.init.kaiming_uniform_(layer.weight),
    "constant": lambda layer: nn.init.constant_(layer.weight, 0.7),
}


def same_distribution(ours, theirs):
    return ks_2samp(ours.detach().flatten().numpy(), theirs.detach().flatten().numpy()).pvalue > 1e-4


@pytest.mark.parametrize("init", TORCH)
def test_initial_weights_have_torchs_distribution(init):
    with rng.seeded(0, "ours"):
        ours = Linear(init=init, init_std=0.3, init_value=0.7).build(INPUTS, OUTPUTS).output
    with rng.seeded(0, "theirs"):
        theirs = nn.Linear(INPUTS, OUTPUTS)
        TORCH[init](theirs)
    assert same_distribution(ours.weight, theirs.weight)
    assert same_distribution(ours.bias, theirs.bias if init == "default" else torch.zeros(OUTPUTS))


def test_biases_are_drawn_with_their_own_deviation():
    weights = {}
    for std in (0.0, 0.5):
        with rng.seeded(0, "init"):
            layer = Linear(init="lecun_normal", init_bias_std=std).build(30, 2000).output
        weights[std] = layer.weight
        assert same_distribution(layer.bias, std * torch.randn(2000, generator=torch.Generator().manual_seed(1)))
    assert torch.equal(weights[0.0], weights[0.5])


def test_without_a_bias_there_is_none():
    network = Linear(init="normal", init_std=1.0, bias=False).build(4, 3).double()
    assert [name for name, _ in network.named_parameters()] == ["output.weight"]
    x = torch.randn(6, 4, dtype=torch.float64)
    torch.testing.assert_close(network(x), x @ network.output.weight, rtol=1e-12, atol=1e-12)


def test_every_scheme_there_is_has_a_reference():
    assert set(TORCH) == set(initialization.SCHEMES)


@pytest.mark.parametrize("hidden", [(64,), (64, 32, 16)])
def test_every_layer_is_initialised_by_its_own_sizes(hidden):
    network = MLP(hidden, init="xavier_uniform").build(INPUTS, 10)
    widths = [INPUTS, *hidden, 10]
    for layer, inputs, outputs in zip([*network.hidden, network.output], widths[:-1], widths[1:], strict=True):
        bound = math.sqrt(6 / (inputs + outputs))
        assert 0.9 * bound < layer.weight.abs().max().item() <= bound
        assert not layer.bias.any()


@pytest.mark.parametrize(("name", "activation"), [("relu", nn.ReLU()), ("tanh", nn.Tanh()), ("sigmoid", nn.Sigmoid())])
def test_the_mlp_computes_what_torchs_layers_do(name, activation):
    network = MLP((7, 5), name).build(4, 3).double()
    layers = [*network.hidden, network.output]
    reference = nn.Sequential(nn.Linear(4, 7), activation, nn.Linear(7, 5), activation, nn.Linear(5, 3)).double()
    for ours, theirs in zip(layers, reference[::2], strict=True):
        theirs.load_state_dict({"weight": ours.weight.T, "bias": ours.bias})
    x = torch.randn(6, 4, dtype=torch.float64)
    torch.testing.assert_close(network(x), reference(x), rtol=1e-12, atol=1e-12)

    stack = copy.deepcopy(network)
    for layer in [*stack.hidden, stack.output]:
        layer.weight, layer.bias = nn.Parameter(layer.weight[None]), nn.Parameter(layer.bias[None])
    torch.testing.assert_close(stack(x[None])[0], reference(x), rtol=1e-12, atol=1e-12)
    for scores in (stack(x[None]), network(x), reference(x)):
        scores.square().sum().backward()
    for ours, alone, theirs in zip([*stack.hidden, stack.output], layers, reference[::2], strict=True):
        torch.testing.assert_close(ours.weight.grad[0].T, theirs.weight.grad, rtol=1e-11, atol=1e-11)
        torch.testing.assert_close(alone.weight.grad.T, theirs.weight.grad, rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("name", ["relu", "tanh", "sigmoid", "identity"])
def test_a_network_can_be_pickled(name):
    network, x = MLP((5,), name).build(4, 3), torch.randn(6, 4)
    assert torch.equal(pickle.loads(pickle.dumps(network))(x), network(x))


@pytest.mark.parametrize("name", ["relu", "tanh", "sigmoid"])
def test_who_keeps_what_a_layer_of_one_run_gave_has_it_as_it_was(name):
    network, kept = MLP((50,), name).build(4, 3), []
    network.hidden[0].register_forward_hook(lambda layer, given, out: kept.append(out))
    x = torch.randn(6, 4)
    with torch.no_grad():
        network(x)
        assert torch.equal(kept[0], network.hidden[0](x))
        assert kept[0].min() < 0


def test_an_mlp_of_identities_is_linear():
    network = MLP((7,), "identity").build(4, 3).double()
    (hidden,), output = network.hidden, network.output
    x = torch.randn(6, 4, dtype=torch.float64)
    product = x @ (hidden.weight @ output.weight) + hidden.bias @ output.weight + output.bias
    torch.testing.assert_close(network(x), product, rtol=1e-12, atol=1e-12)


def test_slots_are_the_identity_and_stand_behind_the_input_and_every_hidden_layer():
    network = MLP((7, 5)).build(4, 3)
    assert [slot.place for slot in network.modules() if isinstance(slot, Slot)] == ["input", "hidden", "hidden"]
    x = torch.randn(2, 3)
    assert Slot("hidden")(x) is x


@pytest.mark.parametrize(
    ("spec", "fill"),
    [
        (Linear(init="normal", init_std=0.01), lambda w, _: nn.init.kaiming_uniform_(w, a=math.sqrt(5))),
        (Linear(init="normal", init_std=1.0), lambda w, _: nn.init.normal_(w, mean=0.2, std=1.0)),
        (Linear(init="xavier_normal"), lambda w, _: nn.init.normal_(w)),
        (MLP((50,), init="kaiming_normal"), lambda w, _: nn.init.kaiming_normal_(w, mode="fan_out")),
        (Linear(init="constant", init_value=0.5), lambda w, _: nn.init.zeros_(w)),
        (Linear(init="constant", init_value=0.0), lambda w, _: nn.init.normal_(w, std=1e-4)),
    ],
)
def test_weights_that_are_not_the_ones_asked_for_are_refused(monkeypatch, spec, fill):
    _, deviation = initialization.SCHEMES[spec.init]
    monkeypatch.setitem(initialization.SCHEMES, spec.init, (fill, deviation))
    with pytest.raises(Invalid, match=rf"{type(spec).__name__}.init asks {spec.init} \(weights: .*\) but layer .* has mean"):
        spec.build(200, 10)


@pytest.mark.parametrize("init", ["default", "normal"])
def test_biases_that_are_not_the_ones_asked_for_are_refused(init):
    spec = Linear(init=init)
    network = spec.build(200, 10)
    nn.init.normal_(network.output.bias)
    with pytest.raises(Invalid, match=rf"Linear.init asks {init} \(biases: mean 0, .*\) but layer output has mean"):
        initialization.check_initialization(network, spec)


@pytest.mark.parametrize("init", ["default", "normal"])
@pytest.mark.parametrize("sizes", [(1, 1), (2, 1), (3, 2), (30, 1)])
def test_the_check_lets_chance_pass(init, sizes):
    """Tiny layers, whose sample deviation is far from the distribution's, in many seeds."""
    for seed in range(400):
        with rng.seeded(seed, "init"):
            Linear(init=init, init_std=1.0).build(*sizes)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: MLP((0,)), r"MLP.hidden holds an item that must be a whole number >= 1, got 0"),
        (lambda: MLP(()), r"MLP.hidden must be a non-empty list, got \(\)"),
        (lambda: MLP(activation="gelu"), r"MLP.activation must be one of relu, tanh, sigmoid, identity, got 'gelu'"),
        (lambda: Linear(init="normal", init_std=0), r"Linear.init_std must be a finite number > 0, got 0"),
        (lambda: Linear(init="zeros"), r"Linear.init must be one of default, .*, got 'zeros'"),
    ],
)
def test_wrong_fields_are_refused(make, message):
    with pytest.raises(Invalid, match=message):
        make()
