"""How fast sweeps are, as ratios measured in one invocation: ``python scripts/benchmark_sweep.py`` (about four minutes).

512 runs of the textbook's weight decay (32 strengths x 16 seeds), from the command as it is typed to the finished folders,
against the same command under plain Hydra and under its joblib launcher (extra ``benchmark``). These train few runs of a sweep
only: what each further run costs follows from two sweeps of different size. Every pair is timed in turn, A B A B ..., and the
median of the ratios is printed with the range. ``--quick``: fewer runs, once, to see that it works.

Memory is that of the whole process tree, sampled from ``/proc`` (Linux only).
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmark_core import header, line
from benchmarks.commands import BASIC, CORES, JOBLIB, TRAIN, Peak, environment, extrapolated, timed
from benchmarks.timing import installed, ratios


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer runs, once")
    quick = parser.parse_args().quick
    strengths, seeds, few, times = (4, 4, (2, 4), 1) if quick else (32, 16, (8, 32), 3)
    header(CORES)
    with tempfile.TemporaryDirectory() as folder:
        study = sweeps(Path(folder), strengths, seeds, few, times)
        again(Path(folder), study, strengths, seeds, times)


def sweeps(folder: Path, strengths: int, seeds: int, few: tuple[int, int], times: int) -> str:
    """Ours against the others, and what ours needs. Returns the name of a finished study."""
    runs = strengths * seeds
    sweep(folder / "warm", 2, 1)  # files of the interpreter and of the libraries, read once for all
    ours, plain, joblib, memory, bare = [], [], [], [], []
    launchers = installed("hydra_plugins.hydra_joblib_launcher")
    for turn in range(times):
        peak = Peak()
        ours.append(sweep(folder / f"ours-{turn}", strengths, seeds, f"study=study{turn}", watch=peak))
        memory.append(peak.gigabytes)
        bare.append(without_files(folder, strengths, seeds))
        plain.append(extrapolated(some(folder / f"plain-{turn}", BASIC), few, runs))
        if launchers:
            joblib.append(extrapolated(some(folder / f"joblib-{turn}", JOBLIB), few, runs))
    line(f"{runs} runs, seconds from typing to finished folders", ours, "")
    line(f"plain Hydra, extrapolated from {few[1]} of {runs} / regexp", ratios(plain, ours), ">= 10")
    if launchers:
        line(f"Hydra's joblib launcher, extrapolated, {CORES} cores / regexp", ratios(joblib, ours), ">= 5")
    else:
        print('Hydra\'s joblib launcher: not installed, pip install -e ".[benchmark]"')
    files = [1000 * (a - b) / runs for a, b in zip(ours, bare, strict=True)]
    line("composing and files per run, milliseconds", files, "<= 15")
    line("peak memory of all processes, GB", memory, "< 2")
    return f"ours-{times - 1}/outputs/study{times - 1}"


def again(folder: Path, study: str, strengths: int, seeds: int, times: int) -> None:
    """Repeating the finished sweep, with its answer, and comparing it."""
    place = folder / study.partition("/")[0]
    name = f"study={Path(study).name}"
    first = sweep(place, strengths, seeds, name, compare=True)
    line("repeating it, its first answer and pictures included, seconds", [first], "")
    repeated = [sweep(place, strengths, seeds, name, compare=True) for _ in range(times)]
    line(f"repeating it, seconds ({imported(place, strengths, seeds, name)})", repeated, "< 5")
    compared = [timed([sys.executable, "-m", "regexp.comparing", str(folder / study)], folder) for _ in range(times)]
    line("regexp-compare with its pictures, seconds", compared, "< 10")


def command(strengths: int, seeds: int, *more: str, compare: bool = False) -> list[str]:
    """The sweep as it is typed."""
    grid = [f"regularizer.weight_decay.strength=range({strengths})", f"seed=range({seeds})"]
    head = [*TRAIN, "-m", "experiment=weight_decay", *grid]
    return [*head, f"compare={str(compare).lower()}", *more]


def sweep(folder: Path, strengths: int, seeds: int, *more: str, compare: bool = False, watch: Peak | None = None) -> float:
    """Seconds of one sweep, run in ``folder``."""
    folder.mkdir(exist_ok=True)
    return timed(command(strengths, seeds, *more, compare=compare), folder, watch)


def some(folder: Path, launcher: tuple[str, ...]) -> Callable[[int], float]:
    """Seconds of sweeps of so many strengths under a launcher of Hydra's, each in a folder of its own."""
    return lambda count: sweep(Path(f"{folder}-{count}"), count, 1, *launcher)


def without_files(folder: Path, strengths: int, seeds: int) -> float:
    """Seconds of a process that trains the same runs as one stack, composed from one command, and writes nothing."""
    code = f"""
import sys
from dataclasses import replace
import regexp, torch
from hydra._internal.utils import get_args_parser
from regexp.config.planning import plan
from regexp.regularizers import WeightDecay
from regexp.train import CONFIG_NAME, config_folder

torch.set_num_threads(1)
one = plan(get_args_parser().parse_args(["experiment=weight_decay"]), config_folder(), CONFIG_NAME).runs[0].experiment
grid = [replace(one, seed=k, regularizers=[WeightDecay(float(s))]) for s in range({strengths}) for k in range({seeds})]
regexp.fit(grid, threads=1)
"""
    return timed([sys.executable, "-c", code], folder)


def imported(folder: Path, strengths: int, seeds: int, name: str) -> str:
    """Whether the repeated command imports torch."""
    words = command(strengths, seeds, name, compare=True)
    done = subprocess.run(
        [words[0], "-X", "importtime", *words[1:]], cwd=folder, env=environment(1), capture_output=True, check=True
    )
    modules = {text.rpartition(b"|")[2].strip() for text in done.stderr.splitlines()}
    return "imports torch" if b"torch" in modules else "without torch"


if __name__ == "__main__":
    main()
