"""How much a small change of the input changes what a network says."""

from __future__ import annotations

import torch
from jaxtyping import Int

from regexp import rng
from regexp.diagnostics.examples import Inputs, Targets, accuracy_of, loss_of
from regexp.results import Result
from regexp.stack.noise import Draws


def input_gradient_norm(result: Result, inputs: Inputs, targets: Targets) -> float:
    """``mean_i ||d loss_i / d x_i||``: the Euclidean norm of the data loss's gradient by the input, over examples.

    For linear regression it is ``mean |residual| * ||w||``.

    Reference: Drucker and Le Cun, "Improving generalization performance using double backpropagation", 1992.
    """
    x = inputs.detach().requires_grad_()
    (gradient,) = torch.autograd.grad(loss_of(result, result.model(), x, targets).sum(), x)
    return gradient.double().norm(dim=1).mean().item()


def noise_accuracy(
    result: Result, inputs: Inputs, targets: Int[torch.Tensor, " batch"], std: float, *, repeats: int = 10, seed: int = 0
) -> float:
    """The accuracy on ``x + std * e`` with standard normal ``e``, the mean of ``repeats`` draws.

    The draws are a function of ``seed``: runs, and values of ``std``, are compared at the same noise.
    """
    model, key = result.model(), torch.tensor(rng.key(seed, "noise accuracy"))
    found = []
    for step in range(repeats):
        noise = Draws(key, step, runs=1).normals(*inputs.shape, dtype=inputs.dtype)
        found.append(accuracy_of(model, inputs + std * noise, targets))
    return sum(found) / repeats
