"""Source 2's loop over images: torchvision's data set and transforms behind a ``DataLoader``, and its network.

The folder that torchvision reads is filled with the four files that regexp found.
"""

from __future__ import annotations

import functools
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional
from torch.utils.data import DataLoader, Dataset, Subset

from benchmarks.timing import Once
from regexp.datasets import fashion_mnist_files
from regexp.program.data import EVALUATION_ROWS

WIDTHS = (784, 256, 128, 10)
BATCH, EVALUATED = 128, EVALUATION_ROWS


@functools.cache
def folder() -> str:
    """A folder in which torchvision finds Fashion-MNIST; it goes with the process."""
    place = tempfile.TemporaryDirectory()
    folder.keep = place  # type: ignore[attr-defined]
    raw = Path(place.name) / "FashionMNIST" / "raw"
    raw.mkdir(parents=True)
    for name, content in fashion_mnist_files.load(None, True).items():
        (raw / name).write_bytes(content)
    return place.name


def datasets(rows: list[int] | None = None, root: str | None = None) -> tuple[Dataset, Dataset]:
    """The training images (``rows`` of them) and the test images, in [-1, 1]."""
    from torchvision import datasets, transforms

    change = transforms.Compose([transforms.ToTensor(), transforms.Normalize((0.5,), (0.5,))])
    train, test = (datasets.FashionMNIST(root or folder(), train=train, transform=change) for train in (True, False))
    return (train if rows is None else Subset(train, rows)), test


Loaders = tuple[DataLoader, list[DataLoader]]
Split = tuple[torch.Tensor, torch.Tensor]
Batches = Iterable[Sequence[torch.Tensor]]


def loaders(train: Dataset, test: Dataset, workers: int, device: str = "cpu") -> Loaders:
    """The shuffled mini-batches, and both splits in order for evaluation; workers live on from epoch to epoch."""
    more = {"num_workers": workers, "persistent_workers": workers > 0, "pin_memory": device != "cpu"}
    return DataLoader(train, BATCH, shuffle=True, **more), [DataLoader(part, EVALUATED, **more) for part in (train, test)]


def network(rates: tuple[float, float] = (0.3, 0.5)) -> nn.Sequential:
    """784-256-128-10 with dropout."""
    layers: list[nn.Module] = [nn.Flatten()]
    for inputs, outputs, rate in zip(WIDTHS[:-2], WIDTHS[1:-1], rates, strict=True):
        layers += [nn.Linear(inputs, outputs), nn.ReLU(), nn.Dropout(rate)]
    return nn.Sequential(*layers, nn.Linear(*WIDTHS[-2:]))


def adam(net: nn.Module, weight_decay: float = 0.0, capturable: bool = False) -> torch.optim.Optimizer:
    """The recipe's optimizer, in torch's fastest form; decoupled decay of the weights, not of the biases."""
    weights, biases = ([p for p in net.parameters() if (p.dim() > 1) == matrix] for matrix in (True, False))
    groups = [{"params": weights, "weight_decay": weight_decay}, {"params": biases, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=1e-3, fused=True, capturable=capturable)


def textbook(train: DataLoader, evaluated: list[DataLoader], device: str = "cpu") -> Callable[[], Once]:
    """Source 2's loop: each call trains for one epoch more, and evaluates both splits."""
    net = network().to(device)
    optimizer = adam(net)

    def once() -> Once:
        train_epoch(net, optimizer, train)
        return Once([evaluate(net, split)[0] for split in evaluated][-1])

    return once


def bare(train: Split, test: Split) -> Callable[[], Once]:
    """The loop one would write by hand over tensors in memory, otherwise as :func:`textbook`."""
    net = network()
    optimizer = adam(net)

    def once() -> Once:
        train_epoch(net, optimizer, shuffled(*train))
        return Once([evaluate(net, zip(x.split(EVALUATED), y.split(EVALUATED), strict=True))[0] for x, y in (train, test)][-1])

    return once


def shuffled(inputs: torch.Tensor, targets: torch.Tensor) -> Batches:
    """The mini-batches of an epoch, gathered."""
    return ((inputs[rows], targets[rows]) for rows in torch.randperm(len(inputs)).split(BATCH))


def train_epoch(net: nn.Module, optimizer: torch.optim.Optimizer, loader: Batches) -> None:
    """One pass over the training images."""
    net.train()
    for x, y in on_device(net, loader):
        optimizer.zero_grad()
        functional.cross_entropy(net(x), y).backward()
        optimizer.step()


@torch.no_grad()
def evaluate(net: nn.Module, loader: Batches) -> tuple[float, float]:
    """Mean loss and accuracy of a split."""
    net.eval()
    loss, right, count = 0, 0, 0
    for x, y in on_device(net, loader):
        scores = net(x)
        loss += functional.cross_entropy(scores, y, reduction="sum")
        right += (scores.argmax(1) == y).sum()
        count += len(y)
    return loss.item() / count, right.item() / count


def on_device(net: nn.Module, loader: Batches) -> Iterator[list[torch.Tensor]]:
    """The batches, where the network is."""
    device = next(net.parameters()).device
    for batch in loader:
        yield [part.to(device, non_blocking=True) for part in batch]
