"""How fast the training core is, as ratios measured in one process: ``python scripts/benchmark_core.py``.

Peers: a bare loop over tensors, written by hand for one run, and the loop of the textbooks over a ``DataLoader``. Every pair
is timed in turn, A B A B ..., and the median of the ratios is printed with the range, because machines are shared and noisy.
"""

from __future__ import annotations

import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import torch
from hydra._internal.utils import get_args_parser
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from regexp import machine
from regexp.config.planning import plan
from regexp.datasets import fashion_mnist_files
from regexp.experiment import Experiment
from regexp.program import Program, arrange, load_data
from regexp.regularizers import WeightDecay
from regexp.train import CONFIG_NAME, config_folder
from regexp.training import State, start, train, train_step

STRENGTHS, SEEDS = 32, 16


def main() -> None:
    """Print the table."""
    threads = torch.get_num_threads()
    header(threads)
    images(threads)
    regression()
    start_up()
    memory()


def header(threads: int) -> None:
    """What was measured, and the names of the columns."""
    print(f"regexp {machine.commit()}, torch {torch.__version__}, Python {platform.python_version()}, {threads} threads")
    print(f"{'what':62} {'ratio':>7}  {'range':>15}  {'limit':>9}")


def images(threads: int) -> None:
    """One Fashion-MNIST training epoch of experiment ``dropout``, evaluation apart."""
    torch.set_num_threads(threads)
    experiment = compose("experiment=dropout")
    program, state = prepare([experiment])
    (data,) = load_data([experiment])
    inputs, targets = (table[data.rows["train"]] for table in (data.inputs, data.targets))

    def ours() -> None:
        state.epoch += 1
        for x, y in program.data.batches(state.epoch, 128):
            train_step(program, state, x, y)

    bare, loader = bare_images(inputs, targets), loader_images()
    report("Fashion-MNIST epoch: regexp / bare loop with fused Adam", ours, bare, 5, "<= 1.15")
    report("Fashion-MNIST epoch: torchvision and DataLoader / regexp", loader, ours, 2, ">= 5")


def regression() -> None:
    """Source 2's weight decay, evaluated every 5 epochs: alone, and 512 runs as one stack."""
    torch.set_num_threads(1)
    experiment = compose("experiment=weight_decay")
    data = load_data([experiment])[0]
    splits = [(data.inputs[rows], data.targets[rows]) for rows in (data.rows["train"], data.rows["test"])]
    many = [
        replace(experiment, seed=seed, regularizers=(WeightDecay(strength / 10),))
        for strength in range(STRENGTHS)
        for seed in range(SEEDS)
    ]
    textbook, bare = textbook_regression(*splits), bare_regression(*splits)
    report("weight decay, one run: regexp / bare loop", lambda: run([experiment]), bare, 21, "<= 1.3")
    scaled = len(many)
    report(f"weight decay, per run: textbook loop / stack of {scaled}", textbook, lambda: run(many), 5, ">= 150", scaled)


def compose(*overrides: str) -> Experiment:
    """The experiment that the command line would train."""
    return plan(get_args_parser().parse_args(list(overrides)), config_folder(), CONFIG_NAME).runs[0].experiment


def run(experiments: list[Experiment]) -> None:
    """Data, initial weights, training and evaluations, without files."""
    program, state = prepare(experiments)
    train(program, state, lambda *_: None)


def prepare(experiments: list[Experiment]) -> tuple[Program, State]:
    """A program that is ready to train."""
    ordered = [experiments[i] for i in arrange(experiments)]
    program = Program(ordered, load_data(ordered), torch.device("cpu"))
    return program, start(program)


def bare_images(inputs: torch.Tensor, targets: torch.Tensor) -> Callable[[], None]:
    """The loop one would write by hand over tensors in memory."""
    net, optimizer, loss = recipe()

    def epoch() -> None:
        order = torch.randperm(len(inputs))
        for low in range(0, len(order), 128):
            rows = order[low : low + 128]
            optimizer.zero_grad()
            loss(net(inputs[rows]), targets[rows]).backward()
            optimizer.step()

    return epoch


def loader_images() -> Callable[[], None]:
    """The textbook's loop: torchvision's data set and transforms behind a ``DataLoader``."""
    from torchvision import datasets, transforms

    normalize = transforms.Compose([transforms.ToTensor(), transforms.Normalize((0.5,), (0.5,))])
    root = Path(tempfile.mkdtemp())
    raw = root / "FashionMNIST" / "raw"
    raw.mkdir(parents=True)
    for name, content in fashion_mnist_files.load(None, True).items():
        (raw / name).write_bytes(content)
    images = datasets.FashionMNIST(str(root), train=True, transform=normalize)
    loader = DataLoader(images, batch_size=128, shuffle=True)
    net, optimizer, loss = recipe()

    def epoch() -> None:
        for x, y in loader:
            optimizer.zero_grad()
            loss(net(x.flatten(1)), y).backward()
            optimizer.step()

    return epoch


