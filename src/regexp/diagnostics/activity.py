"""What flows through the layers of a network: activations forwards, gradients backwards."""

from __future__ import annotations

import torch

from regexp.diagnostics.examples import Inputs, Targets, loss_of
from regexp.diagnostics.hidden import activations
from regexp.results import Result


def gradient_norms(result: Result, inputs: Inputs, targets: Targets, which: str = "final") -> dict[str, float]:
    """``||d mean loss / d W||``, the Euclidean norm of the data loss's gradient by each weight matrix, by its name.

    Vanishing gradients shrink towards the first layer, exploding ones grow. ``which`` weights: final, best or last.

    Reference: Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural networks", 2010; Nielsen,
    "Neural Networks and Deep Learning", 2015, chapter 5.
    """
    model = result.model(which)
    weights = {name: p for name, p in model.named_parameters() if p.requires_grad and p.dim() > 1}
    gradients = torch.autograd.grad(loss_of(result, model, inputs, targets).mean(), list(weights.values()))
    return {name: gradient.double().norm().item() for name, gradient in zip(weights, gradients, strict=True)}


def zero_activations(result: Result, inputs: Inputs) -> dict[str, float]:
    """The share of activations that are exactly 0, over units and examples, by hidden layer: half for ReLU at the start.

    Reference: Glorot, Bordes and Bengio, "Deep sparse rectifier neural networks", 2011.
    """
    return {name: (h == 0).double().mean().item() for name, h in activations(result.model(), inputs).items()}


def activation_variances(result: Result, inputs: Inputs) -> dict[str, float]:
    """The variance of the activations, over units and examples together, by hidden layer; in evaluation mode."""
    return {name: h.double().var(correction=0).item() for name, h in activations(result.model(), inputs).items()}
