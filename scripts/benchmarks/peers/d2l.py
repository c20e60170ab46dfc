"""d2l's weight decay for one run: as the book writes it, over ``DataLoader``, and as a bare loop over tensors."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch.utils.data import DataLoader, TensorDataset

from benchmarks.timing import Once

Split = tuple[torch.Tensor, torch.Tensor]
EPOCHS, EVERY, BATCH, LR = 100, 5, 5, 0.003


def textbook(train: Split, test: Split, start: torch.Tensor, strength: float) -> Callable[[], Once]:
    """The book's loop: a ``DataLoader`` for the steps, and one for each evaluated split."""
    loader = DataLoader(TensorDataset(*train), BATCH, shuffle=True)
    evaluated = [DataLoader(TensorDataset(*split), BATCH) for split in (train, test)]

    def once() -> Once:
        w, b = start.clone().requires_grad_(), torch.zeros(1, requires_grad=True)
        for epoch in range(1, EPOCHS + 1):
            for x, y in loader:
                step(x, y, w, b, strength)
            if epoch % EVERY == 0:
                for split in evaluated:
                    loss = sum(half_squared(x, y, w, b).item() * len(x) for x, y in split) / len(split.dataset)
                penalty(w.detach(), strength).item()
        return Once(loss)

    return once


def bare(train: Split, test: Split, start: torch.Tensor, strength: float) -> Callable[[], Once]:
    """What one would write by hand for data in memory."""

    def once() -> Once:
        (x, y), w, b = train, start.clone().requires_grad_(), torch.zeros(1, requires_grad=True)
        for epoch in range(1, EPOCHS + 1):
            for rows in torch.randperm(len(x)).split(BATCH):
                step(x[rows], y[rows], w, b, strength)
            if epoch % EVERY == 0:
                loss = [half_squared(*split, w, b).item() for split in (train, test)][-1]
                penalty(w.detach(), strength).item()
        return Once(loss)

    return once


def step(x: torch.Tensor, y: torch.Tensor, w: torch.Tensor, b: torch.Tensor, strength: float) -> None:
    """Half squared error plus penalty, and a step of gradient descent."""
    loss = (0.5 * (x @ w + b - y) ** 2).mean() + penalty(w, strength)
    loss.backward()
    with torch.no_grad():
        for p in (w, b):
            p -= LR * p.grad
            p.grad.zero_()


def penalty(w: torch.Tensor, strength: float) -> torch.Tensor:
    return strength * 0.5 * (w**2).sum()


@torch.no_grad()
def half_squared(x: torch.Tensor, y: torch.Tensor, w: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """The mean data loss."""
    return (0.5 * (x @ w + b - y) ** 2).mean()
