"""A hand-captured CUDA graph: the bare kernels of a step, replayed on every mini-batch of an epoch.

Reference: PyTorch's documentation, "CUDA semantics", whole-network capture.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch.nn import functional

from benchmarks.peers import images
from regexp.datasets.dataset import Data


def epoch(data: Data) -> Callable[[], None]:
    """An epoch of one network without dropout: gather into fixed memory, replay, on to the next batch."""
    rows = data.rows["train"]
    x, y = ((data.inputs[rows] - data.center) / data.scale).cuda(), data.targets[rows].cuda()
    net = images.network(rates=(0.0, 0.0)).cuda()
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-3, fused=True, capturable=True)
    batch_x, batch_y = x[: images.BATCH].clone(), y[: images.BATCH].clone()

    def step() -> None:
        optimizer.zero_grad(set_to_none=True)
        functional.cross_entropy(net(batch_x), batch_y).backward()
        optimizer.step()

    graph = captured(step)

    def once() -> None:
        for chosen in torch.randperm(len(x), device="cuda").split(images.BATCH):
            if len(chosen) == images.BATCH:
                torch.index_select(x, 0, chosen, out=batch_x)
                torch.index_select(y, 0, chosen, out=batch_y)
                graph.replay()

    return once


def captured(step: Callable[[], None]) -> torch.cuda.CUDAGraph:
    """The kernels of one step, after some on a stream of their own."""
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(3):
            step()
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        step()
    return graph
