"""Random changes of activations during training: who draws, and where."""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Callable, Hashable

from jaxtyping import Float, Int, Shaped

from regexp import rng
from regexp.lazy import torch
from regexp.stack.axis import spread

AT_ONCE = 1 << 17
"""64-bit numbers that are drawn, or of which something is made for every run, at once: for many steps where a step needs few,
since a draw is a dozen operations."""
STEPS_AT_ONCE = 64
"""At most, since a training may be short."""

KINDS_AT_ONCE = 8
"""Of what is kept for the following steps: a new function in every step must not fill the memory."""

Make = Callable[["torch.Tensor"], "torch.Tensor"]
"""What a regularizer makes of 16-bit numbers (..., runs, *shape), each for itself: see :meth:`Draws.ahead`."""


class Stream:
    """The random bits of one regularizer at one slot, step after step, and what it makes of them, for several steps at once."""

    def __init__(self, keys: Int[torch.Tensor, " streams"]):
        self.keys = keys
        self._ahead: dict[Hashable, tuple[range, tuple[torch.Tensor, ...]]] = {}

    def bits(self, step: int, count: int) -> Int[torch.Tensor, "streams count"]:
        """Those of :func:`regexp.rng.bits`."""
        draw = functools.partial(rng.bits_of_steps, self.keys, count=count)
        return self._of_step("bits", step, (count,), len(self.keys) * count, draw)

    def made(self, make: Make, step: int, shape: tuple[int, ...], runs: int) -> Shaped[torch.Tensor, "runs *shape"]:
        """What ``make`` gives for the :func:`sixteenths` of this step."""
        count = -(-math.prod(shape) // 4)

        def draw(steps: range) -> Shaped[torch.Tensor, "steps runs *shape"]:
            return make(sixteenths(rng.bits_of_steps(self.keys, steps, count), shape, runs))

        return self._of_step((make, shape[1:]), step, shape, runs * count, draw)

    def _of_step(
        self, what: Hashable, step: int, shape: tuple[int, ...], size: int, draw: Callable[[range], torch.Tensor]
    ) -> torch.Tensor:
        """The step's part of what is drawn for this and the following ones; of a smaller batch, that of its examples."""
        ahead = min(STEPS_AT_ONCE, AT_ONCE // max(1, size))
        if ahead <= 1:
            return draw(range(step, step + 1))[0]
        steps, drawn = self._ahead.get(what, (range(0), ()))
        if step not in steps or drawn[0].shape[-len(shape)] < shape[0]:
            steps = range(step, step + ahead)
            drawn = draw(steps).unbind()
            if what not in self._ahead and len(self._ahead) == KINDS_AT_ONCE:
                self._ahead.clear()
            self._ahead[what] = steps, drawn
        return _first(drawn[step - steps.start], shape[0], -len(shape))


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
    """Where the bits of these keys come from, and what is made of them, if several steps are drawn at once."""

    def sixteenths(self, *shape: int) -> Int[torch.Tensor, "*runs_and_shape"]:
        """Uniform integers in [-2**15, 2**15), shaped (runs, *shape): four for every 64 bits drawn.

        Not to be changed in place: who draws once more in this step gets the same numbers.
        """
        return sixteenths(self._bits(-(-math.prod(shape) // 4)), shape, self.runs)

    def ahead(self, make: Make, *shape: int) -> Shaped[torch.Tensor, "*runs_and_shape"]:
        """``make(self.sixteenths(*shape))``, for several steps at once where a step needs little; not to be changed either.

        ``make`` sees a leading axis of steps, and takes every number for itself. It is one function for all steps, by which
        what was made is found again: with another in every step, up to 64 steps are made for each one used.
        """
        if self.stream is None:
            return make(self.sixteenths(*shape))
        return self.stream.made(make, self.step, shape, self.runs)

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


def sixteenths(
    bits: Int[torch.Tensor, "*steps_and_streams count"], shape: tuple[int, ...], runs: int
) -> Int[torch.Tensor, "*steps_and_runs_and_shape"]:
    """The four 16-bit numbers in each 64-bit one, as many as ``shape`` has, for the runs of every stream."""
    one_run = bits.dim() == 1  # inside vmap
    lanes = _first(_lanes(bits) if one_run else bits.view(torch.int16), math.prod(shape))
    lanes = lanes.view(*lanes.shape[:-1], *shape)
    return lanes if one_run else spread(lanes, runs, dim=bits.dim() - 2)


def _first(numbers: Shaped[torch.Tensor, "..."], count: int, axis: int = -1) -> Shaped[torch.Tensor, "..."]:
    """So many of the numbers along an axis; a view, and even that takes time where a step is short."""
    return numbers if numbers.shape[axis] == count else numbers.narrow(axis, 0, count)


def _lanes(bits: Int[torch.Tensor, " count"]) -> Int[torch.Tensor, " four_times_count"]:
    """``bits.view(torch.int16)`` inside ``vmap``, where PyTorch 2.11 has no such view."""
    return torch.stack([bits >> shift for shift in (0, 16, 32, 48)], -1).flatten(-2).to(torch.int16)


def _uniform(bits: Int[torch.Tensor, "*shape"], dtype: torch.dtype) -> Float[torch.Tensor, "*shape"]:
    """The lowest 32 bits as a number in (0, 1]; the half keeps it from being zero."""
    return ((bits & 0xFFFFFFFF).to(dtype) + 0.5) * 2.0**-32
