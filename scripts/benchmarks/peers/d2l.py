"""d2l's weight decay for one run: as the book writes it, over ``DataLoader``, and as a bare loop over tensors."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch.utils.data import DataLoader, TensorDataset

from benchmarks.timing import Once

Split = tuple[torch.Tensor, torch.Tensor]
Step = Callable[[torch.Tensor, torch.Tensor], None]
EPOCHS, EVERY, BATCH, LR = 100, 5, 5, 0.003


def textbook(train: Split, test: Split, start: torch.Tensor, strength: float, device: str = "cpu") -> Callable[[], Once]:
    """The book's loop: a ``DataLoader`` for the steps, and one for each evaluated split."""
    loader = DataLoader(TensorDataset(*train), BATCH, shuffle=True)
    evaluated = [DataLoader(TensorDataset(*split), BATCH) for split in (train, test)]

    def once() -> Once:
        w, b = start.to(device, copy=True).requires_grad_(), torch.zeros(1, device=device, requires_grad=True)
        for epoch in range(1, EPOCHS + 1):
            for x, y in loader:
                step(x.to(device), y.to(device), w, b, strength)
            if epoch % EVERY == 0:
                for split in evaluated:
                    batches = ((x.to(device), y.to(device)) for x, y in split)
                    loss = sum(half_squared(x, y, w, b).item() * len(x) for x, y in batches) / len(split.dataset)
                penalty(w.detach(), strength).item()
        return Once(loss)

    return once


def mini_batches(x: torch.Tensor, y: torch.Tensor, size: int, step: Step) -> Callable[[], None]:
    """An epoch over data in memory: every mini-batch gathered, and a step."""

    def once() -> None:
        for rows in torch.randperm(len(x), device=x.device).split(size):
            step(x[rows], y[rows])

    return once


def bare(
    train: Split,
    test: Split,
    start: torch.Tensor,
    strength: float,
    device: str = "cpu",
    over: Callable[[torch.Tensor, torch.Tensor, int, Step], Callable[[], None]] = mini_batches,
) -> Callable[[], Once]:
    """What one would write by hand for data in memory; ``over`` makes the epoch."""
    splits = [tuple(part.to(device) for part in split) for split in (train, test)]
    w, b = start.to(device, copy=True).requires_grad_(), torch.zeros(1, device=device, requires_grad=True)
    epoch = over(*splits[0], BATCH, lambda x, y: step(x, y, w, b, strength))

    def once() -> Once:
        with torch.no_grad():
            w.copy_(start)
            b.zero_()
        for number in range(1, EPOCHS + 1):
            epoch()
            if number % EVERY == 0:
                loss = [half_squared(*split, w, b).item() for split in splits][-1]
                penalty(w.detach(), strength).item()
        return Once(loss)

    return once


def step(x: torch.Tensor, y: torch.Tensor, w: torch.Tensor, b: torch.Tensor, strength: float, lr: float = LR) -> None:
    """Half squared error plus penalty, and a step of gradient descent."""
    loss = (0.5 * (x @ w + b - y) ** 2).mean() + penalty(w, strength)
    loss.backward()
    with torch.no_grad():
        for p in (w, b):
            p -= lr * p.grad
            p.grad.zero_()


def penalty(w: torch.Tensor, strength: float) -> torch.Tensor:
    return strength * 0.5 * (w**2).sum()


@torch.no_grad()
def half_squared(x: torch.Tensor, y: torch.Tensor, w: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """The mean data loss."""
    return (0.5 * (x @ w + b - y) ** 2).mean()
