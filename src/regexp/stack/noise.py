"""Random changes of activations during training: who draws, and where."""

from __future__ import annotations

import dataclasses
import math

from jaxtyping import Float, Int

from regexp import rng
from regexp.lazy import torch
from regexp.stack.axis import spread


@dataclasses.dataclass(frozen=True)
class Draws:
    """The random numbers of one regularizer at one slot in one training step.

    Runs with equal seeds share a stream (``keys``), whatever their neighbours or other settings are: runs that differ only
    in a strength see the same masks, and a comparison over seeds is a paired one.
    """

    keys: Int[torch.Tensor, "*streams"]
    step: int
    runs: int

    def sixteenths(self, *shape: int) -> Int[torch.Tensor, "*runs_and_shape"]:
        """Uniform integers in [-2**15, 2**15), shaped (runs, *shape): four for every 64 bits drawn."""
        count = math.prod(shape)
        lanes = rng.bits(self.keys, self.step, -(-count // 4)).view(torch.int16)[..., :count].unflatten(-1, shape)
        return spread(lanes, self.runs) if self.keys.dim() else lanes

    def meet(self, x: Float[torch.Tensor, "..."]) -> Float[torch.Tensor, "..."]:
        """Activations with one entry per run, as the draws have."""
        return spread(x, self.runs) if self.keys.dim() else x

    def alone(self, keys: Int[torch.Tensor, ""]) -> Draws:
        """The draws of one run of the stack, seen from inside ``vmap``."""
        return Draws(keys, self.step, runs=1)

    def keys_per_run(self) -> Int[torch.Tensor, " runs"]:
        """The key of every run's stream."""
        return spread(self.keys, self.runs)
