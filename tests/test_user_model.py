"""A user's own module trains as ours do: in a stack, with dropout in its slots, with its constants left alone."""

import dataclasses
from contextlib import suppress

import numpy as np
import pytest
import torch
from torch import nn

import regexp
from regexp.component import per_run
from regexp.experiment import Experiment
from regexp.models import MLP
from regexp.models.layers import Linear
from regexp.optim import SGD, Adam
from regexp.program import Program, load_data
from regexp.regularizers import L2, Dropout, EarlyStopping
from regexp.regularizers.regularizer import Regularizer
from regexp.rules import Invalid
from support import CPU, Blobs, arrays, distance, fit, same_bits


@dataclasses.dataclass(frozen=True)
class Own(regexp.Model):
    """Two hidden layers of torch's own, with slots."""

    extra: str = "none"

    def build(self, features, outputs):
        net = nn.Sequential(
            regexp.Slot("input"),
            nn.Linear(features, 16),
            nn.ReLU(),
            regexp.Slot("hidden"),
            nn.Linear(16, 16),
            nn.ReLU(),
            regexp.Slot("hidden"),
            nn.Linear(16, outputs),
        )
        return EXTRAS[self.extra](net)


class RandomFeatures(nn.Module):
    """A random projection that is no parameter, before a network."""

    def __init__(self, net):
        super().__init__()
        self.register_buffer("projection", torch.randn(32, 32) / 32**0.5)
        self.net = net

    def forward(self, x):
        return self.net(x @ self.projection)


class Counting(nn.Module):
    """Remembers in a buffer how often it was called."""

    def __init__(self, net):
        super().__init__()
        self.register_buffer("calls", torch.zeros(1))
        self.net = net

    def forward(self, x):
        self.calls += 1
        return self.net(x)


class Drawing(nn.Module):
    def forward(self, x):
        return x + torch.randn_like(x)


class FromNumpy(nn.Module):
    def forward(self, x):
        return x * float(np.random.default_rng().random())


class FunctionalDropout(nn.Module):
    def forward(self, x):
        return nn.functional.dropout(x, 0.5, self.training)


class BatchNorm(nn.Module):
    """That of d2l, section 8.5, from scratch: it asks for gradients, and its averages are plain tensors."""

    def __init__(self):
        super().__init__()
        self.moving_mean, self.moving_var = torch.zeros(1, 16), torch.ones(1, 16)

    def forward(self, x):
        if not torch.is_grad_enabled():
            return (x - self.moving_mean) / (self.moving_var + 1e-5).sqrt()
        mean, var = x.mean(0, keepdim=True), x.var(0, keepdim=True)
        self.moving_mean, self.moving_var = 0.9 * self.moving_mean + 0.1 * mean, 0.9 * self.moving_var + 0.1 * var
        return (x - mean) / (var + 1e-5).sqrt()


class Keeping(nn.Module):
    """Does with itself what it is told to, and nothing with its input."""

    def __init__(self, act):
        super().__init__()
        self.act, self.seen, self.count = act, [], 0
        self.register_buffer("total", torch.zeros(1))

    def forward(self, x):
        self.act(self, x)
        return x


class Acting(nn.Module):
    def __init__(self, act):
        super().__init__()
        self.act = act

    def forward(self, x):
        return self.act(self, x)


def reassigned(layer, x):
    layer.total = layer.total + 1


def beside_autograd(layer, x):
    layer.total.data.add_(1)


def counted(layer, x):
    layer.count += 1


def behind(layer):
    """A layer behind the first one of 16 units."""
    return lambda net: nn.Sequential(*net[:2], layer(), *net[2:])


def frozen(net):
    net[1].weight.requires_grad_(False)
    return net


def tied(net):
    net[4].weight = nn.Parameter(torch.randn(16, 16) / 4)
    return nn.Sequential(*net[:6], net[4], *net[6:])


def leaving_out(net):
    """With a parameter that no score depends on."""
    net.register_parameter("unused", nn.Parameter(torch.ones(3)))
    return net


