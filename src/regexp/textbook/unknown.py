"""Pictures that a network was not trained for: turned ones, ones without any shape, and pictures of something else."""

from __future__ import annotations

import functools
import math
import string
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from regexp import rng
from regexp.lazy import torch
from regexp.regularizers.augmentation import turn
from regexp.results import Result
from regexp.textbook.study import NotMeasured

FONTS = ("DejaVuSans", "DejaVuSans-Bold", "DejaVuSansMono", "DejaVuSerif", "STIXGeneral", "cmss10", "cmtt10", "cmti10")
"""Of those that come with matplotlib."""
MARGIN = 1 / 7
"""Of a picture's side, left empty at both ends: 4 pixels of 28, as on the pictures of MNIST."""
DRAWN = 72
"""The size in pixels of a letter before it is made as small as the picture."""


def turned(
    x: Float[torch.Tensor, "pictures pixels"], image: tuple[int, ...], degrees: float
) -> Float[torch.Tensor, "pictures pixels"]:
    """The pictures turned counterclockwise."""
    angles = torch.full((len(x),), math.radians(degrees), dtype=x.dtype)
    return turn(x.unflatten(1, (1, *image)[-3:]), angles).flatten(1)


def strange(
    x: Float[torch.Tensor, "pictures pixels"], image: tuple[int, ...]
) -> dict[str, Float[torch.Tensor, "strange_pictures pixels"]]:
    """All three, the turned ones by 90 degrees."""
    return {"turned": turned(x, image, 90), "letters": letters(x, image), "shuffled": shuffled(x)}


def size_of(network: Result) -> tuple[int, ...]:
    """Of the pictures of its data. Raises :class:`NotMeasured` if they are none."""
    if network.experiment.dataset.image is None:
        raise NotMeasured("strange pictures are made of pictures, and these data are none")
    return network.experiment.dataset.image


def shuffled(x: Float[torch.Tensor, "pictures pixels"]) -> Float[torch.Tensor, "pictures pixels"]:
    """Every picture's pixels in a random order of its own: the same greys, and nothing to be seen."""
    order = torch.rand(x.shape, generator=rng.generator(0, "shuffled pixels")).argsort(1)
    return x.gather(1, order)


def letters(x: Float[torch.Tensor, "pictures pixels"], image: tuple[int, ...]) -> Float[torch.Tensor, "letters pixels"]:
    """Printed letters, large and small, in several fonts, as bright on dark as the pictures are.

    Reference: after Bulatov, "notMNIST", 2011, pictures of letters that networks for other pictures are asked about.
    """
    sides = (1, *image)[-3:]
    drawn = torch.stack([_letter(font, letter, *sides[1:]) for font in FONTS for letter in string.ascii_letters])
    shown = drawn[:, None].expand(-1, *sides).flatten(1).to(x.dtype)
    return x.min() + (x.max() - x.min()) * shown


def _letter(font: str, letter: str, height: int, width: int) -> Float[torch.Tensor, "height width"]:
    """One letter in the middle, between 0 and 1, as large as fits."""
    face = _face(font)
    face.set_text(letter)
    face.draw_glyphs_to_bitmap()
    ink = torch.from_numpy(np.array(face.get_image(), dtype=np.float32) / 255)
    scale = min(side * (1 - 2 * MARGIN) / drawn for side, drawn in zip((height, width), ink.shape, strict=True))
    size = [max(1, round(scale * drawn)) for drawn in ink.shape]
    small = torch.nn.functional.interpolate(ink[None, None], size, mode="bilinear", antialias=True)[0, 0]
    top, left = (height - size[0]) // 2, (width - size[1]) // 2
    picture = torch.zeros(height, width)
    picture[top : top + size[0], left : left + size[1]] = small
    return picture


@functools.cache
def _face(font: str) -> Any:
    import matplotlib
    from matplotlib.ft2font import FT2Font

    face = FT2Font(str(Path(matplotlib.get_data_path()) / "fonts" / "ttf" / f"{font}.ttf"))
    face.set_size(DRAWN, 72)
    return face
