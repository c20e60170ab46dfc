"""``fit``: from experiments to results, and to the files that runs leave behind."""

from __future__ import annotations

import dataclasses
import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from regexp import machine, saving
from regexp.baselines import baselines
from regexp.checkpoint import Pace
from regexp.component import Invalid
from regexp.evaluation import Metrics
from regexp.experiment import Experiment
from regexp.history import has_ended
from regexp.lazy import torch
from regexp.naming import folder_names
from regexp.program import Program, arrange, load_data, require_one_structure
from regexp.progress import reporting
from regexp.recorder import Recorder
from regexp.results import Result, Row
from regexp.sameness import require_same_data, require_same_runs, warn_of_other_machine
from regexp.saving import Saver
from regexp.snapshot import Snapshot, restore, select, take
from regexp.stability import Known, why_diverged
from regexp.stopping import politely
from regexp.training import Observe, Pause, State, start, train
from regexp.writing import Keep, RunWriter, only_here

log = logging.getLogger("regexp")

EVERY_MINUTE = Pace()


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
    checkpoint: Pace = EVERY_MINUTE,
    resume: bool = False,
    command: str | None = None,
    overrides: Sequence[str] = (),
    progress: bool = False,
) -> list[Result]:
    """Train experiments as one stack. They may differ in per-run numbers, and in regularizers that such numbers switch off.

    ``folder``: where to write. One experiment writes into the folder itself, several into a folder below it each, named by
    what differs; None writes nothing. ``device``: auto, cpu, cuda or cuda:N. ``threads``: None is torch's choice; the bits of
    the CPU depend on it. ``on_divergence``: a run that diverges is recorded as such, or raises :class:`Diverged` at the end.
    ``tensorboard``, ``curves`` (only for a single experiment): whether these files are written. ``save``: which weights stay on
    disk (all, best, last, none). ``checkpoint``: how often a training that goes on is saved. ``resume``: a single experiment
    goes on from what ``folder`` holds of it, if anything, and ends bit for bit as if it had never been cut. ``command`` and
    ``overrides`` are noted in the summary.

    While it trains into a folder, the first Ctrl-C or SIGTERM saves and ends it (:class:`regexp.stopping.Stopped`, a
    ``KeyboardInterrupt``); the second one ends it at once.

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
    settings = {"device": device, "threads": threads, "on_divergence": on_divergence, "checkpoint": checkpoint}
    with reporting(experiments[0].epochs, bar=progress) as report:
        if folder is None:
            results = train_stack(experiments, [], settings, report)
        else:
            results = _fit_into(Path(folder), experiments, settings, report, keep, about, resume=resume)
    if on_divergence == "raise" and (diverged := [r for r in results if r.status == "diverged"]):
        raise Diverged(f"{len(diverged)} of {len(results)} runs diverged: {diverged[0].reason}")
    return results


def train_stack(
    experiments: Sequence[Experiment],
    writers: Sequence[RunWriter],
    settings: Mapping[str, Any],
    report: Observe,
    on_end: Callable[[int, Result], None] = lambda run, result: None,
    *,
    saved: Snapshot | None = None,
    file: Path | None = None,
) -> list[Result]:
    """Train experiments of one structure, each written by its own writer (none: nothing is written).

    ``settings``: device, threads, on_divergence, and the pace of checkpoints. ``report`` is called after every evaluation,
    ``on_end`` when a run's files are complete, with the run's number. ``saved``: a snapshot of these very runs, in their order,
    to go on from. ``file``: where the checkpoint goes; the caller removes that of a stack.
    """
    device = machine.find_device(settings["device"])
    threads = settings["threads"] or (saved["about"]["threads"] if saved else None)  # other threads would give other bits
    with machine.using(threads) as count:
        about = machine.about(device, count)
        if saved:
            require_same_runs(saved, experiments)
            warn_of_other_machine(saved, about)
        return _train(experiments, writers, device, settings, about, report, on_end, saved, file)


def _train(
    experiments: Sequence[Experiment],
    writers: Sequence[RunWriter],
    device: torch.device,
    settings: Mapping[str, Any],
    about: dict[str, Any],
    report: Observe,
    on_end: Callable[[int, Result], None],
    saved: Snapshot | None,
    file: Path | None,
) -> list[Result]:
    started, order = time.perf_counter(), arrange(experiments)
    before = [run["seconds"] for run in saved["runs"]] if saved else [0.0] * len(experiments)
    noted = {**settings, "checkpoint": dataclasses.asdict(settings["checkpoint"])}
    borders: Known = {}

    def seconds(run: int) -> float:
        return before[run] + (time.perf_counter() - started) / len(experiments)

    def on_row(run: int, row: Row) -> None:
        if writers:
            writers[run].history.add(row)
            if len(writers) == 1:  # a stack's histories are written when its runs end
                writers[run].history.flush()

    def end(run: int, result: Result) -> None:
        result.seconds, result.machine = seconds(run), {**about, "data_hashes": hashes[run]}
        result.snapshot |= {"runs": [known(run)], "about": about}
        result.baselines = beside[run]
        if result.status == "diverged" and (why := why_diverged(result.experiment, loaded[run], borders)):
            result.reason = f"{result.reason}: {why}"
            log.info("diverged: %s", why)
        if writers:
            writers[run].end(result)
        on_end(run, result)

    def known(run: int) -> dict[str, Any]:
        one = experiments[run]
        identity = {"known_as": one.hash(), "experiment": one.identity(), "data_hashes": hashes[run], "seconds": seconds(run)}
        return identity | recorder.packed(run)

    def snapshot(program: Program, state: State) -> Snapshot:
        return {**take(program, state), "runs": [known(run) for run in state.runs.tolist()], "about": about}

    def observe(program: Program, state: State, metrics: Metrics, trained: torch.Tensor) -> None:
        recorder(program, state, metrics, trained)
        report(program, state, metrics, trained)

    recorder = Recorder(experiments, on_row, end)
    with _noting_failures(writers, noted, about), machine.holding(len(experiments), device):
        in_order = [experiments[i] for i in order]
        data = load_data(in_order)
        loaded = dict(zip(order, data, strict=True))
        hashes = {run: dict(one.hashes) for run, one in loaded.items()}
        beside = dict(zip(order, baselines(in_order, data), strict=True))
        program = Program(in_order, data, device)
        state = start(program)
        if saved:
            require_same_data(saved, [hashes[run] for run in range(len(experiments))])
            recorder.go_on(saved)
            state = restore(program, select(saved, order))
        state.runs = torch.tensor(order)
        for run, writer in enumerate(writers):
            writer.begin(noted, {**about, "data_hashes": hashes[run]}, recorder.timed(run))
        with _pausing(file, settings["checkpoint"], snapshot) as pause:
            train(program, state, observe, pause)
            recorder.finish(program, state)
    return recorder.results


@contextmanager
def _pausing(file: Path | None, pace: Pace, snapshot: Callable[[Program, State], Snapshot]) -> Iterator[Pause]:
    """With a file to save into, signals are obeyed where the training can be left; without one, at once."""
    if file is None:
        yield lambda program, state: None
    else:
        with politely() as request:
            yield Saver(file, pace, request, snapshot)


@contextmanager
def _noting_failures(writers: Sequence[RunWriter], settings: Mapping[str, Any], about: Mapping[str, Any]) -> Iterator[None]:
    """A run that does not reach its end says so in its summary."""
    try:
        yield
    except BaseException as error:
        interrupted = isinstance(error, KeyboardInterrupt)
        reason = ": ".join(filter(None, [type(error).__name__, str(error)]))
        for writer in writers:
            try:
                if interrupted and not writer.begun:
                    writer.begin(settings, about)
                writer.stop("interrupted" if interrupted else "failed", reason)
            except OSError as unwritten:  # the disk may be full, and the first error is the one to tell
                log.error("%s", unwritten)
        raise


def _fit_into(
    folder: Path,
    experiments: Sequence[Experiment],
    settings: Mapping[str, Any],
    report: Observe,
    keep: Keep,
    about: Mapping[str, Any],
    *,
    resume: bool,
) -> list[Result]:
    alone = len(experiments) == 1
    if resume and not alone:
        raise Invalid("fit", [("resume", f"is for one experiment, got {len(experiments)}: resume each run in its own folder")])
    paths = [folder] if alone else [folder / name for name in folder_names(experiments)]
    file = saving.of_run(folder) if alone else saving.of_stack(folder, [one.hash() for one in experiments])
    with only_here(folder):
        saved = saving.find(folder, experiments[0].hash()) if resume else None
        if resume and saved is None and has_ended(folder):
            raise Invalid(
                "fit", [("resume", f"needs weights, and {folder} has ended without keeping them: train it elsewhere")]
            )
        writers = [RunWriter(path, one, keep, about, again=resume) for path, one in zip(paths, experiments, strict=True)]
        results = train_stack(experiments, writers, settings, report, saved=saved, file=file)
        if not alone:
            saving.remove(file)
    return results


def _check(name: str, value: Any, *options: str) -> None:
    if value not in options:
        raise Invalid("fit", [(name, f"must be one of {', '.join(options)}, got {value!r}")])
