"""What differed between seeds, and hence what an interval over seeds covers."""

from __future__ import annotations

import dataclasses
import importlib
from collections.abc import Sequence
from typing import Any

from regexp.comparison.reading import Run
from regexp.comparison.settings import Setting
from regexp.datasets.dataset import Dataset


@dataclasses.dataclass(frozen=True)
class Variation:
    """What differed between the seeds of a setting."""

    sources: tuple[str, ...]
    fixed: tuple[str, ...]
    """What was the same for all seeds."""
    seeds: int
    correction: float
    """Test size by training size where seeds re-split one finite data set, else 0: the term of Nadeau and Bengio."""
    one_split: bool = False
    """Whether all seeds train and test on the same examples: then intervals say nothing of others."""
    examples: int | None = None
    """How many there are, if that is known and the same for all settings."""
    fixed_by_seed: bool = False
    """Whether it is ``dataset.seed`` that keeps them the same."""

    def header(self) -> str:
        """One line for the top of a report."""
        if self.seeds < 2:
            return "There is one seed: nothing differed, and there are no intervals."
        if not self.sources:
            return "Between seeds nothing differed: the intervals cover nothing but rounding."
        same = f"; the same for all were {', '.join(self.fixed)}" if self.fixed else ""
        line = f"Between seeds differed: {', '.join(self.sources)}{same}. The intervals cover exactly that."
        if self.correction:
            line += " Seeds re-split one finite data set: variances are corrected after Nadeau and Bengio (2003)."
        if any("your own" in source for source in self.sources):
            line += " Should its seeds re-split one finite data set, they are too narrow: that is not known here."
        return line


def variation(settings: Sequence[Setting], metric: str) -> Variation:
    """What differs between the seeds of these settings, from their configurations."""
    runs = [run for setting in settings for run in setting.runs.values()]
    found = dict.fromkeys(("data", "own", "split", "label noise", "initial weights", "batch order", "dropout masks"), False)
    ratios = [0.0]
    for setting in settings:
        members = list(setting.runs.values())
        differing = _sources(members)
        found |= dict.fromkeys(differing, True)
        if "split" in differing:
            shares = dataset_of(members[0]).shares
            ratios.append(shares.get(metric.partition("/")[0], shares["test"]) / shares["train"])
    absent = set() if _has_masks(runs) else {"dropout masks"}
    absent |= {"label noise"} if not any(run.fields.get("dataset.label_noise") for run in runs) else set()
    absent |= {"own", "split"} if found["data"] else {"own", "data", "split"} if found["own"] else {"own"}
    names = {
        "data": "data (all splits)",
        "split": "split of the examples",
        "own": "data or split (a data set of your own)",
    }
    sources = tuple(names.get(source, source) for source, differs in found.items() if differs)
    fixed = tuple(source for source, differs in found.items() if not differs and source not in absent)
    seeds = len({run.seed for run in runs})
    if seeds < 2 or found["data"] or found["own"] or found["split"]:
        return Variation(sources, fixed, seeds, max(ratios))
    sizes = {sum(dataset_of(next(iter(setting.runs.values()))).sizes.values()) for setting in settings}
    by_seed = all(run.fields.get("dataset.seed") is not None for run in runs)
    return Variation(sources, fixed, seeds, 0.0, True, (sizes.pop() or None) if len(sizes) == 1 else None, by_seed)


def _sources(runs: Sequence[Run]) -> set[str]:
    """What differs between the runs of one setting."""
    one, dataset = runs[0], dataset_of(runs[0])
    found = set()
    if len({run.seed[1] for run in runs}) > 1:
        if type(dataset) is Dataset:
            found.add("own")
        elif dataset.resplits:
            found.add("split")
        elif not one.summary.get("data_hashes"):
            found.add("data")
        if one.fields.get("dataset.label_noise"):
            found.add("label noise")
    if len({run.seed[0] for run in runs}) > 1:
        batch = one.fields.get("batch_size")
        found |= {"initial weights"} if one.fields.get("model.init") != "constant" else set()
        found |= {"batch order"} if batch is not None and batch < dataset.sizes.get("train", batch + 1) else set()
        found |= {"dropout masks"} if _has_masks(runs) else set()
    return found


def _has_masks(runs: Sequence[Run]) -> bool:
    return any("dropout" in run.fields["regularizer"] for run in runs)


def dataset_of(run: Run) -> Dataset:
    """The data set's specification if it is one of this package; a user's own module is not imported to read results."""
    target = str(run.fields.get("dataset._target_"))
    if not target.startswith("regexp.datasets."):
        return Dataset()
    module, _, name = target.rpartition(".")
    given: dict[str, Any] = {k.removeprefix("dataset."): v for k, v in run.fields.items() if k.startswith("dataset.")}
    try:
        return getattr(importlib.import_module(module), name)(**{k: v for k, v in given.items() if k != "_target_"})
    except (ImportError, AttributeError, TypeError, ValueError):  # written by another version
        return Dataset()
