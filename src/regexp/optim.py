"""Optimizers over a stack: every run has a learning rate of its own, and no weight decay (that is a regularizer)."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Any

from regexp.component import Component, Search, per_run
from regexp.lazy import torch
from regexp.rules import Invalid, above, boolean, each, require, within
from regexp.stack.axis import across
from regexp.stack.numbers import Numbers

Tensors = list["torch.Tensor"] | tuple["torch.Tensor", ...]
"""What torch's foreach functions take."""
State = dict[str, list["torch.Tensor"]]


class Optimizer(Component):
    """The base of all optimizers: a frozen dataclass with a field ``lr`` and three functions of tensors.

    Tensors in lists have a leading runs axis. ``lr`` holds the learning rates, shaped to meet each parameter; 0 for a run that
    has stopped.
    """

    def init(self, parameters: Tensors, numbers: Numbers) -> State:
        """The state before the first step."""
        return {}

    def step(self, parameters: Tensors, gradients: Tensors, state: State, count: int, lr: Tensors, numbers: Numbers) -> None:
        """Change the parameters in place; ``count`` is the number of this step, from 1."""
        raise NotImplementedError(f"{type(self).__name__} must define step(...)")

    def effective_step(self, parameters: Tensors, state: State, count: int, lr: Tensors, numbers: Numbers) -> Tensors:
        """The factor between a constant gradient and the step it causes, which broadcasts to every parameter."""
        raise NotImplementedError(f"{type(self).__name__} must define effective_step(...)")


@dataclasses.dataclass(frozen=True)
class SGD(Optimizer):
    """Stochastic gradient descent: ``v <- momentum v + g``, ``w <- w - lr v`` (nesterov: ``w - lr (g + momentum v)``).

    The convention is torch's. The effective step is ``lr / (1 - momentum)``.

    Reference: Sutskever et al., "On the importance of initialization and momentum in deep learning", 2013.

    >>> SGD(lr=0.1, momentum=0.9).nesterov
    False
    """

    lr: float = per_run(search=Search(1e-4, 1.0, log=True))
    momentum: float = per_run(0.0)
    nesterov: bool = False

    def __post_init__(self) -> None:
        require(self, lr=above(0), momentum=within(0, 1), nesterov=boolean())
        if self.nesterov and not self.momentum:
            raise Invalid("SGD", [("nesterov", "needs momentum > 0, got momentum 0")])

    def init(self, parameters: Tensors, numbers: Numbers) -> State:
        moving = bool((numbers["momentum"] != 0).any())  # with momentum 0 the velocity is the gradient, bit for bit
        return {"velocity": [torch.zeros_like(p) for p in parameters]} if moving else {}

    def step(self, parameters: Tensors, gradients: Tensors, state: State, count: int, lr: Tensors, numbers: Numbers) -> None:
        if state:
            momentum = [across(numbers["momentum"], p) for p in parameters]
            torch._foreach_mul_(state["velocity"], momentum)
            torch._foreach_add_(state["velocity"], gradients)
            ahead = torch._foreach_mul(state["velocity"], momentum) if self.nesterov else None
            gradients = torch._foreach_add(ahead, gradients) if ahead else state["velocity"]
        torch._foreach_addcmul_(parameters, gradients, lr, -1.0)

    def effective_step(self, parameters: Tensors, state: State, count: int, lr: Tensors, numbers: Numbers) -> Tensors:
        return [rate / (1 - across(numbers["momentum"], p)) for rate, p in zip(lr, parameters, strict=True)]