EXTRAS = {
    "none": lambda net: net,
    "frozen": frozen,
    "buffer": RandomFeatures,
    "tied": tied,
    "unused": leaving_out,
    "norm": lambda net: nn.Sequential(*net[:2], nn.LayerNorm(16), *net[2:]),
    "convolution": lambda net: nn.Sequential(nn.Unflatten(1, (1, 32)), nn.Conv1d(1, 2, 3, 2, 1), nn.Flatten(), net),
    "dropout": lambda net: nn.Sequential(*net[:3], nn.Dropout(0.5), *net[3:]),
    "groups": lambda net: nn.Sequential(*net[:2], nn.GroupNorm(4, 16), *net[2:]),
    "model": lambda net: nn.BatchNorm1d(32),
    "batch_norm": lambda net: nn.Sequential(*net[:2], nn.BatchNorm1d(16), *net[2:]),
    "counting": lambda net: Counting(net),
    "drawing": lambda net: nn.Sequential(*net[:3], Drawing(), *net[3:]),
    "numpy": lambda net: nn.Sequential(*net[:3], FromNumpy(), *net[3:]),
    "functional": lambda net: nn.Sequential(*net[:3], FunctionalDropout(), *net[3:]),
    "lazy": lambda net: nn.Sequential(*net[:7], nn.LazyLinear(4)),
    "d2l": behind(BatchNorm),
    "reassigned": behind(lambda: Keeping(reassigned)),
    "data": behind(lambda: Keeping(beside_autograd)),
    "counted": behind(lambda: Keeping(counted)),
    "listed": behind(lambda: Keeping(lambda layer, x: layer.seen.append(x))),
    "mode": behind(lambda: Acting(lambda layer, x: x if layer.training else 2 * x)),
    "gradients": behind(lambda: Acting(lambda layer, x: x if torch.is_grad_enabled() else 2 * x)),
    "batch": behind(lambda: Acting(lambda layer, x: x - x.mean(0))),
    "rrelu": behind(nn.RReLU),
    "spectral": lambda net: nn.Sequential(nn.utils.parametrizations.spectral_norm(nn.Linear(32, 32)), net),
    "branch": behind(lambda: Acting(lambda layer, x: x if x.sum() > 0 else -x)),
    "tuple": lambda net: nn.Sequential(net, Acting(lambda layer, x: (x, x))),
    "all_frozen": lambda net: net.requires_grad_(False),
    "parameterless": lambda net: Acting(lambda layer, x: x[:, :4]),
    "detached": lambda net: nn.Sequential(net, Acting(lambda layer, x: x.detach())),
}


def run(seed=0, extra="none", rate=0.3, lr=0.1, strength=0.01, **fields):
    standard = {
        "model": Own(extra),
        "optimizer": SGD(lr, momentum=0.5),
        "regularizers": [L2(strength), Dropout(rate, rate / 2)],
    }
    return Experiment(Blobs(), **standard | fields, epochs=4, batch_size=16, seed=seed, dtype="float64")


@pytest.mark.parametrize("extra", ["none", "frozen", "buffer", "tied", "unused", "norm", "groups", "convolution"])
def test_stacked_is_alone(extra):
    runs = [run(seed, extra, rate, lr) for seed, rate, lr in [(0, 0.3, 0.1), (1, 0.5, 0.05), (1, 0.0, 0.1), (2, 0.0, 0.2)]]
    for experiment, stacked in zip(runs, fit(runs), strict=True):
        (alone,) = fit([experiment])
        assert distance(stacked.weights["last"], alone.weights["last"]) < 1e-10
        x, y = map(torch.from_numpy, arrays(experiment, "val"))
        loss = nn.functional.cross_entropy(stacked.model("last")(x), y).item()
        assert stacked.last["val/loss"] == pytest.approx(loss, rel=1e-10)


@dataclasses.dataclass(frozen=True)
class Carrying(regexp.Model):
    """Our linear layer, in a module that says that it carries the runs, and with a parameter that no score depends on."""

    def build(self, features, outputs):
        module = leaving_out(nn.Sequential(Linear(features, outputs)))
        module.carries_runs = True
        return module


@dataclasses.dataclass(frozen=True)
class LeavingOut(regexp.Model):
    """Our own network, with such a parameter."""

    def build(self, features, outputs):
        return leaving_out(MLP((8,)).build(features, outputs))


