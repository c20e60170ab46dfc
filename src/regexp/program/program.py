"""The model, data, loss, optimizer and regularizers of all runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from jaxtyping import Float

from regexp import losses, rng
from regexp.component import texts
from regexp.datasets.dataset import Data
from regexp.experiment import Experiment
from regexp.program.checks import require_image, require_in_place, require_module, require_penalties, require_slots
from regexp.program.data import StackedData
from regexp.program.forward import require_scores
from regexp.program.model import Noise, StackedModel, places
from regexp.program.padding import columns
from regexp.program.part import Part
from regexp.regularizers.regularizer import Place, Regularizer
from regexp.stack.axis import across, rows
from regexp.stack.noise import Draws, Stream
from regexp.stack.numbers import numbers, representative


class Program:
    """The model, data, loss, optimizer and regularizers of all runs.

    ``experiments`` must have one structure, and those with equal (data, seed) must be neighbours: see :func:`arrange`. A
    regularizer that only some of them hold is switched off in the others.
    """

    def __init__(self, experiments: Sequence[Experiment], data: Sequence[Data], device: torch.device):
        self.spec = first = experiments[0]
        self.device, self.runs = device, len(experiments)
        self.dtype = first.stored_dtype
        self.loss = losses.loss_function(first.data_loss, first.model.output)
        self._experiments, self._loaded = list(experiments), list(data)
        self.data = StackedData(data, [e.seed for e in experiments], device)
        self.model = StackedModel(_build_modules(experiments, self.data, self.dtype), device, first.mixed)
        self.optimizer = representative(first.optimizer)
        self.numbers = numbers([e.optimizer for e in experiments], device, torch.float64)
        self.parts = [self._part(column) for column in columns([e.regularizers for e in experiments])]
        self._refresh()
        require_image(first.dataset.image, self.data.features)
        require_slots(self.parts, places(self.model, first.dataset.image))
        require_penalties(self.having("penalty"), self.weights, self.runs)
        self._require_in_place()
        require_scores(self.model, next(self.data.chunks("train"))[0][:, :2], self.data.outputs)

    @property
    def parameters(self) -> list[torch.Tensor]:
        """All parameters, each with a leading runs axis."""
        return self._parameters

    def weights(self, part: Part) -> list[torch.Tensor]:
        """The parameters that a regularizer touches."""
        return [self._parameters[i] for i in part.touches]

    def units_last(self, i: int, tensor: torch.Tensor) -> torch.Tensor:
        """The ``i``-th parameter, or what has its shape, as (runs, inputs ..., units), whatever layer it belongs to."""
        return tensor.movedim(1, -1) if i in self._units_first else tensor

    def shaped(self, number: Float[torch.Tensor, " runs"]) -> list[torch.Tensor]:
        """One number per run, in the shape of every parameter."""
        return [across(number, p) for p in self._parameters]

    def having(self, hook: str) -> list[Part]:
        """The regularizers with this hook, in the order of the list."""
        return self._having[hook]

    def noise(self, step: int) -> list[Noise]:
        """The changes of every slot in this step; empty where nothing changes in any."""
        if not any(self._changes):
            return []
        return [[(change, n, Draws(s.keys, step, self.runs, s)) for change, n, s in changes] for changes in self._changes]

    def load(self, parameters: Mapping[str, torch.Tensor]) -> None:
        """Use these parameters from now on."""
        self.model.load({name: parameters[name] for name in self.model.parameters})
        self._refresh()

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

    def _require_in_place(self) -> None:
        """Try the hooks around the step on a copy of the first run's weight."""
        for part in self.parts:
            for _, weight, own in part.touched[:1]:
                require_in_place(part, weight[:1].detach().clone(), {name: number[:1] for name, number in own.items()})

    @torch.no_grad()
    def _refresh(self) -> None:
        self._parameters: list[torch.Tensor] = list(self.model.parameters.values())
        self._units_first = {i for i, name in enumerate(self.model.parameters) if name in self.model.units_first}
        for part in self.parts:
            scalars = {name: number for name, number in part.numbers.items() if number.dim() == 1}
            touched = [(i, self.units_last(i, self._parameters[i])) for i in part.touches]
            part.touched = [(i, weight, {n: across(s, weight) for n, s in scalars.items()}) for i, weight in touched]
        hooks = ("penalty", "before_step", "after_step", "watch")
        self._having = {hook: [part for part in self.parts if part.has(hook)] for hook in hooks}
        self._changes = [self._changes_of(place) for place in places(self.model, self.spec.dataset.image)]

    def _changes_of(self, place: Place) -> list[tuple[Any, dict, Stream]]:
        found = []
        for part in self.parts:
            if change := part.regularizer.wrap(place, part.numbers):
                keys = rng.keys(self.data.seeds, part.name, place.place, place.index, device=self.device)
                found.append((change, part.numbers, Stream(keys)))
        return found


def _build_modules(experiments: Sequence[Experiment], data: StackedData, dtype: torch.dtype) -> list[Any]:
    """One module for every run; runs with equal models and seeds share the initial weights."""
    built: dict[Any, Any] = {}
    models = texts([experiment.model for experiment in experiments])
    keys = list(zip(models, [experiment.seed for experiment in experiments], strict=True))
    for key, experiment in zip(keys, experiments, strict=True):
        if key not in built:
            with rng.seeded(experiment.seed, "init"):
                built[key] = require_module(experiment.model.build(data.features, data.outputs)).to(dtype)
    return [built[key] for key in keys]
