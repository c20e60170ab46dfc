"""Random changes of activations during training: who draws, and where."""

from __future__ import annotations

import dataclasses
import math

from jaxtyping import Float, Int

from regexp import rng
from regexp.lazy import torch
from regexp.stack.axis import spread

AT_ONCE = 1 << 17
"""64-bit numbers that are drawn at once: for many steps where a step needs few, since a draw is a dozen operations."""
STEPS_AT_ONCE = 64
"""At most, since a training may be short."""


class Stream:
    """The random bits of one regularizer at one slot, step after step, drawn for several steps at once."""

    def __init__(self, keys: Int[torch.Tensor, " streams"]):
        self.keys = keys
        self._steps: range = range(0)
        self._drawn: tuple[torch.Tensor, ...] = ()

    def bits(self, step: int, count: int) -> Int[torch.Tensor, "streams count"]:
        """Those of :func:`regexp.rng.bits`."""
        ahead = min(STEPS_AT_ONCE, AT_ONCE // max(1, len(self.keys) * count))
        if ahead <= 1:
            return rng.bits(self.keys, step, count)
        if step not in self._steps or count > self._drawn[0].shape[-1]:
            self._steps = range(step, step + ahead)
            self._drawn = rng.bits_of_steps(self.keys, self._steps, count).unbind()
        return _first(self._drawn[step - self._steps.start], count)


@dataclasses.dataclass(frozen=True)
class Draws:
    """The random numbers of one regularizer at one slot in one training step.

    Runs with equal seeds share a stream (``keys``), whatever their neighbours or other settings are: runs that differ only
    in a strength see the same masks, and a comparison over seeds is a paired one.
    """

    keys: Int[torch.Tensor, "*streams"]
    step: int
    runs: int
    stream: Stream | None = None
    """Where the bits of these keys come from, if several steps are drawn at once."""

    def sixteenths(self, *shape: int) -> Int[torch.Tensor, "*runs_and_shape"]:
        """Uniform integers in [-2**15, 2**15), shaped (runs, *shape): four for every 64 bits drawn.

        Not to be changed in place: who draws once more in this step gets the same numbers.
        """
        count = math.prod(shape)
        bits = self._bits(-(-count // 4))
        lanes = _first(bits.view(torch.int16) if self.keys.dim() else _sixteenths(bits), count)
        lanes = lanes.view(*lanes.shape[:-1], *shape)
        return spread(lanes, self.runs) if self.keys.dim() else lanes

    def normals(self, *shape: int, dtype: torch.dtype) -> Float[torch.Tensor, "*runs_and_shape"]:
        """Standard normal numbers, shaped (runs, *shape): two for every 64 bits drawn.

        Both coordinates of a random point, by its radius sqrt(-2 log u) and angle 2 pi v with u, v uniform of 32 bits.

        Reference: Box and Muller, "A note on the generation of random normal deviates", 1958.
        """
        count = math.prod(shape)
        bits = self._bits(-(-count // 2))
        radius = (-2 * _uniform(bits >> 32, dtype).log()).sqrt()
        angle = 2 * math.pi * _uniform(bits, dtype)
        pairs = torch.cat([radius * angle.cos(), radius * angle.sin()], -1)
        normals = pairs[..., :count].unflatten(-1, shape)
        return spread(normals, self.runs) if self.keys.dim() else normals

    def meet(self, x: Float[torch.Tensor, "..."]) -> Float[torch.Tensor, "..."]:
        """Activations with one entry per run, as the draws have."""
        return spread(x, self.runs) if self.keys.dim() else x

    def alone(self, keys: Int[torch.Tensor, ""]) -> Draws:
        """The draws of one run of the stack, seen from inside ``vmap``."""
        return Draws(keys, self.step, runs=1)

    def _bits(self, count: int) -> Int[torch.Tensor, "*streams count"]:
        return self.stream.bits(self.step, count) if self.stream else rng.bits(self.keys, self.step, count)

    def keys_per_run(self) -> Int[torch.Tensor, " runs"]:
        """The key of every run's stream."""
        return spread(self.keys, self.runs)


def _first(numbers: Int[torch.Tensor, "*streams n"], count: int) -> Int[torch.Tensor, "*streams count"]:
    """So many of the numbers; a view, and even that takes time where a step is short."""
    return numbers if numbers.shape[-1] == count else numbers[..., :count]


def _sixteenths(bits: Int[torch.Tensor, " count"]) -> Int[torch.Tensor, " four_times_count"]:
    """``bits.view(torch.int16)`` inside ``vmap``, where PyTorch 2.11 has no such view."""
    return torch.stack([bits >> shift for shift in (0, 16, 32, 48)], -1).flatten(-2).to(torch.int16)


def _uniform(bits: Int[torch.Tensor, "*shape"], dtype: torch.dtype) -> Float[torch.Tensor, "*shape"]:
    """The lowest 32 bits as a number in (0, 1]; the half keeps it from being zero."""
    return ((bits & 0xFFFFFFFF).to(dtype) + 0.5) * 2.0**-32
