"""``fit``: from experiments to results, and to the files that runs leave behind."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from regexp import machine
from regexp.baselines import baselines
from regexp.component import Invalid
from regexp.evaluation import Metrics
from regexp.experiment import Experiment
from regexp.lazy import torch
from regexp.naming import folder_names
from regexp.program import Program, arrange, load_data, require_one_structure
from regexp.progress import reporting
from regexp.recorder import Recorder
from regexp.results import Result
from regexp.stability import Known, why_diverged
from regexp.training import Observe, State, start, train
from regexp.writing import Keep, RunWriter

log = logging.getLogger("regexp")


class Diverged(RuntimeError):
    """Raised after training where runs diverged and ``on_divergence="raise"`` asks for it. Their files are complete."""


def fit(
    experiments: Sequence[Experiment],
    folder: str | Path | None = None,
    *,
    device: str = "auto",
    threads: int | None = None,
    on_divergence: str = "record",
    tensorboard: bool = True,
    curves: bool = True,
    save: str = "all",
    command: str | None = None,
    overrides: Sequence[str] = (),
    progress: bool = False,
) -> list[Result]:
    """Train experiments as one stack. They may differ in every per-run number: seed, strength, rate, learning rate, ...

    ``folder``: where to write. One experiment writes into the folder itself, several into a folder below it each, named by
    what differs; None writes nothing. ``device``: auto, cpu, cuda or cuda:N. ``threads``: None is torch's choice; the bits of
    the CPU depend on it. ``on_divergence``: a run that diverges is recorded as such, or raises :class:`Diverged` at the end.
    ``tensorboard``, ``curves`` (only for a single experiment): whether these files are written. ``save``: which weights stay on
    disk (all, best, last, none). ``command`` and ``overrides`` are noted in the summary.

    Returns one result per experiment, in their order. Raises :class:`regexp.Invalid` for experiments that cannot share a stack.

    >>> from regexp.datasets import SyntheticRegression
    >>> from regexp.models import Linear
    >>> from regexp.optim import SGD
    >>> from regexp.regularizers import WeightDecay
    >>> runs = [Experiment(SyntheticRegression(), Linear(), SGD(0.003), [WeightDecay(s)], epochs=2) for s in (0.0, 3.0)]
    >>> [result.status for result in fit(runs)]
    ['completed', 'completed']
    """
    experiments = list(experiments)
    if not experiments:
        return []
    _check("on_divergence", on_divergence, "record", "raise")
    _check("save", save, "all", "best", "last", "none")
    require_one_structure(experiments)
    keep = Keep(tensorboard, curves and len(experiments) == 1, save)
    about = {"command": command, "overrides": list(overrides)}
    writers = _writers(experiments, folder, keep, about)
    epochs = experiments[0].epochs
    settings = {"device": device, "threads": threads, "on_divergence": on_divergence}
    with reporting(epochs, bar=progress) as report:
        results = train_stack(experiments, writers, settings, report)
    if on_divergence == "raise" and (diverged := [r for r in results if r.status == "diverged"]):
        raise Diverged(f"{len(diverged)} of {len(results)} runs diverged: {diverged[0].reason}")
    return results


def train_stack(
    experiments: Sequence[Experiment],
    writers: Sequence[RunWriter],
    settings: Mapping[str, Any],
    report: Observe,
    on_end: Callable[[int, Result], None] = lambda run, result: None,
) -> list[Result]:
    """Train experiments of one structure, each written by its own writer (none: nothing is written).

    ``settings``: device, threads and on_divergence. ``report`` is called after every evaluation, ``on_end``
    when a run's files are complete, with the run's number.
    """
    device = machine.find_device(settings["device"])
    with machine.using(settings["threads"]) as count:
        return _train(experiments, writers, device, settings, machine.about(device, count), report, on_end)


def _train(
    experiments: Sequence[Experiment],
    writers: Sequence[RunWriter],
    device: torch.device,
    settings: Mapping[str, Any],
    about: dict[str, Any],
    report: Observe,
    on_end: Callable[[int, Result], None],
) -> list[Result]:
    started, order = time.perf_counter(), arrange(experiments)
    experiments_in_order = [experiments[i] for i in order]
    data = load_data(experiments_in_order)
    hashes = {run: dict(d.hashes) for run, d in zip(order, data, strict=True)}
    loaded = dict(zip(order, data, strict=True))
    known: Known = {}
    beside = dict(zip(order, baselines(experiments_in_order, data), strict=True))
    program = Program(experiments_in_order, data, device)
    state = start(program)
    state.runs = torch.tensor(order)

    def on_row(run: int, row: dict[str, float]) -> None:
        if writers:
            writers[run].history.add(row)
            if len(writers) == 1:  # a stack's histories are written when its runs end
                writers[run].history.flush()

    def end(run: int, result: Result) -> None:
        result.seconds = (time.perf_counter() - started) / len(experiments)
        result.baselines = beside[run]
        if result.status == "diverged" and (why := why_diverged(result.experiment, loaded[run], known)):
            result.reason = f"{result.reason}: {why}"
            log.info("diverged: %s", why)
        result.machine = {**about, "data_hashes": hashes[run]}
        if writers:
            writers[run].end(result)
        on_end(run, result)

    recorder = Recorder(experiments, on_row, end)

    def observe(program: Program, state: State, metrics: Metrics, trained: torch.Tensor) -> None:
        recorder(program, state, metrics, trained)
        report(program, state, metrics, trained)

    with _noting_failures(writers):
        for run, writer in enumerate(writers):
            writer.begin(settings, {**about, "data_hashes": hashes[run]})
        train(program, state, observe)
    return recorder.results


@contextmanager
def _noting_failures(writers: Sequence[RunWriter]) -> Iterator[None]:
    """A run that does not reach its end says so in its summary."""
    try:
        yield
    except BaseException as error:
        for writer in writers:
            writer.stop(
                "interrupted" if isinstance(error, KeyboardInterrupt) else "failed",
                ": ".join(filter(None, [type(error).__name__, str(error)])),
            )
        raise


def _writers(
    experiments: Sequence[Experiment], folder: str | Path | None, keep: Keep, about: Mapping[str, Any]
) -> list[RunWriter]:
    if folder is None:
        return []
    root = Path(folder)
    paths = [root] if len(experiments) == 1 else [root / name for name in folder_names(experiments)]
    return [RunWriter(path, experiment, keep, about) for path, experiment in zip(paths, experiments, strict=True)]


def _check(name: str, value: Any, *options: str) -> None:
    if value not in options:
        raise Invalid("fit", [(name, f"must be one of {', '.join(options)}, got {value!r}")])
