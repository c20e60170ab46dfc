"""A user's own module trains as ours do: in a stack, with dropout in its slots, with its constants left alone."""

import dataclasses

import pytest
import torch
from support import Blobs, arrays, distance, fit
from torch import nn

import regexp
from regexp.component import Invalid
from regexp.experiment import Experiment
from regexp.models import MLP
from regexp.optim import SGD, Adam
from regexp.regularizers import L2, Dropout


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


def frozen(net):
    net[1].weight.requires_grad_(False)
    return net


def tied(net):
    net[4].weight = nn.Parameter(torch.randn(16, 16) / 4)
    return nn.Sequential(*net[:6], net[4], *net[6:])


EXTRAS = {
    "none": lambda net: net,
    "frozen": frozen,
    "buffer": RandomFeatures,
    "tied": tied,
    "norm": lambda net: nn.Sequential(*net[:2], nn.LayerNorm(16), *net[2:]),
    "convolution": lambda net: nn.Sequential(nn.Unflatten(1, (1, 32)), nn.Conv1d(1, 2, 3, 2, 1), nn.Flatten(), net),
    "dropout": lambda net: nn.Sequential(*net[:3], nn.Dropout(0.5), *net[3:]),
    "batch_norm": lambda net: nn.Sequential(*net[:2], nn.BatchNorm1d(16), *net[2:]),
    "lazy": lambda net: nn.Sequential(*net[:7], nn.LazyLinear(4)),
}


def run(seed=0, extra="none", rate=0.3, lr=0.1, strength=0.01, **fields):
    fields = {"epochs": 4, "batch_size": 16, "dtype": "float64"} | fields
    return Experiment(Blobs(), Own(extra), SGD(lr, momentum=0.5), [L2(strength), Dropout(rate, rate / 2)], seed=seed, **fields)


@pytest.mark.parametrize("extra", ["none", "frozen", "buffer", "tied", "norm", "convolution"])
def test_stacked_is_alone(extra):
    runs = [run(seed, extra, rate, lr) for seed, rate, lr in [(0, 0.3, 0.1), (1, 0.5, 0.05), (1, 0.0, 0.1), (2, 0.0, 0.2)]]
    for experiment, stacked in zip(runs, fit(runs), strict=True):
        (alone,) = fit([experiment])
        assert distance(stacked.weights["last"], alone.weights["last"]) < 1e-10
        x, y = map(torch.from_numpy, arrays(experiment, "val"))
        loss = nn.functional.cross_entropy(stacked.model("last")(x), y).item()
        assert stacked.last["val/loss"] == pytest.approx(loss, rel=1e-10)


@pytest.mark.parametrize("optimizer", [SGD(0.1), Adam(0.01)])
def test_it_trains_as_our_mlp_does_from_the_same_weights(optimizer, monkeypatch):
    """Same masks, same batches, same arithmetic up to rounding; only the layout of the weights differs."""
    ours = Experiment(
        Blobs(), MLP((16, 16)), optimizer, [L2(0.01), Dropout((0.3, 0.5), 0.2)], epochs=5, batch_size=16, dtype="float64"
    )
    names = {"hidden.0": "1", "hidden.1": "4", "output": "7"}
    build = Own.build

    def same_start(spec, features, outputs):
        net, template = build(spec, features, outputs), ours.model.build(features, outputs)
        for mine, own in names.items():
            net.get_submodule(own).load_state_dict(
                {"weight": template.get_submodule(mine).weight.T, "bias": template.get_submodule(mine).bias}
            )
        return net

    (expected,) = fit([dataclasses.replace(ours, model=MLP((16, 16), init="constant", init_value=0.1))])
    assert expected.status == "completed"