@dataclasses.dataclass(frozen=True)
class Adam(Optimizer):
    """Adam: ``w <- w - lr m_hat / (sqrt(v_hat) + eps)`` with the bias-corrected averages of g and of g**2.

    ``m <- b1 m + (1 - b1) g``, ``v <- b2 v + (1 - b2) g**2``, ``m_hat = m / (1 - b1**t)``, ``v_hat = v / (1 - b2**t)``.
    The effective step is ``lr / (sqrt(v_hat) + eps)``, elementwise.

    Reference: Kingma and Ba, "Adam: a method for stochastic optimization", 2015.

    >>> Adam(lr=0.001).betas
    (0.9, 0.999)
    """

    lr: float = per_run(search=Search(1e-5, 0.1, log=True))
    betas: Any = per_run((0.9, 0.999))
    eps: float = per_run(1e-8)

    def __post_init__(self) -> None:
        require(self, lr=above(0), betas=each(within(0, 1)), eps=above(0))
        if len(self.betas) != 2:
            raise Invalid("Adam", [("betas", f"must be two numbers, got {self.betas!r}")])
        object.__setattr__(self, "betas", tuple(self.betas))

    def init(self, parameters: Tensors, numbers: Numbers) -> State:
        return {name: [torch.zeros_like(p) for p in parameters] for name in ("mean", "square")}

    def step(self, parameters: Tensors, gradients: Tensors, state: State, count: int, lr: Tensors, numbers: Numbers) -> None:
        one_pass = parameters[0].device.type == "cpu" and sum(p.numel() for p in parameters) >= _ONE_PASS * len(parameters[0])
        (_adam_by_rows if one_pass else _adam_together)(parameters, gradients, state, count, lr, numbers)

    def effective_step(self, parameters: Tensors, state: State, count: int, lr: Tensors, numbers: Numbers) -> Tensors:
        root, eps = _corrections(count, numbers)[1].sqrt(), numbers["eps"]
        squares = zip(lr, state["square"], strict=True)
        return [rate / (square.sqrt() / across(root, square) + across(eps, square)) for rate, square in squares]


_ONE_PASS = 1 << 13
"""From this many parameters in a run, a call of the fused kernel for every run costs less than more passes over memory."""


def _adam_by_rows(parameters: Tensors, gradients: Tensors, state: State, count: int, lr: Tensors, numbers: Numbers) -> None:
    """One fused pass over the memory of each run: torch's kernel, which takes one learning rate a call."""
    steps = [torch.full((), float(count))] * len(parameters)
    columns = zip(lr[0].flatten().tolist(), numbers["betas"].tolist(), numbers["eps"].tolist(), strict=True)
    tensors = (_by_run(tensors) for tensors in (parameters, gradients, state["mean"], state["square"]))
    for w, g, m, v, (rate, (beta1, beta2), eps) in zip(*tensors, columns, strict=True):
        torch._fused_adam_(
            w, g, m, v, [], steps, lr=rate, beta1=beta1, beta2=beta2, eps=eps, weight_decay=0.0, amsgrad=False, maximize=False
        )


def _by_run(tensors: Tensors) -> Iterable[Tensors]:
    """The tensors of one run after the other; a stack of one is its run."""
    return [tensors] if len(tensors[0]) == 1 else zip(*(tensor.unbind() for tensor in tensors), strict=True)


def _adam_together(parameters: Tensors, gradients: Tensors, state: State, count: int, lr: Tensors, numbers: Numbers) -> None:
    """All runs in each pass: for small runs, and for CUDA, where a pass is one launch."""
    corrections, dtype = _corrections(count, numbers), parameters[0].dtype
    root = corrections[1].sqrt()
    columns = (numbers["betas"][:, 1], *(1 - numbers["betas"]).unbind(1), numbers["eps"] * root, root / corrections[0])
    keep2, new1, new2, eps, ahead = torch.stack(columns).to(dtype)
    for w, g, mean, square, rate in zip(parameters, gradients, state["mean"], state["square"], lr, strict=True):
        mean.add_((g - mean).mul_(across(new1, w)))
        square.mul_(across(keep2, w)).addcmul_(g, g * across(new2, w))
        w.addcdiv_(mean * (rate * across(ahead, w)), square.sqrt().add_(across(eps, w)), value=-1.0)


def _corrections(count: int, numbers: Numbers) -> Tensors:
    """``1 - b1**t`` and ``1 - b2**t`` of every run."""
    return (1 - numbers["betas"] ** count).unbind(1)