@pytest.mark.parametrize("model", [Carrying(), LeavingOut()])
def test_what_no_score_depends_on_stays_as_it_is(model):
    (ours,) = fit([run(model=model, regularizers=[])])
    assert torch.equal(ours.weights["last"]["unused"], torch.ones(3))


@dataclasses.dataclass(frozen=True)
class Silence(Regularizer):
    """Zeros in place of the hidden units' activations."""

    def wrap(self, place, numbers):
        return (lambda x, numbers, draws: torch.zeros_like(x)) if place.place == "hidden" else None


@pytest.mark.parametrize("model", [MLP((16, 16)), Own()])
def test_what_a_regularizer_cuts_off_stays_as_it_is(model):
    experiment = run(model=model, regularizers=[Silence()])
    (ours,) = fit([experiment])
    before = Program([experiment], load_data([experiment]), CPU).parameters
    same = [torch.equal(a[0], b) for a, b in zip(before, ours.weights["last"].values(), strict=True)]
    assert same == [*[True] * 5, False]  # all but the last bias: no unit reaches the output's weights


@dataclasses.dataclass(frozen=True)
class Twin(regexp.Model):
    """Torch's own layers with the initial weights of our MLP."""

    def build(self, features, outputs):
        template, net = MLP((16, 16)).build(features, outputs), Own().build(features, outputs)
        for ours, own in zip([*template.hidden, template.output], (net[1], net[4], net[7]), strict=True):
            own.load_state_dict({"weight": ours.weight.T, "bias": ours.bias})
        return net


@pytest.mark.parametrize("optimizer", [SGD(0.1), Adam(0.01)])
def test_it_trains_as_our_mlp_does_from_the_same_weights(optimizer):
    """Same batches, same masks, same arithmetic up to rounding; only the layout of the weights differs."""
    ours = run(model=MLP((16, 16)), optimizer=optimizer, regularizers=[L2(0.01), Dropout((0.3, 0.5), 0.2)])
    (expected,), (found,) = fit([ours]), fit([dataclasses.replace(ours, model=Twin())])
    assert expected.rows[-1]["val/loss"] == pytest.approx(found.rows[-1]["val/loss"], rel=1e-9)
    assert expected.last["weights/l2_norm"] == pytest.approx(found.last["weights/l2_norm"], rel=1e-9)
    assert torch.allclose(found.weights["last"]["4.weight"].T, expected.weights["last"]["hidden.1.weight"], rtol=1e-9)


@pytest.mark.parametrize("extra", ["frozen", "buffer"])
def test_it_stays_alone_when_its_neighbours_stop(extra):
    """Two of three stop at once, and their rows are dropped: the constants of the third must stay its own."""
    seeds, patiences = (0, 1, 2), (1, 1, 50)
    runs = [
        run(seed, extra, lr=5.0 if patience == 1 else 0.1, regularizers=[EarlyStopping(patience=patience)])
        for seed, patience in zip(seeds, patiences, strict=True)
    ]
    *stopped, last = fit(runs)
    assert [result.epochs_run < 4 for result in (*stopped, last)] == [True, True, False]
    assert distance(last.weights["last"], fit(runs[2:])[0].weights["last"]) < 1e-10


def test_frozen_parameters_and_buffers_stay_as_built():
    results = fit([run(0, "frozen", lr=1.0), run(1, "frozen", lr=1.0)])
    for result in results:
        assert "1.weight" not in result.weights["last"]
        assert "1.bias" in result.weights["last"]
    assert "projection" not in fit([run(0, "buffer")])[0].weights["last"]


