"""The contract of regularizers, as a test for your own: ``check_regularizer(Mine(strength=0.1))``."""

from __future__ import annotations

import dataclasses
import math
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import torch

from regexp.component import per_run_fields
from regexp.datasets import SyntheticRegression
from regexp.experiment import Experiment
from regexp.models import MLP
from regexp.optim import SGD
from regexp.regularizers.regularizer import Change, Place, Regularizer, switches
from regexp.results import Result
from regexp.rules import is_number
from regexp.runner import fit
from regexp.stack.noise import Draws
from regexp.stack.numbers import Numbers

_STRENGTHS = ("strength", "rate", "input_rate")
_TOLERANCE = 1e-10
_WHERE = {
    "_finite": "in training",
    "_streams_stay": "beside another regularizer",
    "_off_is_absent": "switched off",
    "_stacked_is_alone": "in a stack of several runs",
    "_refuses": "given a wrong value",
}

Rule = Callable[[Regularizer, Experiment, Mapping[str, Any]], Iterator[str]]
"""Yields what is broken, given the regularizer, what to train with it, and the fields that switch it off."""


class Broken(AssertionError):
    """A regularizer breaks its contract. One line for every broken rule."""

    def __init__(self, name: str, problems: Sequence[str]):
        self.problems = list(problems)
        super().__init__("\n".join([f"{name} breaks the contract of regularizers:", *(f"  {text}" for text in problems)]))


def check_regularizer(
    regularizer: Regularizer, *, off: Mapping[str, Any] | None = None, experiment: Experiment | None = None
) -> None:
    """Train small runs with the regularizer (an instance), and raise :class:`Broken` with every rule that it breaks.

    The rules: metrics stay finite; switched off it changes no bit of a run (``off``: the fields that switch it off; None: those
    declared by ``per_run(off=...)``, else a strength or rate of 0; ``{}``: nothing does); a run in a stack is the run alone;
    no random number is drawn but from ``draws``, so that other streams stay, the run can be repeated, and torch's own generator
    does not move; values that are no numbers, NaN, infinite (unless that switches it off), or below a strength's range of 0 are
    refused by name. A rule is tried where those that it rests on hold, so that one cause is told once.

    ``experiment``: what to train, for a regularizer that needs more than a network of two hidden layers on 16 features. Its own
    regularizers are left out.
    """
    _require_instance(regularizer)
    base = dataclasses.replace(experiment or _small(), regularizers=(), dtype="float64")
    switches = _off(regularizer) if off is None else dict(off)
    tried = partial(_tried, regularizer, base, switches)
    trained = tried(_finite) or tried(_streams_stay) or tried(_off_is_absent, _stacked_is_alone)
    if problems := [*trained, *tried(_refuses)]:
        raise Broken(regularizer.name(), problems)


def _tried(regularizer: Regularizer, base: Experiment, off: Mapping[str, Any], *rules: Rule) -> list[str]:
    """What these rules find broken. An error that is raised in one place is told once."""
    problems, places = [], set()
    for rule in rules:
        try:
            problems += list(rule(regularizer, base, off))
        except Exception as error:
            frames = traceback.extract_tb(error.__traceback__)
            if (place := (frames[-1].filename, frames[-1].lineno)) not in places:
                problems.append(
                    f"{_WHERE[rule.__name__]} it raises {type(error).__name__}: {error}{_line(regularizer, frames)}"
                )
            places.add(place)
    return problems


def _line(regularizer: Regularizer, frames: traceback.StackSummary) -> str:
    """Where in the regularizer's own file that was, if there."""
    own = getattr(sys.modules.get(type(regularizer).__module__), "__file__", None)
    lines = [frame.lineno for frame in frames if frame.filename == own]
    return f" ({Path(str(own)).name}, line {lines[-1]})" if lines else ""


def _require_instance(given: object) -> None:
    if not isinstance(given, Regularizer):
        if isinstance(given, type):
            got, way_out = f"the class {given.__name__}", f"write check_regularizer({given.__name__}(...)), with its numbers"
        else:
            got, way_out = repr(given), "derive its class from regexp.Regularizer"
        raise TypeError(f"check_regularizer must be given a regularizer, got {got}: {way_out}")
    if not dataclasses.is_dataclass(given):
        way_out = "decorate it with @dataclasses.dataclass(frozen=True)"
        raise TypeError(f"the class of a regularizer must be a dataclass, got {type(given).__name__}: {way_out}")


def _finite(regularizer: Regularizer, base: Experiment, off: Mapping[str, Any]) -> Iterator[str]:
    result = _train(base, regularizer)
    wrong = [name for name, value in result.last.items() if not math.isfinite(value)]
    if result.status != "completed" or wrong:
        yield f"metrics must stay finite, got {result.reason or ', '.join(wrong)}"


