"""What a model must be before a stack of it is trained: each mistake is refused with the way out."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import torch
from torch import nn

from regexp.datasets.dataset import Data
from regexp.program.part import Part
from regexp.regularizers.regularizer import Place
from regexp.rules import Invalid

_BANNED = (
    (nn.modules.dropout._DropoutNd, "draws numbers outside the run: use regexp.Slot('hidden') and regularizer=[dropout]"),
    (
        nn.modules.batchnorm._NormBase,
        "keeps running statistics outside the run: use LayerNorm or GroupNorm, which have none",
    ),
)


def refuse_state(module: nn.Module) -> None:
    """Refuse layers whose random numbers or memory would escape the run's own streams."""
    for name, layer in module.named_modules():
        for banned, why in _BANNED:
            if isinstance(layer, banned):
                raise refused(f"holds {type(layer).__name__}{name and f' ({name})'}, which {why}")
    for name, parameter in module.named_parameters():
        if isinstance(parameter, nn.parameter.UninitializedParameter):
            raise refused(f"leaves {name} uninitialised (a lazy layer): give its sizes in build")
    if not any(parameter.requires_grad for parameter in module.parameters()):
        count = len(list(module.parameters()))
        held = f"all its {count} parameters have requires_grad=False" if count else "it has no parameters"
        raise refused(f"has nothing to train ({held}): build at least one torch.nn.Parameter that requires a gradient")


def require_module(built: object) -> nn.Module:
    """Refuse what a model's ``build`` returns if it is no module."""
    if not isinstance(built, nn.Module):
        raise refused(f"must build a torch.nn.Module, got {built!r}: return it from build(features, outputs)")
    return built


def require_data(data: Data) -> None:
    """Refuse data that no step could learn from: splits without examples, and numbers that are not finite."""
    for split, rows in data.rows.items():
        if not len(rows):
            raise Invalid(
                "dataset", [(split, "must have an example at least, got none: make the split larger, or leave it out")]
            )
    for name, table in (("inputs", data.inputs), ("targets", data.targets)):
        if table.is_floating_point() and not table.sum().isfinite():  # a sum is much cheaper than a look at every number
            _require_finite(name, table, data)


def _require_finite(name: str, table: torch.Tensor, data: Data) -> None:
    bad = ~table.isfinite().flatten(1).all(1)
    for split, rows in data.rows.items():
        if count := int(bad[rows].sum()):
            found = next(number for number in table[rows[bad[rows]][0]].flatten().tolist() if not math.isfinite(number))
            why = f"must be finite, got {found} (in {count} of {len(rows)} examples): repair them, or leave them out"
            raise Invalid("dataset", [(f"{split} {name}", why)])


def require_penalties(parts: Sequence[Part], weights: Callable[[Part], list[torch.Tensor]], runs: int) -> None:
    """Refuse a penalty that is not one number per run."""
    for part in parts:
        with torch.no_grad():
            shape = tuple(part.regularizer.penalty(weights(part), part.numbers).shape)
        if shape != (runs,):
            why = f"penalty must return one number per run, shape ({runs},), got {shape}: sum over all axes but the first"
            raise Invalid("Experiment", [(f"regularizer.{part.name}", why)])


def require_in_place(part: Part, weight: torch.Tensor, numbers: dict[str, torch.Tensor]) -> None:
    """Refuse a hook around the step that returns a new weight, which nobody reads. ``weight`` may be changed by the trial."""
    for hook in ("before_step", "after_step"):
        if part.has(hook):
            step = weight.new_zeros(len(weight), *(1,) * (weight.dim() - 1))
            with torch.no_grad():
                returned = getattr(part.regularizer, hook)(weight, step, numbers)
            if returned is not None and returned is not weight:
                why = f"{hook} must change the weight in place, got a returned {type(returned).__name__}, which is not read"
                raise Invalid("Experiment", [(f"regularizer.{part.name}", f"{why}: end it with weight.copy_(...)")])


def require_image(image: tuple[int, ...] | None, features: int) -> None:
    """Refuse a data set whose pictures have other pixels than its examples have features."""
    if image is not None and math.prod(image) != features:
        raise Invalid("dataset", [("image", f"must have as many pixels as an example has features ({features}), got {image}")])


def require_slots(parts: Sequence[Part], places: Sequence[Place]) -> None:
    """Refuse a regularizer that would change activations in a model without a slot for it: it would silently do nothing."""
    for part in parts:
        asked = any(number.any() for number in part.numbers.values())
        if part.has("wrap") and asked and not any(part.regularizer.wrap(place, part.numbers) for place in places):
            slots = ", ".join(f"{place.place} {place.index}" for place in places) or "none"
            why = f"changes nothing: the model has no slot for it (slots: {slots}): put regexp.Slot('hidden') into the module"
            raise Invalid("Experiment", [(f"regularizer.{part.name}", why)])


def refused(text: str) -> Invalid:
    """A model is refused."""
    return Invalid("model", [("", text)])
