"""Whether a module is a function of its parameters and of one example, and of nothing else."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch
from jaxtyping import Float
from torch import nn

from regexp.program.checks import refused

_DRAW = "put regexp.Slot('hidden') there and choose regularizer=[dropout] or [input_noise], which draw for it"
_DEPEND = "use the parameters in forward, and leave out detach(), .data, torch.no_grad() and NumPy"
_KEEP = "keep no state outside the parameters, and assign nothing to self in forward (LayerNorm and GroupNorm need none)"
_APART = ("_parameters", "_buffers", "_modules", "training")
_PLAIN = (bool, int, float, complex, str, bytes)

_Held = tuple[Any, int | None, torch.Tensor | None]
"""A value; of a tensor also how often it was changed in place, and a copy, since ``.data`` does not count."""


def require_function(
    module: nn.Module,
    scores: Callable[[torch.Tensor], torch.Tensor],
    x: Float[torch.Tensor, "..."],
    one: Float[torch.Tensor, "..."],
) -> None:
    """Refuse a forward that draws, remembers, is another in evaluation, or lets the examples of a batch meet.

    The scores of a batch ``x``, and of ``one`` example of it, its first, are taken as training takes them, as its metrics are,
    and as they are of the model that a result gives back. Torch's generator and the module's mode stay as they were.
    """
    before, generator = _held(module), torch.get_rng_state()
    try:
        first, again = scores(x), scores(x)
        if not first.requires_grad:
            raise refused(f"gives scores that no parameter can change: {_DEPEND}")
        if not torch.equal(generator, torch.get_rng_state()):
            raise refused(f"draws random numbers in its forward, outside the run's own streams: {_DRAW}")
        _require_unchanged(module, before)
        if not torch.allclose(first, again, rtol=0, atol=0, equal_nan=True):
            why = "gives other scores for the same inputs at the second time, so it draws or remembers"
            raise refused(f"{why}: {_KEEP}; to draw, {_DRAW}")
        with torch.no_grad():
            measured, alone = scores(x), scores(one)
            module.eval()
            given_back = scores(x)
        _require_unchanged(module, before)
    finally:
        module.train()
        torch.set_rng_state(generator)
    if not (_close(first, measured) and _close(first, given_back)):
        why = "gives other scores in evaluation than in training (it asks self.training, or whether gradients are taken)"
        raise refused(f"{why}: what acts in training only is a regularizer's, in a regexp.Slot, and {_KEEP}")
    if not _close(first[..., :1, :], alone):
        why = "gives an example other scores alone than in a batch"
        raise refused(f"{why}: normalise over features (LayerNorm, GroupNorm), not over the batch")


def _require_unchanged(module: nn.Module, before: Mapping[str, _Held]) -> None:
    now = _held(module)
    changed = [name for name in {**before, **now} if not (name in before and name in now and _same(before[name], now[name]))]
    if changed:
        names = dict.fromkeys(name.partition("[")[0] for name in changed)
        raise refused(f"changes {', '.join(names)} in its forward, which is state outside the run: {_KEEP}")


def _held(module: nn.Module) -> dict[str, _Held]:
    """All that the module and its parts hold, by name."""
    found = {}
    for path, layer in module.named_modules():
        tensors = {**layer._parameters, **layer._buffers}
        own = {name: value for name, value in vars(layer).items() if name not in _APART}
        for name, value in {**own, **tensors}.items():
            for place, leaf in _leaves(f"{path}.{name}".lstrip("."), value):
                is_tensor = isinstance(leaf, torch.Tensor)
                found[place] = (leaf, leaf._version, leaf.detach().clone()) if is_tensor else (leaf, None, None)
    return found


def _leaves(place: str, value: Any) -> Iterator[tuple[str, Any]]:
    """What lists, tuples and dicts hold in the end."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _leaves(f"{place}[{key!r}]", item)
    elif isinstance(value, (list, tuple, deque)):
        for i, item in enumerate(value):
            yield from _leaves(f"{place}[{i}]", item)
    else:
        yield place, value


def _same(one: _Held, other: _Held) -> bool:
    (a, changes, copy), (b, changed, copied) = one, other
    if copy is not None and copied is not None:
        return a is b and changes == changed and torch.equal(copy.nan_to_num(), copied.nan_to_num())
    return a is b or (isinstance(a, _PLAIN) and type(a) is type(b) and a == b)


def _close(scores: torch.Tensor, others: torch.Tensor) -> bool:
    """Up to rounding, which other kernels may do differently."""
    scale = scores.abs().nan_to_num().max().item()
    return torch.allclose(scores, others, rtol=0, atol=0.01 * scale, equal_nan=True)