@pytest.mark.parametrize(
    ("extra", "message"),
    [
        ("dropout", r"holds Dropout \(3\), which draws.*use regexp.Slot\('hidden'\) and regularizer=\[dropout\]$"),
        (
            "batch_norm",
            r"holds BatchNorm1d \(2\), which keeps running statistics.*: use LayerNorm or GroupNorm",
        ),
        ("counting", r"changes calls in its forward, which is state outside the run: keep no state outside the parameters"),
        (
            "drawing",
            r"draws random numbers in its forward.*: put regexp.Slot\('hidden'\) there",
        ),
        ("functional", r"draws random numbers in its forward.*: put regexp.Slot"),
        (
            "numpy",
            r"gives other scores for the same inputs at.*: keep no state.*; to draw, put regexp.Slot",
        ),
        ("model", r"holds BatchNorm1d, which keeps"),
        ("lazy", r"leaves 7.weight uninitialised \(a lazy layer\): give its sizes in build"),
        (
            "d2l",
            r"changes 2.moving_mean, 2.moving_var in its forward.*: keep no state.* \(LayerNorm and GroupNorm need none\)$",
        ),
        ("reassigned", r"changes 2.total in its forward"),
        ("data", r"changes 2.total in its forward"),
        ("counted", r"changes 2.count in its forward.*, and assign nothing to self in forward"),
        ("listed", r"changes 2.seen in its forward"),
        ("mode", r"gives other scores in evaluation than in training \(it asks self.training, or"),
        ("gradients", r"gives other scores in evaluation than in training .* whether gradients are taken"),
        ("batch", r"gives an example other scores alone than in a batch: normalise over features"),
        ("rrelu", r"draws random numbers in its forward.*: put regexp.Slot"),
        ("spectral", r"changes 0.parametrizations.weight.0._u, .* in its forward"),
        ("branch", r"cannot be computed for many runs at once: vmap: .* control flow: use .*, and no Python if or float\(\)"),
        ("tuple", r"must return a tensor of scores \(batch, 4\), got tuple"),
        ("all_frozen", r"has nothing to train \(all its \d+ parameters have requires_grad=False\): build at least one"),
        ("parameterless", r"has nothing to train \(it has no parameters\): build at least one torch.nn.Parameter"),
        ("detached", r"gives scores that no parameter can change: use the parameters .*, and leave out detach\(\)"),
    ],
)
@pytest.mark.filterwarnings("ignore:Lazy modules")
def test_layers_with_random_numbers_or_state_of_their_own_are_refused(extra, message):
    with pytest.raises(Invalid, match=message):
        fit([run(extra=extra)])


def test_a_refusal_leaves_torchs_generator_as_it_was():
    """Also of a module that is not refused."""
    for extra in ("functional", "norm"):
        before = torch.get_rng_state()
        with suppress(Invalid):
            fit([run(extra=extra)])
        assert torch.equal(before, torch.get_rng_state())


@pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode])
@pytest.mark.parametrize("model", [MLP((16,)), Own()])
def test_it_trains_where_the_caller_takes_no_gradients(mode, model):
    (expected,) = fit([run(model=model, rate=0.0)])
    with mode():
        (found,) = fit([run(model=model, rate=0.0)])
    assert same_bits(found.weights["last"], expected.weights["last"])
    assert not any(weight.is_inference() for weight in found.weights["last"].values())


def test_a_rate_list_must_fit_the_slots():
    for rate in ((0.1,), (0.1,) * 3):
        with pytest.raises(Invalid, match=rf"rate must be one number or 2 \(one per hidden slot.*got {len(rate)}"):
            fit([dataclasses.replace(run(), regularizers=[Dropout(rate)])])


def test_a_regularizer_without_a_hook_is_refused():
    @dataclasses.dataclass(frozen=True)
    class Typo(Regularizer):
        def penalti(self, weights, numbers):
            return 0

    with pytest.raises(Invalid, match=r"regularizer.typo does nothing: its class defines none of the hooks"):
        dataclasses.replace(run(), regularizers=[Typo()])


def test_a_penalty_must_be_one_number_per_run():
    @dataclasses.dataclass(frozen=True)
    class Summed(Regularizer):
        def penalty(self, weights, numbers):
            return sum(w.square().sum() for w in weights).reshape(1, 1)

    with pytest.raises(Invalid, match=r"penalty must return one number per run, shape \(1,\), got \(1, 1\)"):
        fit([dataclasses.replace(run(), regularizers=[Summed()])])


def test_a_penalty_that_no_weight_changes_adds_nothing():
    @dataclasses.dataclass(frozen=True)
    class Constant(Regularizer):
        strength: float = per_run(off=0.0)

        def penalty(self, weights, numbers):
            return numbers["strength"]

    (plain,) = fit([dataclasses.replace(run(), regularizers=[])])
    (constant,) = fit([dataclasses.replace(run(), regularizers=[Constant(0.5)])])
    assert same_bits(plain.weights["last"], constant.weights["last"])
    assert {row["train/penalty/constant"] for row in constant.rows} == {0.5}
