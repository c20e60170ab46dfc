"""A script that imports torch and trains one epoch of a linear regression on 20 examples, and nothing else.

``python -m benchmarks.peers.bare_torch seed=0`` prints the losses of its splits before and behind the epoch, test
last. It is the recipe of ``regexp-train epochs=1``, with random numbers of its own.
"""

from __future__ import annotations

import sys

import torch

from benchmarks.peers import d2l

FEATURES = 200


def main() -> None:
    torch.manual_seed(int(sys.argv[1].removeprefix("seed=")))
    splits = [drawn(size) for size in (20, 100, 100)]
    bound = FEATURES**-0.5
    w, b = (torch.empty(shape).uniform_(-bound, bound).requires_grad_() for shape in ((FEATURES, 1), (1,)))
    x, y = splits[0]
    print(*(d2l.half_squared(*split, w, b).item() for split in splits))
    for rows in torch.randperm(len(x)).split(5):
        d2l.step(x[rows], y[rows], w, b, strength=1.0, lr=0.01)
    print(*(d2l.half_squared(*split, w, b).item() for split in splits))


def drawn(size: int) -> d2l.Split:
    """So many examples of d2l's regression: y = 0.05 + 0.01 sum x + noise."""
    x = torch.randn(size, FEATURES)
    return x, 0.05 + 0.01 * x.sum(1, keepdim=True) + 0.01 * torch.randn(size, 1)


if __name__ == "__main__":
    main()
