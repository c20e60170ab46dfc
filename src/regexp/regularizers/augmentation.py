"""Training pictures moved at random."""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING

from jaxtyping import Float, Int

from regexp.component import Search, per_run
from regexp.lazy import torch
from regexp.regularizers.regularizer import Change, Place, Regularizer
from regexp.rules import require, whole, within
from regexp.stack.noise import Draws
from regexp.stack.numbers import Numbers

if TYPE_CHECKING:
    from regexp.experiment import Experiment


@dataclasses.dataclass(frozen=True)
class Augmentation(Regularizer):
    """Moves every training picture anew in every step: turned about its middle, then shifted by whole pixels.

    Both shifts (down, right) are uniform over the whole numbers in [-shift, shift], the angle (counterclockwise) is uniform in
    [-degrees, degrees]. Turned pictures are interpolated linearly between pixels; beyond its border a picture repeats its edge,
    so that no colour of the background has to be known. Only training sees moved pictures, and no number of examples changes.
    The data set must be one of pictures (:attr:`regexp.Dataset.image`). List it before other regularizers of the input.

    Reference: Simard, Steinkraus and Platt, "Best practices for convolutional neural networks applied to visual document
    analysis", 2003; Nielsen, "Neural Networks and Deep Learning", 2015, chapter 3.

    >>> Augmentation(shift=2)
    Augmentation(shift=2, degrees=5.0)
    """

    shift: int = per_run(1, off=0, search=Search(0, 3))
    degrees: float = per_run(5.0, off=0.0, search=Search(0.0, 20.0))

    def __post_init__(self) -> None:
        require(self, shift=whole(0), degrees=within(0, 180, closed=True))

    def wrap(self, place: Place, numbers: Numbers) -> Change | None:
        turns, shifts = bool(numbers["degrees"].any()), bool(numbers["shift"].any())
        if place.place != "input" or not (turns or shifts):
            return None
        if place.image is None:
            raise ValueError("a model's input must be a picture: see conflicts")
        image = (1, *place.image)[-3:]

        def change(x: torch.Tensor, numbers: Numbers, draws: Draws) -> torch.Tensor:
            offsets, angles = moves(numbers["shift"], numbers["degrees"], draws, x.shape[-2])
            turned = turn(x.unflatten(-1, image), angles).flatten(-3) if turns else x
            x = torch.where((numbers["degrees"] > 0)[..., None, None], turned, x)
            return shifted(x.unflatten(-1, image), offsets).flatten(-3) if shifts else x

        return change

    def conflicts(self, experiment: Experiment) -> list[tuple[str, str]]:
        data = experiment.dataset
        if data.image is None and (self.shift or self.degrees):
            field = "shift" if self.shift else "degrees"
            why = f"moves pictures, and {data.name()} has none (its image is None), got {getattr(self, field)}"
            return [(field, f"{why}: choose a data set of pictures such as fashion_mnist")]
        return []


def moves(
    shift: Float[torch.Tensor, "*runs"], degrees: Float[torch.Tensor, "*runs"], draws: Draws, batch: int
) -> tuple[Int[torch.Tensor, "*all batch 2"], Float[torch.Tensor, "*all batch"]]:
    """The shifts (down, right) and the angle in radians of every example, from three 16-bit draws each."""
    drawn = draws.sixteenths(batch, 3)
    most = shift.to(torch.int64)[..., None, None]
    offsets = ((drawn[..., :2].to(torch.int64) + (1 << 15)) * (2 * most + 1) >> 16) - most
    angles = (drawn[..., 2].to(degrees.dtype) + 0.5) * (degrees * math.pi / 180 / (1 << 15))[..., None]
    return offsets, angles


def shifted(
    pictures: Float[torch.Tensor, "*all channels height width"], offsets: Int[torch.Tensor, "*all 2"]
) -> Float[torch.Tensor, "*all channels height width"]:
    """Pictures shifted down and right, exactly: the pixel at p comes from ``p - offset``."""
    channels, height, width = pictures.shape[-3:]
    y = torch.arange(height, device=pictures.device)[:, None] - offsets[..., 0, None, None]
    x = torch.arange(width, device=pictures.device)[None, :] - offsets[..., 1, None, None]
    sources = (y.clamp(0, height - 1) * width + x.clamp(0, width - 1)).flatten(-2).unsqueeze(-2)
    sources = sources.expand(*sources.shape[:-2], channels, height * width)
    return pictures.flatten(-2).gather(-1, sources).unflatten(-1, (height, width))


def turn(
    pictures: Float[torch.Tensor, "*all channels height width"], angles: Float[torch.Tensor, "*all"]
) -> Float[torch.Tensor, "*all channels height width"]:
    """Pictures turned counterclockwise about their middle: the pixel at p comes from ``R(p - middle) + middle``."""
    height, width = pictures.shape[-2:]
    down = torch.arange(height, dtype=pictures.dtype, device=pictures.device)[:, None] - (height - 1) / 2
    right = torch.arange(width, dtype=pictures.dtype, device=pictures.device)[None, :] - (width - 1) / 2
    sine, cosine = angles.sin()[..., None, None], angles.cos()[..., None, None]
    y, x = cosine * down + sine * right, cosine * right - sine * down
    grid = torch.stack([x * (2 / width), y * (2 / height)], -1)  # the picture's borders lie at -1 and 1
    flat = pictures.reshape(-1, *pictures.shape[-3:]), grid.reshape(-1, *grid.shape[-3:])
    return torch.nn.functional.grid_sample(*flat, padding_mode="border", align_corners=False).reshape(pictures.shape)