def _off_is_absent(regularizer: Regularizer, base: Experiment, off: Mapping[str, Any]) -> Iterator[str]:
    if not off:
        return
    absent, inert = _train(base), _train(base, dataclasses.replace(regularizer, **off))
    told = ", ".join(f"{name}={value}" for name, value in off.items())
    if not _equal(absent, inert):
        yield f"with {told} a run must have the very bits that it has without the regularizer: multiply by the number"
    if _equal(absent, _train(base, regularizer)) and not _watches(regularizer):
        yield "as given it changes nothing: give it a strength that does, or put a slot for it into the model"


def _stacked_is_alone(regularizer: Regularizer, base: Experiment, off: Mapping[str, Any]) -> Iterator[str]:
    variants = [regularizer, *([dataclasses.replace(regularizer, **off)] if off else []), regularizer]
    runs = [dataclasses.replace(base, seed=seed, regularizers=[one]) for seed, one in enumerate(variants)]
    for run, stacked in zip(runs, fit(runs, threads=1), strict=True):
        (alone,) = fit([run], threads=1)
        if (difference := _distance(stacked, alone)) > _TOLERANCE:
            yield f"a run must be the same alone and in a stack, got weights {difference:.2g} apart: use numbers, per run"
            return


def _streams_stay(regularizer: Regularizer, base: Experiment, off: Mapping[str, Any]) -> Iterator[str]:
    """Another regularizer beside it sees the same batches and draws; nothing depends on or moves torch's generator."""
    seen = [_seen(base, beside) for beside in ([], [regularizer])]
    if [torch.equal(a, b) for a, b in zip(*seen, strict=True)].count(False):
        yield "batches and the draws of other regularizers must stay as they are without it: draw from draws only"
    before = torch.get_rng_state()
    first = _train(base, regularizer)
    if not torch.equal(before, torch.get_rng_state()):
        yield "torch's global generator must not move: draw from draws, e.g. draws.sixteenths(*x.shape[-2:])"
        return  # what follows from it is not told
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(12345)
        if not _equal(first, _train(base, regularizer)):
            yield "a run must be a function of its seed, got another result at the second time: draw from draws only"


def _refuses(regularizer: Regularizer, base: Experiment, off: Mapping[str, Any]) -> Iterator[str]:
    for name in per_run_fields(regularizer):
        if not is_number(getattr(regularizer, name)):
            continue
        wrong: list[Any] = [math.nan, math.inf, "much", *([-1] if name in _STRENGTHS or name in off else [])]
        accepted = (_accepts(regularizer, name, value) for value in wrong if value != off.get(name))
        if text := next((text for text in accepted if text), None):  # the way out is one for all of them
            yield text


def _accepts(regularizer: Regularizer, name: str, value: Any) -> str | None:
    try:
        dataclasses.replace(regularizer, **{name: value})
    except ValueError as error:
        return None if name in str(error) else f"an error must name its field, got {str(error)!r} for {name}={value!r}"
    except TypeError:  # by a checker of annotations
        return None
    except Exception as error:
        return f"{name}={value!r} must be refused by an Invalid, got {type(error).__name__}: call require(self, {name}=...)"
    return f"{name}={value!r} must be refused: call require(self, {name}=...) in __post_init__"


def _off(regularizer: Regularizer) -> dict[str, Any]:
    """What switches it off: as declared, else every strength and rate at 0."""
    return switches(regularizer) or {name: 0.0 for name in per_run_fields(regularizer) if name in _STRENGTHS}


def _watches(regularizer: Regularizer) -> bool:
    return type(regularizer).watch is not Regularizer.watch


def _small() -> Experiment:
    data = SyntheticRegression(features=16, train_size=32, val_size=16, test_size=16, true_weight=0.5)
    return Experiment(data, MLP(hidden=(16, 16)), SGD(0.05), epochs=4, batch_size=8, seed=3)


def _train(base: Experiment, *regularizers: Regularizer) -> Result:
    return fit([dataclasses.replace(base, regularizers=regularizers)], threads=1)[0]


def _equal(one: Result, other: Result) -> bool:
    weights = one.weights["last"], other.weights["last"]
    return all(torch.equal(weights[0][name], weights[1][name]) for name in weights[0])


def _distance(one: Result, other: Result) -> float:
    pairs = [(w, other.weights["last"][name]) for name, w in one.weights["last"].items()]
    return max((a - b).abs().max().item() for a, b in pairs) / max(1.0, max(b.abs().max().item() for _, b in pairs))


@dataclasses.dataclass(frozen=True)
class _Probe(Regularizer):
    """Notes what a regularizer sees at the model's first slot: the activations (of an input: the batch) and its draws."""

    seen: Any = dataclasses.field(default_factory=list, repr=False, compare=False, metadata={"in_memory": True})

    def wrap(self, place: Place, numbers: Numbers) -> Change | None:
        if place.place != "input":
            return None

        def change(x: torch.Tensor, numbers: Numbers, draws: Draws) -> torch.Tensor:
            self.seen.append(x.clone())
            self.seen.append(draws.sixteenths(*x.shape[-2:]).clone())
            return x

        return change


def _seen(base: Experiment, beside: Sequence[Regularizer]) -> list[torch.Tensor]:
    """What a probe sees in a run with others beside it."""
    probe = _Probe()
    _train(base, probe, *beside)
    return probe.seen
