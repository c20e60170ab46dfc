"""How fast the training core is, as ratios measured in one process: ``python scripts/benchmark_core.py``.

Peers: a bare loop over tensors, written by hand for one run, and the loop of the textbooks over a ``DataLoader``. Every pair
is timed in turn, A B A B ..., and the median of the ratios is printed with the range, because machines are shared and noisy.
Its limits are what a change must keep there; what the project is measured by is stricter, and in ``benchmark.py``.
"""

from __future__ import annotations

import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial

import torch

from benchmarks import ours
from benchmarks.peers import d2l
from benchmarks.peers import images as images_of_peers
from benchmarks.timing import seconds
from regexp import machine
from regexp.program import load_data

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
    experiment = ours.compose("experiment=dropout")
    prepared = ours.prepare([experiment])
    (data,) = load_data([experiment])
    inputs, targets = (table[data.rows["train"]] for table in (data.inputs, data.targets))
    net = images_of_peers.network()
    optimizer = images_of_peers.adam(net)
    train, _ = images_of_peers.loaders(*images_of_peers.datasets(), workers=0)

    def regexp() -> None:
        with machine.using(threads):  # as a command trains: without denormal numbers
            ours.steps(*prepared)

    by_hand = images_of_peers.network()
    its_optimizer = images_of_peers.adam(by_hand)

    def bare() -> None:
        with machine.using(threads):
            images_of_peers.train_epoch(by_hand, its_optimizer, images_of_peers.shuffled(inputs, targets))

    report("Fashion-MNIST epoch: regexp / bare loop with fused Adam", regexp, bare, 5, "<= 1.15")
    textbook = partial(images_of_peers.train_epoch, net, optimizer, train)
    report("Fashion-MNIST epoch: torchvision and DataLoader / regexp", textbook, regexp, 2, ">= 5")


def regression() -> None:
    """Source 2's weight decay, evaluated every 5 epochs: alone, and 512 runs as one stack."""
    torch.set_num_threads(1)
    experiment = ours.compose("experiment=weight_decay")
    many = ours.grid(experiment, [strength / 10 for strength in range(STRENGTHS)], SEEDS)
    data = load_data([experiment])[0]
    splits = [(data.inputs[data.rows[part]], data.targets[data.rows[part]]) for part in ("train", "test")]
    given = (*splits, torch.randn(200, 1), 3.0)
    report("weight decay, one run: regexp / bare loop", lambda: ours.run([experiment]), d2l.bare(*given), 21, "<= 1.3")
    what, runs = f"weight decay, per run: textbook loop / stack of {len(many)}", len(many)
    report(what, d2l.textbook(*given), lambda: ours.run(many), 5, ">= 150", runs)


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


def report(what: str, a: Callable[[], object], b: Callable[[], object], times: int, limit: str, scale: float = 1.0) -> None:
    """Time A and B in turn and print the ratio A/B, ``scale`` times."""
    a(), b()
    line(what, [scale * seconds(a) / seconds(b) for _ in range(times)], limit)


def line(what: str, figures: list[float], limit: str) -> None:
    """One row of the table."""
    span = f"{min(figures):.3g} to {max(figures):.3g}"
    print(f"{what:62} {statistics.median(figures):7.3g}  {span:>15}  {limit:>9}", flush=True)


if __name__ == "__main__":
    main()
