"""Many runs of one model, as one model."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence

import torch
from jaxtyping import Float, Shaped
from torch import nn
from torch.func import functional_call, vmap

from regexp.models.layers import Slot
from regexp.program.checks import refuse_state
from regexp.regularizers.regularizer import Place
from regexp.stack.axis import rows, spread
from regexp.stack.noise import Draws
from regexp.stack.numbers import Numbers

Change = Callable[[torch.Tensor, Numbers, Draws], torch.Tensor]
Noise = Sequence[tuple[Change, Numbers, Draws]]
"""The changes of one slot in one step: what, with which numbers, and who draws."""


class StackedModel:
    """The modules of all runs as one function of stacked parameters, (groups, batch, features) -> (runs, batch, outputs).

    Our own layers carry the runs axis themselves. Any other module goes through ``functional_call`` and ``vmap``, for a
    single run too, so that a run's arithmetic does not depend on how many there are. ``mixed``: products in bfloat16.
    """

    def __init__(self, modules: Sequence[nn.Module], device: torch.device, mixed: bool = False):
        distinct = {id(module): module for module in modules}  # runs of one seed share theirs
        for module in distinct.values():
            refuse_state(module)
        states = ({known_as: part(module) for known_as, module in distinct.items()} for part in (_trained, _constant))
        trained, constant = ([state[id(module)] for module in modules] for state in states)
        self.module = copy.deepcopy(modules[0]).to(device).train()
        self.carries_runs = getattr(self.module, "carries_runs", False)
        self.slots = [module for module in self.module.modules() if isinstance(module, Slot)]
        self.load(_stacked(trained, device))
        self.constants = {} if self.carries_runs else _stacked(constant, device)
        """What training leaves alone, buffers and frozen parameters: they too may differ between runs."""
        self.device, self.mixed = device, mixed

    def load(self, parameters: Mapping[str, Float[torch.Tensor, "runs ..."]]) -> None:
        """Use these parameters from now on."""
        self.parameters = {name: nn.Parameter(value) for name, value in parameters.items()}
        self.runs = len(next(iter(self.parameters.values())))
        if self.carries_runs:
            for name, parameter in self.parameters.items():
                owner, _, leaf = name.rpartition(".")
                setattr(self.module.get_submodule(owner), leaf, parameter)

    def narrow(self, chosen: torch.Tensor) -> None:
        """Go on with some of the runs only."""
        self.load(rows({name: p.detach() for name, p in self.parameters.items()}, chosen))
        self.constants = rows(self.constants, chosen)

    def weights(self, biases: bool = False) -> dict[str, nn.Parameter]:
        """The weight matrices (two axes or more in one run), and everything else too if ``biases``."""
        return {name: p for name, p in self.parameters.items() if biases or p.dim() > 2}

    @property
    def units_first(self) -> set[str]:
        """The weights that hold their units on the first axis of one run, as torch's layers do; ours hold them on the last."""
        owners = {name: self.module.get_submodule(name.rpartition(".")[0]) for name in self.weights()}
        return {name for name, owner in owners.items() if not getattr(owner, "units_last", False)}

    def __call__(
        self, x: Float[torch.Tensor, "groups batch *features"], noise: Sequence[Noise] | None = None
    ) -> Float[torch.Tensor, "runs batch outputs"]:
        """The scores. ``noise`` holds the changes of every slot; without it the model is evaluated as it is."""
        if not self.mixed:
            return self._scores(x, noise)
        with torch.autocast(self.device.type, torch.bfloat16):
            return self._scores(x, noise).to(x.dtype)

    def _scores(self, x: torch.Tensor, noise: Sequence[Noise] | None) -> torch.Tensor:
        if self.carries_runs and not noise:
            return self.module(x)
        noise = noise or [()] * len(self.slots)
        if self.carries_runs:
            with _changing(self.slots, noise):
                return self.module(x)
        tensors = [[(numbers, draws.keys_per_run()) for _, numbers, draws in changes] for changes in noise]

        def one_run(state: dict, x: torch.Tensor, tensors: list) -> torch.Tensor:
            with _changing(self.slots, [_own(*pair) for pair in zip(noise, tensors, strict=True)]):
                return functional_call(self.module, state, (x,))

        return vmap(one_run, randomness="error")({**self.parameters, **self.constants}, spread(x, self.runs), tensors)


def places(model: StackedModel, image: tuple[int, ...] | None) -> list[Place]:
    """Where the model's slots are; ``image`` is the shape of a picture that its inputs are."""
    kinds = [slot.place for slot in model.slots]
    shapes = {"input": image}
    return [Place(kind, kinds[:i].count(kind), kinds.count(kind), shapes.get(kind)) for i, kind in enumerate(kinds)]


def _trained(module: nn.Module) -> dict[str, torch.Tensor]:
    return {name: p.detach() for name, p in module.named_parameters() if p.requires_grad}


def _constant(module: nn.Module) -> dict[str, torch.Tensor]:
    frozen = {name: p.detach() for name, p in module.named_parameters() if not p.requires_grad}
    return frozen | dict(module.named_buffers())


def _stacked(states: Sequence[dict[str, torch.Tensor]], device: torch.device) -> dict[str, Shaped[torch.Tensor, "runs ..."]]:
    return {name: torch.stack([state[name] for state in states]).to(device) for name in states[0]}


def _own(changes: Noise, tensors: list) -> Noise:
    """A slot's changes with the numbers and keys of one run."""
    pairs = zip(changes, tensors, strict=True)
    return [(change, numbers, draws.alone(keys)) for (change, _, draws), (numbers, keys) in pairs]


class _changing:
    """The slots apply their changes inside the block."""

    def __init__(self, slots: Sequence[Slot], noise: Sequence[Noise]):
        self.pairs = [(slot, changes) for slot, changes in zip(slots, noise, strict=True) if changes]

    def __enter__(self) -> None:
        for slot, changes in self.pairs:
            slot.change = lambda x, changes=changes: _apply(changes, x)

    def __exit__(self, *raised: object) -> None:
        for slot, _ in self.pairs:
            slot.change = None


def _apply(changes: Noise, x: torch.Tensor) -> torch.Tensor:
    for change, numbers, draws in changes:
        x = change(draws.meet(x), numbers, draws)
    return x