def recipe() -> tuple[nn.Module, torch.optim.Optimizer, nn.Module]:
    """Source 2's network: 784-256-128-10, dropout 0.3 and 0.5, Adam."""
    net = nn.Sequential(
        *(nn.Linear(784, 256), nn.ReLU(), nn.Dropout(0.3)),
        *(nn.Linear(256, 128), nn.ReLU(), nn.Dropout(0.5)),
        nn.Linear(128, 10),
    )
    return net, torch.optim.Adam(net.parameters(), lr=1e-3, fused=True), nn.CrossEntropyLoss()


def bare_regression(train_split: tuple, test_split: tuple) -> Callable[[], None]:
    """d2l's weight decay as a loop over tensors, for one run."""

    def once() -> None:
        (x, y), w, b = train_split, torch.randn(200, 1, requires_grad=True), torch.zeros(1, requires_grad=True)
        for epoch in range(1, 101):
            for rows in torch.randperm(20).split(5):
                regression_step(x[rows], y[rows], w, b)
            if epoch % 5 == 0:
                measure(w, b, train_split, test_split)

    return once


def textbook_regression(train_split: tuple, test_split: tuple) -> Callable[[], None]:
    """d2l's weight decay as the book writes it, over ``DataLoader``, for one run."""
    loader = DataLoader(TensorDataset(*train_split), batch_size=5, shuffle=True)
    evaluation = [DataLoader(TensorDataset(*split), batch_size=5) for split in (train_split, test_split)]

    def once() -> None:
        w, b = torch.randn(200, 1, requires_grad=True), torch.zeros(1, requires_grad=True)
        for epoch in range(1, 101):
            for x, y in loader:
                regression_step(x, y, w, b)
            if epoch % 5 == 0:
                for split in evaluation:
                    for batch in split:
                        measure(w, b, batch)

    return once


def regression_step(x: torch.Tensor, y: torch.Tensor, w: torch.Tensor, b: torch.Tensor) -> None:
    """Half squared error plus penalty, and a step of SGD."""
    loss = (0.5 * (x @ w + b - y) ** 2).mean() + 3.0 * 0.5 * (w**2).sum()
    loss.backward()
    with torch.no_grad():
        for p in (w, b):
            p -= 0.003 * p.grad
            p.grad.zero_()


@torch.no_grad()
def measure(w: torch.Tensor, b: torch.Tensor, *splits: tuple) -> list[float]:
    """The losses of the splits and the norm of the weights."""
    return [(0.5 * (x @ w + b - y) ** 2).mean().item() for x, y in splits] + [w.norm().item()]


def start_up() -> None:
    """``--help`` and ``--cfg job``: seconds, and whether torch was imported."""
    for option in (["--help"], ["--cfg", "job"]):
        code = "import sys; from regexp.train import main\ntry: main()\nfinally: sys.stderr.write(str('torch' in sys.modules))"
        command = [sys.executable, "-c", code, *option]
        seconds = []
        for _ in range(5):
            began = time.perf_counter()
            done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
            seconds.append(time.perf_counter() - began)
        imported = "imports torch" if done.stderr.endswith("True") else "without torch"
        line(f"regexp-train {' '.join(option)}, seconds ({imported})", seconds, "< 1")


def memory() -> None:
    """Peak memory of a Fashion-MNIST run, as the process that a user starts."""
    quiet = "stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL"
    code = f"""
import resource, subprocess, sys
subprocess.run([sys.executable, "-m", "regexp.train", "experiment=dropout", "epochs=2"], check=True, {quiet})
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""  # from a small process between, since Linux counts a child's memory from that of its parent
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run([sys.executable, "-c", code], check=True, cwd=folder, capture_output=True, encoding="utf-8")
    line("Fashion-MNIST run, peak memory in GB", [int(done.stdout) / 1e6], "<= 1.2")


def report(what: str, a: Callable[[], None], b: Callable[[], None], times: int, limit: str, scale: float = 1.0) -> None:
    """Time A and B in turn and print the ratio A/B, ``scale`` times."""
    a(), b()
    line(what, [scale * seconds(a) / seconds(b) for _ in range(times)], limit)


def line(what: str, figures: list[float], limit: str) -> None:
    """One row of the table."""
    span = f"{min(figures):.3g} to {max(figures):.3g}"
    print(f"{what:62} {statistics.median(figures):7.3g}  {span:>15}  {limit:>9}", flush=True)


def seconds(function: Callable[[], None]) -> float:
    """Wall time of one call."""
    began = time.perf_counter()
    function()
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
