"""A hand-captured CUDA graph: the bare kernels of a step, replayed on every mini-batch of an epoch.

Reference: PyTorch's documentation, "CUDA semantics", whole-network capture.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import nn
from torch.nn import functional

from benchmarks.peers import images
from benchmarks.peers.d2l import Step
from regexp.datasets.dataset import Data


def replayed(x: torch.Tensor, y: torch.Tensor, size: int, step: Step) -> Callable[[], None]:
    """An epoch over data on the device: every mini-batch is gathered into fixed memory, and the kernels of its step replayed.

    The smaller last batch has memory and a graph of its own. To capture, some steps are trained on the first examples.
    """
    sizes = {min(size, len(x)), len(x) % size or size}
    fixed = {count: (x[:count].clone(), y[:count].clone()) for count in sizes}
    graphs = {count: captured(lambda batch=batch: step(*batch)) for count, batch in fixed.items()}

    def once() -> None:
        for rows in torch.randperm(len(x), device=x.device).split(size):
            batch = fixed[len(rows)]
            for table, memory in zip((x, y), batch, strict=True):
                torch.index_select(table, 0, rows, out=memory)
            graphs[len(rows)].replay()

    return once


def network(data: Data, strength: float) -> tuple[Callable[[], None], Callable[[], float]]:
    """W3's network at one strength of weight decay: what trains it for an epoch, and what says its test loss."""
    train, test = (on_device(data, split) for split in ("train", "test"))
    net = images.network(rates=(0.0, 0.0)).cuda()
    optimizer = images.adam(net, strength, capturable=True)

    def step(x: torch.Tensor, y: torch.Tensor) -> None:
        optimizer.zero_grad(set_to_none=True)
        functional.cross_entropy(net(x), y).backward()
        optimizer.step()

    @torch.no_grad()
    def loss() -> float:
        return functional.cross_entropy(net(test[0]), test[1]).item()

    first = [weight.detach().clone() for weight in net.parameters()]
    epoch = replayed(*train, images.BATCH, step)
    start_anew(net, optimizer, first)
    return epoch, loss


def on_device(data: Data, split: str) -> tuple[torch.Tensor, torch.Tensor]:
    """The scaled inputs and the targets of a split."""
    rows = data.rows[split]
    return ((data.inputs[rows] - data.center) / data.scale).cuda(), data.targets[rows].cuda()


@torch.no_grad()
def start_anew(net: nn.Module, optimizer: torch.optim.Optimizer, first: Sequence[torch.Tensor]) -> None:
    """Undo the steps that capturing took, in the memory that the graphs know."""
    for weight, value in zip(net.parameters(), first, strict=True):
        weight.copy_(value)
    for state in optimizer.state.values():
        for number in state.values():
            number.zero_()


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
