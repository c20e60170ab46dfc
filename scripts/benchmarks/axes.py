"""The axes along which cost is measured: what is done at every size, and which counts its time is made of."""

from __future__ import annotations

import dataclasses

from regexp.program.data import EVALUATION_ROWS


@dataclasses.dataclass(frozen=True)
class Axis:
    """One axis: its work in words, for the page and (``panel``) for the picture, and the terms of time and memory by count."""

    work: str
    panel: str
    terms: dict[str, str]
    memory_terms: dict[str, str]
    memory: str
    """What grows in memory."""


SHAPE = (
    "as many strengths as seeds, or twice as many where the runs are no square, in the stacks that a sweep's memory budget "
    "makes, one thread, no files"
)
ONE = "of one network with dropout, batch 128, without evaluation, one thread"

AXES = {
    "runs of W2": Axis(
        f"source 2's weight decay, whole runs: data and weights made, 100 epochs of 20 examples, evaluated every 5; {SHAPE}",
        "100 epochs of 20 examples,\nevaluated every 5",
        {"stacks": "a stack", "seeds": "a seed", "runs": "a run"},
        {"seeds at once": "a seed of the largest stack", "runs at once": "a run of the largest stack"},
        "the data of every seed (120 rows of 200), their gathered batches, an evaluation's scores, and the metrics of all 21",
    ),
    "networks of W3": Axis(
        "784-256-128-10 with weight decay: initial weights, an epoch of {trained:,} images in batches of 128, and an "
        f"evaluation of {{evaluated:,}}; {SHAPE}",
        "an epoch of {trained:,} images,\n{evaluated:,} evaluated",
        {"stacks": "a stack", "seeds": "a seed", "runs": "a network"},
        {"runs at once": "a network of the largest stack"},
        f"weights, gradients and Adam's two averages, and an evaluation's activations of {EVALUATION_ROWS:,} images",
    ),
    "networks of a command": Axis(
        "`regexp-train -m`, from typing to finished folders: networks of W3 for an epoch of {trained:,} images, {evaluated:,} "
        "evaluated; one thread",
        "typing to finished folders,\nan epoch of {trained:,} images",
        {"stacks": "a command", "runs": "a network"},
        {"runs at once": "a network"},
        "the same as for networks of W3",
    ),
    "images": Axis(
        f"initial weights and an epoch {ONE}, 784-256-128-10",
        "an epoch of one network,\ndropout, not evaluated",
        {"stacks": "an epoch", "trained": "an image"},
        {"trained": "an image"},
        "8 bytes an image for its row, its place in the order and the random number that it is sorted by, and what the "
        "allocator keeps of them from turn to turn; all 70,000 images are in memory at every size, and two batches are "
        "gathered at a time",
    ),
    "width": Axis(
        f"initial weights and an epoch of {{trained:,}} images {ONE}, the second layer half as wide",
        "an epoch of {trained:,} images,\none network 784-w-w/2-10",
        {"stacks": "an epoch", "width": "a unit of width", "multiplications": "a multiplication"},
        {"state bytes": "a byte of weights, gradients and averages"},
        "weights, gradients and Adam's two averages, and a step's activations",
    ),
}
