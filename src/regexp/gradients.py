"""The gradients of one step: of all runs in one backward pass."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from jaxtyping import Float, Shaped

_engine: Callable[..., tuple[torch.Tensor, ...]] | None = getattr(torch.autograd.graph, "_engine_run_backward", None)
"""What torch.autograd.grad ends in. Not public: None where torch has it no more, which costs time, not a bit."""


def gradients_of(
    losses: Float[torch.Tensor, "runs batch"],
    penalties: Sequence[Float[torch.Tensor, " runs"]],
    parameters: Sequence[Shaped[torch.Tensor, "runs ..."]],
) -> list[torch.Tensor]:
    """The gradient of every run's objective ``mean(losses) + sum(penalties)``, in the shape of every parameter.

    No two runs share a weight, so the gradient of the sum over all runs has each run's own in its row. A parameter that no
    objective depends on gets zeros.
    """
    terms = tuple(term for term in (losses, *penalties) if term.requires_grad)
    shares = tuple(torch.full_like(term, 1 / losses.shape[-1] if term is losses else 1) for term in terms)
    if _engine:
        # torch.autograd.grad imports sympy to compare the shapes of terms and shares: 0.3 s at every start. Without shares it
        # takes a scalar only, and the sum and its own checks take 5 percent of a small network's step.
        found = _engine(terms, shares, False, False, tuple(parameters), True, accumulate_grad=False)
    else:
        found = torch.autograd.grad(terms, parameters, shares, allow_unused=True)
    return [torch.zeros_like(p) if g is None else g for p, g in zip(parameters, found, strict=True)]
