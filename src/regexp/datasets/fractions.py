"""Splits of one finite set of examples by fractions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jaxtyping import Int

from regexp import rng
from regexp.datasets.labels import proportional_order
from regexp.lazy import torch
from regexp.rules import Rule, optional, whole, within
from regexp.words import counted

FEW = 10
"""With fewer rows a split decides and shows little."""

RULES: dict[str, Rule] = {"val_fraction": within(0, 1), "test_fraction": within(0, 1), "seed": optional(whole(0))}
"""Of the fields that data sets split in this way share."""


def shares(val_fraction: float, test_fraction: float) -> dict[str, float]:
    """What fraction of the examples each split has; ``val`` only where it has any."""
    validation = {"val": val_fraction} if val_fraction else {}
    return {"train": 1 - val_fraction - test_fraction, **validation, "test": test_fraction}


def sizes(examples: int, val_fraction: float, test_fraction: float) -> dict[str, int]:
    """How many examples each split has, rounded; training has the others."""
    parts = {name: round(share * examples) for name, share in shares(val_fraction, test_fraction).items() if name != "train"}
    return {"train": examples - sum(parts.values()), **parts}


def too_few(examples: int, val_fraction: float, test_fraction: float) -> list[tuple[str, str]]:
    """What is wrong, as pairs (field, text), where a split would be empty, or training could not know a deviation."""
    found = sizes(examples, val_fraction, test_fraction)
    if min(found.values()) >= 1 and found["train"] >= 2:
        return []
    told = ", ".join(f"{size} {name}" for name, size in found.items())
    return [("test_fraction", f"and val_fraction must leave rows for every split, got {told} of {examples} rows: change them")]


def small(found: Mapping[str, int]) -> list[str]:
    """What is to be noted of validation and test splits with fewer than ten examples. ``found``: the size of every split."""
    few = {split: counted(found[split], "row") for split in ("val", "test") if found.get(split, FEW) < FEW}
    told = {
        "val": "the validation split has {}: its choice means little",
        "test": "the test split has {}: its loss means little",
    }
    return ["; ".join(told[split].format(rows) for split, rows in few.items())] if few else []


def split(targets: Any, classes: int | None, val_fraction: float, test_fraction: float, seed: int) -> dict[str, torch.Tensor]:
    """The rows of every split, a function of the seed. Of classes each has its share in every split.

    Testing takes the front of one random order, validation what follows: its size does not move the test rows.
    """
    order = shuffled(len(targets), seed) if classes is None else proportional_order(targets, classes, seed)
    found = sizes(len(targets), val_fraction, test_fraction)
    end = found["test"] + found.get("val", 0)
    rows = {"train": order[end:].sort().values, "test": order[: found["test"]].sort().values}
    return rows | ({"val": order[found["test"] : end].sort().values} if "val" in found else {})


def shuffled(examples: int, seed: int) -> Int[torch.Tensor, " n"]:
    """All rows in a random order."""
    return torch.randperm(examples, generator=rng.generator(seed, "split"))
