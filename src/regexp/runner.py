"""``fit``: from experiments to results, and to the files that runs leave behind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from regexp import notes
from regexp.experiment import Experiment
from regexp.files.checkpoint import Pace
from regexp.files.history import has_ended
from regexp.files.naming import folder_names
from regexp.program import require_one_structure
from regexp.recording import saving
from regexp.recording.progress import reporting
from regexp.recording.training import train_stack
from regexp.recording.writing import Keep, RunWriter, only_here
from regexp.results import Result
from regexp.rules import Invalid
from regexp.training import Observe

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
    notes.say(experiments)
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
