"""Experiments as one tensor program: what the training loop works on."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import torch

from regexp import losses, rng
from regexp.component import Invalid
from regexp.datasets.dataset import Data
from regexp.experiment import Experiment
from regexp.regularizers.regularizer import Place, Regularizer, defines
from regexp.stack.axis import rows
from regexp.stack.data import StackedData
from regexp.stack.model import Noise, StackedModel
from regexp.stack.noise import Draws
from regexp.stack.numbers import numbers, representative, structure


@dataclasses.dataclass
class Part:
    """A regularizer of the stack, the numbers of the runs, and which of the model's parameters it touches."""

    name: str
    regularizer: Regularizer
    numbers: dict[str, torch.Tensor]
    touches: list[int]

    def has(self, hook: str) -> bool:
        return defines(self.regularizer, hook)


class Program:
    """The model, data, loss, optimizer and regularizers of all runs.

    ``experiments`` must have one structure, and those with equal (data, seed) must be neighbours: see :func:`arrange`.
    """

    def __init__(self, experiments: Sequence[Experiment], data: Sequence[Data], device: torch.device):
        self.spec = first = experiments[0]
        self.device, self.runs = device, len(experiments)
        self.dtype = getattr(torch, first.dtype)
        self.loss = losses.loss_function(first.data_loss, first.model.output)
        self._experiments, self._loaded = list(experiments), list(data)
        self.data = StackedData(data, [e.seed for e in experiments], device)
        self.model = StackedModel(_build_modules(experiments, self.data, self.dtype), device)
        self.optimizer = representative(first.optimizer)
        self.numbers = numbers([e.optimizer for e in experiments], device, torch.float64)
        self.parts = [self._part(column) for column in zip(*(e.regularizers for e in experiments), strict=True)]
        self._refresh()

    @property
    def parameters(self) -> list[torch.Tensor]:
        """All parameters, each with a leading runs axis."""
        return self._parameters

    def weights(self, part: Part) -> list[torch.Tensor]:
        """The parameters that a regularizer touches."""
        return [self._parameters[i] for i in part.touches]

    def having(self, hook: str) -> list[Part]:
        """The regularizers with this hook, in the order of the list."""
        return self._having[hook]

    def noise(self, step: int) -> list[Noise]:
        """The changes of every slot in this step."""
        return [[(change, n, Draws(keys, step, self.runs)) for change, n, keys in changes] for changes in self._changes]

    def narrow(self, chosen: torch.Tensor) -> None:
        """Go on with some of the runs only."""
        kept = chosen.tolist()
        self._experiments = [self._experiments[i] for i in kept]
        self._loaded = [self._loaded[i] for i in kept]
        self.runs = len(kept)
        self.data = StackedData(self._loaded, [e.seed for e in self._experiments], self.device)
        self.model.narrow(chosen)
        self.numbers = rows(self.numbers, chosen)
        for part in self.parts:
            part.numbers = rows(part.numbers, chosen)
        self._refresh()

    def _part(self, column: Sequence[Regularizer]) -> Part:
        touched = self.model.weights(column[0].biases)
        touches = [i for i, name in enumerate(self.model.parameters) if name in touched]
        return Part(column[0].name(), representative(column[0]), numbers(column, self.device, self.dtype), touches)

    def _refresh(self) -> None:
        self._parameters = list(self.model.parameters.values())
        hooks = ("penalty", "before_step", "after_step", "watch")
        self._having = {hook: [part for part in self.parts if part.has(hook)] for hook in hooks}
        self._changes = [self._changes_of(place) for place in _places(self.model)]

    def _changes_of(self, place: Place) -> list[tuple[Any, dict, torch.Tensor]]:
        found = []
        for part in self.parts:
            if change := part.regularizer.wrap(place, part.numbers):
                keys = rng.keys(self.data.seeds, part.name, place.place, place.index, device=self.device)
                found.append((change, part.numbers, keys))
        return found


def arrange(experiments: Sequence[Experiment]) -> list[int]:
    """An order in which runs that share data and seed are neighbours."""
    first_seen: dict[Any, int] = {}
    for experiment in experiments:
        first_seen.setdefault(_data_key(experiment), len(first_seen))
        first_seen.setdefault((_data_key(experiment), experiment.seed), len(first_seen))
    return sorted(
        range(len(experiments)),
        key=lambda i: (first_seen[_data_key(experiments[i])], first_seen[_data_key(experiments[i]), experiments[i].seed]),
    )


def load_data(experiments: Sequence[Experiment]) -> list[Data]:
    """The data of every experiment; equal specifications with equal seeds are loaded once."""
    loaded: dict[Any, Data] = {}
    for experiment in experiments:
        if _data_key(experiment) not in loaded:
            dtype = getattr(torch, experiment.dtype)
            loaded[_data_key(experiment)] = experiment.dataset.load(experiment.data_seed, dtype)
    return [loaded[_data_key(experiment)] for experiment in experiments]


def structure_of(experiment: Experiment) -> dict[str, Any]:
    """What two experiments must have in common to share a stack."""
    fields = {f.name: getattr(experiment, f.name) for f in dataclasses.fields(experiment) if f.name != "seed"}
    for group in ("dataset", "model", "optimizer"):
        fields |= {f"{group}.{name}": value for name, value in structure(fields.pop(group)).items()}
    fields["regularizers"] = [regularizer.name() for regularizer in fields["regularizers"]]
    for part in experiment.regularizers:
        fields |= {f"regularizer.{part.name()}.{name}": value for name, value in structure(part).items()}
    return fields


def require_one_structure(experiments: Sequence[Experiment]) -> None:
    """Refuse experiments that cannot share a stack, naming what differs."""
    first = structure_of(experiments[0])
    for i, experiment in enumerate(experiments[1:], start=1):
        other = structure_of(experiment)
        for name in [*first, *(name for name in other if name not in first)]:
            if first.get(name) != other.get(name):
                why = f"differs between experiment 0 ({first.get(name)!r}) and {i} ({other.get(name)!r})"
                raise Invalid("stack", [(name, f"{why}, and only per-run numbers may: fit them in separate calls")])


def _data_key(experiment: Experiment) -> Any:
    return experiment.dataset, experiment.data_seed, experiment.dtype


def _build_modules(experiments: Sequence[Experiment], data: StackedData, dtype: torch.dtype) -> list[Any]:
    """One module for every run; runs with equal models and seeds share the initial weights."""
    built: dict[Any, Any] = {}
    for experiment in experiments:
        key = experiment.model, experiment.seed
        if key not in built:
            with rng.seeded(experiment.seed, "init"):
                built[key] = experiment.model.build(data.features, data.outputs).to(dtype)
    return [built[experiment.model, experiment.seed] for experiment in experiments]


def _places(model: StackedModel) -> list[Place]:
    seen: dict[str, int] = {}
    places = []
    for slot in model.slots:
        seen[slot.place] = seen.get(slot.place, -1) + 1
        places.append(Place(slot.place, seen[slot.place]))
    return places
