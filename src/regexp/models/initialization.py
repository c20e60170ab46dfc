"""Initial weights, and the check that a model really has the ones that were asked for.

The check exists because asking is not having: in the "concise" code of d2l's weight decay chapter a lazy layer ignores
``weight.data.normal_(0, 0.01)`` silently and starts at torch's default.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import nn

from regexp.models.layers import Linear
from regexp.rules import Invalid

# name -> (how a weight of shape (outputs, inputs) is filled, its standard deviation)
SCHEMES: dict[str, Any] = {
    "default": (lambda w, _: nn.init.kaiming_uniform_(w, a=math.sqrt(5)), lambda i, o, _: 1 / math.sqrt(3 * i)),
    "normal": (lambda w, spec: nn.init.normal_(w, 0.0, spec.init_std), lambda i, o, spec: spec.init_std),
    "lecun_normal": (lambda w, _: nn.init.normal_(w, 0.0, 1 / math.sqrt(w.shape[1])), lambda i, o, _: 1 / math.sqrt(i)),
    "xavier_normal": (lambda w, _: nn.init.xavier_normal_(w), lambda i, o, _: math.sqrt(2 / (i + o))),
    "xavier_uniform": (lambda w, _: nn.init.xavier_uniform_(w), lambda i, o, _: math.sqrt(2 / (i + o))),
    "kaiming_normal": (lambda w, _: nn.init.kaiming_normal_(w), lambda i, o, _: math.sqrt(2 / i)),
    "kaiming_uniform": (lambda w, _: nn.init.kaiming_uniform_(w), lambda i, o, _: math.sqrt(2 / i)),
    "constant": (lambda w, spec: nn.init.constant_(w, spec.init_value), lambda i, o, _: 0.0),
}


@torch.no_grad()
def initialize(network: nn.Module, spec: Any) -> None:
    """Fill the weights by ``spec.init``, biases by ``spec.init_bias_std``, or by torch's default: U(-1, 1) / sqrt(inputs)."""
    fill, _ = SCHEMES[spec.init]
    for layer in _linear_layers(network).values():
        fill(layer.weight.mT, spec)  # the schemes count inputs and outputs as torch stores them
        if layer.bias is not None:
            _fill_biases(layer, spec)


def check_initialization(network: nn.Module, spec: Any) -> None:
    """Raise :class:`Invalid` where the mean and standard deviation of a layer's weights or biases contradict ``spec.init``.

    The bounds are six standard errors (of the deviation: std / sqrt(2 n)), which chance passes once in 10**8.
    """
    _, std_of = SCHEMES[spec.init]
    center = spec.init_value if spec.init == "constant" else 0.0
    problems = []
    for name, layer in _linear_layers(network).items():
        biases = _default_bound(layer) / math.sqrt(3) if spec.init == "default" else spec.init_bias_std
        expected = {"weights": (layer.weight, center, std_of(*layer.weight.shape, spec)), "biases": (layer.bias, 0.0, biases)}
        for part, (values, mean, std) in expected.items():
            if values is not None and (found := _contradiction(values.detach().double(), mean, std)):
                problems.append(
                    ("init", f"asks {spec.init} ({part}: mean {mean:g}, std {std:.4g}) but layer {name} has {found}")
                )
    if problems:
        raise Invalid(type(spec).__name__, problems)


def _contradiction(values: torch.Tensor, mean: float, std: float) -> str | None:
    """The mean and standard deviation that the values have, if not the ones expected."""
    n, near = values.numel(), 1e-6 * abs(mean) + 1e-12
    offset, spread = values.mean().item() - mean, values.sub(mean).square().mean().sqrt().item()
    if abs(offset) <= 6 * std / math.sqrt(n) + near and abs(spread - std) <= 6 * std / math.sqrt(2 * n) + near:
        return None
    return f"mean {mean + offset:.4g}, std {spread:.4g}"


def _fill_biases(layer: Any, spec: Any) -> None:
    if spec.init != "default" and spec.init_bias_std:
        nn.init.normal_(layer.bias, 0.0, spec.init_bias_std)
    else:
        bound = _default_bound(layer) if spec.init == "default" else 0.0
        nn.init.uniform_(layer.bias, -bound, bound)


def _default_bound(layer: Any) -> float:
    """Of torch's default for biases."""
    return 1 / math.sqrt(layer.weight.shape[0])


def _linear_layers(network: nn.Module) -> dict[str, Any]:
    """Every layer with a weight matrix, by name."""
    return {name: layer for name, layer in network.named_modules() if isinstance(layer, Linear)}
