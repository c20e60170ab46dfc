"""A script that imports torch and trains one epoch of a linear regression on 20 examples, and nothing else."""

from __future__ import annotations

import torch

from benchmarks.peers import d2l


def main() -> None:
    torch.manual_seed(0)
    x, noise = torch.randn(20, 200), 0.01 * torch.randn(20, 1)
    w, b = torch.randn(200, 1, requires_grad=True), torch.zeros(1, requires_grad=True)
    y = x.sum(1, keepdim=True) * 0.01 + 0.05 + noise
    for rows in torch.randperm(20).split(5):
        d2l.step(x[rows], y[rows], w, b, 0.1)
    print(d2l.half_squared(x, y, w, b).item())


if __name__ == "__main__":
    main()
