"""The training of a stack with all that watches it: histories, files, checkpoints, signals, and notes of what failed."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from regexp import machine, memory
from regexp.evaluation import Metrics
from regexp.experiment import Experiment
from regexp.files.checkpoint import Pace
from regexp.lazy import torch
from regexp.program import Program
from regexp.recording.facts import Facts
from regexp.recording.recorder import Recorder
from regexp.recording.sameness import other_stack, require_same_data, require_same_runs, warn_of_other_machine
from regexp.recording.saving import Saver
from regexp.recording.snapshot import Snapshot, restore, select, take
from regexp.recording.writing import RunWriter
from regexp.results import Result, Row
from regexp.stopping import politely
from regexp.training import Observe, Pause, State, start, train

log = logging.getLogger("regexp")

OnEnd = Callable[[int, Result], None]


def train_stack(
    experiments: Sequence[Experiment],
    writers: Sequence[RunWriter],
    settings: Mapping[str, Any],
    report: Observe,
    on_end: OnEnd = lambda run, result: None,
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
    noted = {**settings, "checkpoint": dataclasses.asdict(settings["checkpoint"])}
    with torch.inference_mode(False), torch.enable_grad(), machine.using(threads) as count:
        about = machine.about(device, count)
        if saved:
            require_same_runs(saved, experiments)
            warn_of_other_machine(saved, about)
            if text := other_stack(saved):
                log.warning(text)
        with _noting_failures(writers, noted, about), memory.holding(len(experiments), device):
            facts = Facts(experiments, about, saved)
            recorder = _recorder(facts, writers, on_end)
            program = Program(facts.stacked, facts.data, device)
            state = _first_state(program, facts, recorder, saved)
            for run, writer in enumerate(writers):
                writer.begin(noted, facts.about(run), recorder.timed(run))
            with _pausing(file, settings["checkpoint"], facts, recorder) as pause:
                train(program, state, _both(recorder, report), pause)
                recorder.finish(program, state)
    return recorder.results


def _recorder(facts: Facts, writers: Sequence[RunWriter], on_end: OnEnd) -> Recorder:
    """One that writes what it records."""

    def write(run: int, row: Row) -> None:
        if writers:
            writers[run].history.add(row)
            if len(writers) == 1:  # a stack's histories are written when its runs end
                writers[run].history.flush()

    together = {"together": [experiment.hash() for experiment in facts.experiments]} if len(facts.experiments) > 1 else {}

    def end(run: int, result: Result) -> None:
        facts.complete(result, run)
        result.snapshot |= {"runs": [_saved_run(facts, recorder, run) | together], "about": facts.machine}
        if writers:
            writers[run].end(result)
        on_end(run, result)

    recorder = Recorder(facts.experiments, write, end)
    return recorder


def _first_state(program: Program, facts: Facts, recorder: Recorder, saved: Snapshot | None) -> State:
    """Where the training begins, or goes on: refused if the data are not those of the snapshot."""
    if saved:
        require_same_data(saved, [facts.hashes(run) for run in range(len(facts.experiments))])
        recorder.go_on(saved)
    state = restore(program, select(saved, facts.order)) if saved else start(program)
    state.runs = torch.tensor(facts.order)
    return state


def _both(first: Observe, second: Observe) -> Observe:
    def observe(program: Program, state: State, metrics: Metrics, trained: torch.Tensor) -> None:
        first(program, state, metrics, trained)
        second(program, state, metrics, trained)

    return observe


@contextmanager
def _pausing(file: Path | None, pace: Pace, facts: Facts, recorder: Recorder) -> Iterator[Pause]:
    """With a file to save into, signals are obeyed where the training can be left; without one, at once."""

    def snapshot(program: Program, state: State) -> Snapshot:
        runs = [_saved_run(facts, recorder, run) for run in state.runs.tolist()]
        return {**take(program, state), "runs": runs, "about": facts.machine}

    if file is None:
        yield lambda program, state: None
    else:
        with politely() as request:
            yield Saver(file, pace, request, snapshot)


def _saved_run(facts: Facts, recorder: Recorder, run: int) -> dict[str, Any]:
    """A run as a snapshot holds it."""
    return facts.identity(run) | recorder.packed(run)


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
