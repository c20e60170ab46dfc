"""Dropout."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from jaxtyping import Float, Int

from regexp.component import Search, per_run
from regexp.lazy import torch
from regexp.regularizers.regularizer import Change, Place, Regularizer
from regexp.rules import Invalid, number_or_list, one_of, require, within
from regexp.stack.noise import Draws, Make
from regexp.stack.numbers import Numbers

if TYPE_CHECKING:
    from regexp.experiment import Experiment

_LEVELS = 1 << 16


@dataclasses.dataclass(frozen=True)
class Dropout(Regularizer):
    """Inverted dropout: during training ``h <- h * m / (1 - rate)``, with m = 0 with probability ``rate``, else 1.

    ``rate`` is the probability of *dropping* a hidden unit, one number or one per hidden layer, and ``input_rate`` that of
    dropping an input. Rates are rounded to a multiple of 2**-16, and the scale belongs to the rounded rate, so that the mean
    is preserved exactly. ``mask``: ``example`` draws one mask per example; ``batch`` one per mini-batch, so that a step trains
    one thinned network, as some textbooks program it. Evaluation uses all units as they are. On a linear model input dropout
    is adaptive ridge regression, ``lam_j = rate / (1 - rate) * (X'X)_jj / n``.

    Reference: Srivastava et al., "Dropout: a simple way to prevent neural networks from overfitting", 2014.

    >>> Dropout(rate=(0.3, 0.5))
    Dropout(rate=(0.3, 0.5), input_rate=0.0, mask='example')
    """

    rate: Any = per_run(off=0.0, search=Search(0.0, 0.9))
    input_rate: float = per_run(0.0, off=0.0)
    mask: str = "example"

    def __post_init__(self) -> None:
        require(self, rate=number_or_list(within(0, 1)), input_rate=within(0, 1), mask=one_of("example", "batch"))
        if isinstance(self.rate, list):
            object.__setattr__(self, "rate", tuple(self.rate))

    def wrap(self, place: Place, numbers: Numbers) -> Change | None:
        if not self._rate(place, numbers).any():
            return None
        whole, masks = numbers, masks_of(self._rate(place, numbers))

        def change(x: torch.Tensor, numbers: Numbers, draws: Draws) -> torch.Tensor:
            own = masks if numbers is whole else masks_of(self._rate(place, numbers))  # else: one run's, inside vmap
            return x * draws.ahead(own, x.shape[-2] if self.mask == "example" else 1, x.shape[-1])

        return change

    def _rate(self, place: Place, numbers: Numbers) -> Float[torch.Tensor, "..."]:
        if place.place == "input":
            return numbers["input_rate"]
        rates = numbers["rate"]
        one_per_layer = rates.dim() > numbers["input_rate"].dim()
        if one_per_layer and rates.shape[-1] != place.count:
            why = f"must be one number or {place.count} (one per hidden slot of the model), got {rates.shape[-1]}"
            raise Invalid("Dropout", [("rate", why)])
        return rates[..., place.index] if one_per_layer else rates

    def conflicts(self, experiment: Experiment) -> list[tuple[str, str]]:
        layers = experiment.model.hidden_layers
        if layers is None:
            return []
        got = list(self.rate) if isinstance(self.rate, tuple) else self.rate
        if self.rate and not layers:
            return [("rate", f"drops hidden units, and this model has none, got {got}: set rate=0 and use input_rate")]
        if isinstance(self.rate, tuple) and len(self.rate) != layers:
            return [("rate", f"must be one number or {layers} (one per hidden layer), got {got}")]
        return []


def masks_of(rate: Float[torch.Tensor, "*rates"]) -> Make:
    """The function from 16-bit draws (..., *rates, batch, units) to masks: 0 for what is dropped, else ``1 / (1 - rate)``."""
    # From the number of levels dropped follows the highest of them, as they are drawn (from -2**15).
    dropped = (rate * _LEVELS).round().clamp(max=_LEVELS - 1)[..., None, None]
    highest, scale = dropped - (_LEVELS // 2 + 1), _LEVELS / (_LEVELS - dropped)

    def masks(drawn: Int[torch.Tensor, "*steps_and_runs batch units"]) -> Float[torch.Tensor, "*steps_and_runs batch units"]:
        above = drawn.to(scale.dtype).sub_(highest)  # whole numbers, of which a clamp to 0 and 1 is the comparison
        return torch.nn.functional.hardtanh_(above, 0.0, 1.0).mul_(scale)  # in place: vmap has rules for neither gt_ nor clamp_

    return masks
