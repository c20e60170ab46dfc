"""Fashion-MNIST: 70,000 pictures of clothes in ten classes."""

from __future__ import annotations

import dataclasses
import functools
import math
from typing import Any

from jaxtyping import Float, Int

from regexp.component import location, per_run
from regexp.datasets import fashion_mnist_files, image_splits
from regexp.datasets.dataset import Data, Dataset
from regexp.datasets.idx import parse_idx
from regexp.datasets.labels import redrawn, stratified_order
from regexp.lazy import torch
from regexp.rules import each, require

CLASSES = 10
TRAINING = 60_000
TEST = 10_000
IMAGE = (28, 28)
PIXELS = math.prod(IMAGE)


@dataclasses.dataclass(frozen=True)
class FashionMNIST(Dataset):
    """28 x 28 grey pixels as 784 features, ten classes; the 10,000 test images are the published ones, always.

    ``val_size`` of the 60,000 training images validate and ``train_size`` train (null: all others), both stratified by class.
    ``normalize``: unit, x in [0, 1]; symmetric, (x - 0.5) / 0.5; standardize, one mean and deviation of the training split.
    ``label_noise``: the fraction of training labels drawn anew, uniformly over all classes. ``seed``: null means the run's.
    ``root``: a folder with the four files, raw or as .gz; null means ``$REGEXP_DATA``, else ``~/.cache/regexp``. Other usual
    places are searched too; then, if ``download``, they are downloaded, from ``mirrors`` (a list of addresses), then
    from torchvision's. Files are verified, and a wrong one is an error.

    Reference: Xiao, Rasul and Vollgraf, "Fashion-MNIST: a novel image dataset for benchmarking machine learning algorithms",
    2017.
    """

    task = "classification"

    root: str | None = location(None)
    download: bool = location(True)
    mirrors: Any = location(())
    train_size: int | None = None
    val_size: int = 5000
    normalize: str = "unit"
    label_noise: float = per_run(0.0)
    seed: int | None = per_run(None)

    def __post_init__(self) -> None:
        require(self, mirrors=each(_address), **image_splits.RULES)
        image_splits.require_room(self, TRAINING)

    @property
    def image(self) -> tuple[int, ...]:
        return IMAGE

    @property
    def sizes(self) -> dict[str, int]:
        return image_splits.sizes(self, TRAINING, TEST)

    @property
    def resplit(self) -> tuple[str, ...]:
        return image_splits.resplit(self, TRAINING)

    def load(self, seed: int, dtype: torch.dtype) -> Data:
        table = _table(self.root, self.download, tuple(self.mirrors), self.normalize == "symmetric", dtype)
        rows = image_splits.rows(stratified_order(table.labels[:TRAINING], CLASSES, seed), self.sizes)
        labels = table.labels
        if self.label_noise:
            labels = redrawn(labels, rows["train"], self.label_noise, CLASSES, seed)
        center, scale = table.mean_and_deviation(rows["train"]) if self.normalize == "standardize" else (0.0, 1.0)
        return Data(table.inputs, labels, rows, CLASSES, center, scale, table.hashes, folder=table.folder)


@dataclasses.dataclass(frozen=True, eq=False)
class _Table:
    """All images and labels, the training images first."""

    inputs: Float[torch.Tensor, "examples features"]
    labels: Int[torch.Tensor, " examples"]
    means: Float[torch.Tensor, " examples"]
    norms: Float[torch.Tensor, " examples"]
    """Of every image, which spares each seed a pass over all pixels."""
    hashes: dict[str, str]
    folder: str | None

    def mean_and_deviation(self, rows: Int[torch.Tensor, " rows"]) -> tuple[float, float]:
        """Over all pixels of some images."""
        mean = self.means[rows].double().mean().item()
        square = self.norms[rows].double().square().mean().item() / PIXELS
        return mean, math.sqrt(square - mean**2)


@functools.lru_cache(maxsize=1)
def _table(root: str | None, download: bool, mirrors: tuple[str, ...], symmetric: bool, dtype: torch.dtype) -> _Table:
    """Cached, so that all runs of a stack share one; one only, since it takes 220 MB."""
    contents = fashion_mnist_files.load(root, download, mirrors)
    folder = fashion_mnist_files.found(root)
    images = [parse_idx(contents[f"{part}-images-idx3-ubyte"]).flatten(1) for part in ("train", "t10k")]
    labels = [parse_idx(contents[f"{part}-labels-idx1-ubyte"]) for part in ("train", "t10k")]
    inputs = torch.empty(sum(map(len, images)), PIXELS, dtype=dtype)
    for part, destination in zip(images, inputs.split([len(part) for part in images]), strict=True):
        destination.copy_(part)
    inputs.div_(255)  # in place, here and below: memory
    if symmetric:
        inputs.sub_(0.5).div_(0.5)
    hashes = {file.name: file.sha256 for file in fashion_mnist_files.FILES}
    norms = torch.linalg.vector_norm(inputs, dim=1)
    return _Table(inputs, torch.cat(labels).long(), inputs.mean(1), norms, hashes, str(folder) if folder else None)


def _address(value: Any) -> str | None:
    good = isinstance(value, str) and value.startswith(("http://", "https://"))
    return None if good else f"must be an address such as https://my.mirror/fashion-mnist/, got {value!r}"
