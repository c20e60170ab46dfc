"""Data sets of torchvision's shape: MNIST, KMNIST, CIFAR-10 and their relatives, by the name of torchvision's class."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import inspect
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from regexp.component import location, per_run
from regexp.datasets import image_splits
from regexp.datasets.dataset import Data, DataError, Dataset
from regexp.datasets.labels import proportional_order, redrawn
from regexp.datasets.roots import roots
from regexp.datasets.torchvision_files import advice
from regexp.lazy import torch
from regexp.rules import Invalid, require

SIZES = {"MNIST": (60_000, 10_000), "KMNIST": (60_000, 10_000), "CIFAR10": (50_000, 10_000), "CIFAR100": (50_000, 10_000)}
"""Training and test images of the usual ones, known without loading."""

PICTURES = {
    **dict.fromkeys(("MNIST", "KMNIST", "FashionMNIST"), (28, 28)),
    **dict.fromkeys(("CIFAR10", "CIFAR100"), (3, 32, 32)),
    "USPS": (16, 16),
}
"""How their pixels make a picture."""


@dataclasses.dataclass(frozen=True)
class Images(Dataset):
    """Pixels as features (colours too, flattened) and integer classes, from a data set of torchvision.

    ``images``: a class of ``torchvision.datasets`` that takes ``root``, ``train`` and ``download`` and has ``data`` and
    ``targets``: MNIST, KMNIST, FashionMNIST, CIFAR10, CIFAR100, USPS ... Its test images are the test split, always.
    ``root``: where its files are, in the folders that torchvision makes; null means ``$REGEXP_DATA``, else
    ``~/.cache/regexp``. The other fields are those of :class:`regexp.datasets.fashion_mnist.FashionMNIST`.

    Raises :class:`regexp.datasets.dataset.DataError` where the files are missing and cannot be downloaded.
    """

    task = "classification"

    images: str
    root: str | None = location(None)
    download: bool = location(True)
    train_size: int | None = None
    val_size: int = 5000
    normalize: str = "unit"
    label_noise: float = per_run(0.0)
    seed: int | None = per_run(None)

    def __post_init__(self) -> None:
        require(self, images=_identifier, **image_splits.RULES)
        if self.images in SIZES:
            image_splits.require_room(self, SIZES[self.images][0])

    @property
    def sizes(self) -> dict[str, int]:
        return image_splits.sizes(self, *SIZES[self.images]) if self.images in SIZES else {}

    @property
    def image(self) -> tuple[int, ...] | None:
        return PICTURES.get(self.images)

    @property
    def shares(self) -> dict[str, float]:
        """Of the usual size where it is not known."""
        sizes = image_splits.sizes(self, *SIZES.get(self.images, SIZES["MNIST"]))
        return {split: float(size) for split, size in sizes.items()}

    @property
    def resplit(self) -> tuple[str, ...]:
        return image_splits.resplit(self, SIZES.get(self.images, (None, None))[0])

    def load(self, seed: int, dtype: torch.dtype) -> Data:
        folder = str(roots(self.root)[0])
        table = _table(self.images, folder, self.download, dtype)
        image_splits.require_room(self, table.training)
        sizes = image_splits.sizes(self, table.training, len(table.labels) - table.training)
        rows = image_splits.rows(proportional_order(table.labels[: table.training], table.classes, seed), sizes)
        labels = table.labels
        if self.label_noise:
            labels = redrawn(labels, rows["train"], self.label_noise, table.classes, seed)
        center, scale = (0.5, 0.5) if self.normalize == "symmetric" else (0.0, 1.0)
        if self.normalize == "standardize":
            seen = table.inputs[rows["train"]].double()
            center, scale = seen.mean().item(), seen.std(correction=0).item()
        return Data(table.inputs, labels, rows, table.classes, center, scale, table.hashes, folder=folder)


@dataclasses.dataclass(frozen=True, eq=False)
class _Table:
    """All images as rows in [0, 1], the training images first."""

    inputs: Float[torch.Tensor, "examples features"]
    labels: Int[torch.Tensor, " examples"]
    training: int
    classes: int
    hashes: dict[str, str]


@functools.lru_cache(maxsize=1)
def _table(name: str, root: str, download: bool, dtype: torch.dtype) -> _Table:
    """Cached, so that all runs of a stack share one."""
    parts = [_read(name, root, train, download) for train in (True, False)]
    pixels = torch.cat([torch.from_numpy(images).flatten(1) for images, _ in parts]).to(dtype).div_(255)
    labels = torch.cat([torch.from_numpy(labels) for _, labels in parts])
    hashes = {f"{name} {split}": _content(*part) for split, part in zip(("training", "test"), parts, strict=True)}
    return _Table(pixels, labels, len(parts[0][1]), int(labels.max()) + 1, hashes)


def _read(name: str, root: str, train: bool, download: bool) -> tuple[np.ndarray, np.ndarray]:
    """Images of unsigned bytes and labels, through torchvision, which knows where the files are and what is in them."""
    kind = _class(name)
    try:
        found = kind(root, train=train, download=False)
    except (RuntimeError, FileNotFoundError) as missing:
        if not download:
            raise DataError(f"{name} was not found in {root} (dataset.download=false)\n{advice(kind, root)}") from missing
        try:
            found = kind(root, train=train, download=True)
        except (OSError, RuntimeError) as error:
            raise DataError(f"{name} was not found in {root} (its download failed: {error})\n{advice(kind, root)}") from error
    images = np.asarray(found.data)
    channels_first = images.transpose(0, 3, 1, 2) if images.ndim == 4 else images
    return np.ascontiguousarray(channels_first), np.asarray(found.targets, dtype=np.int64)


def _class(name: str) -> Any:
    from torchvision import datasets

    kind = getattr(datasets, name, None)
    if not isinstance(kind, type) or not {"root", "train", "download"} <= set(inspect.signature(kind).parameters):
        why = f"must name a class of torchvision.datasets that takes root, train and download, got {name!r}"
        raise Invalid("Images", [("images", f"{why}: such as {', '.join(SIZES)}")])
    return kind


def _content(images: np.ndarray, labels: np.ndarray) -> str:
    digest = hashlib.sha256(np.ascontiguousarray(images).tobytes())
    digest.update(labels.tobytes())
    return digest.hexdigest()


def _identifier(value: Any) -> str | None:
    return None if isinstance(value, str) and value.isidentifier() else f"must be the name of a class, got {value!r}"
