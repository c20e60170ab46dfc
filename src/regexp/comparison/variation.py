"""What differed between seeds, and hence what an interval over seeds covers."""

from __future__ import annotations

import dataclasses
import importlib
from collections.abc import Sequence
from typing import Any

from regexp.comparison.reading import Run
from regexp.comparison.settings import Setting
from regexp.datasets.dataset import Dataset

_NAMES = {
    "data": "data (all splits)",
    "own": "data or split (a data set of your own)",
    "split": "split of the examples",
    "training": "choice of the training examples",
}
"""Which examples a seed has; of one data set one of these differs at most."""


@dataclasses.dataclass(frozen=True)
class Variation:
    """What differed between the seeds of a setting."""

    sources: tuple[str, ...]
    fixed: tuple[str, ...]
    """What was the same for all seeds."""
    seeds: int
    correction: float
    """The term of Nadeau and Bengio: test size by training size where seeds re-split one finite data set, else 0.

    It is for results on examples that are test examples of one seed and training examples of another. Where test examples
    are the same for all seeds it has no place: given those, and the set that training examples are chosen from, seeds are
    independent.
    """
    one_split: bool = False
    """Whether all seeds train and test on the same examples: then intervals say nothing of others."""
    examples: int | None = None
    """How many there are, if that is known and the same for all settings."""
    fixed_by_seed: bool = False
    """Whether it is ``dataset.seed`` that keeps them the same."""
    one_test_split: bool = False
    """Whether seeds train on different examples of one set and are tested on the same: intervals hold given both."""

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
        elif self.one_test_split:
            line += " Training examples are of one set, test examples the same: intervals hold given both, not for others."
        if any("your own" in source for source in self.sources):
            line += " Should its seeds re-split one finite data set, they are too narrow: that is not known here."
        return line


def variation(settings: Sequence[Setting], metric: str) -> Variation:
    """What differs between the seeds of these settings, from their configurations."""
    runs = [run for setting in settings for run in setting.runs.values()]
    found = dict.fromkeys((*_NAMES, "label noise", "initial weights", "batch order", "dropout masks"), False)
    ratios = [0.0]
    for setting in settings:
        members = list(setting.runs.values())
        differing = _sources(members)
        found |= dict.fromkeys(differing, True)
        if differing & {"split", "training"}:
            ratios.append(_ratio(dataset_of(members[0]), metric.partition("/")[0]))
    absent = set() if _has_masks(runs) else {"dropout masks"}
    absent |= {"label noise"} if not any(run.fields.get("dataset.label_noise") for run in runs) else set()
    examples = {source for source in _NAMES if found[source]}
    absent |= set(_NAMES) if examples - {"split"} else {"own", "training"}
    sources = tuple(_NAMES.get(source, source) for source, differs in found.items() if differs)
    fixed = tuple(source for source, differs in found.items() if not differs and source not in absent)
    seeds = len({run.seed for run in runs})
    if seeds < 2 or examples:
        tested_alike = examples == {"training"}
        fixed = ("test examples", *fixed) if tested_alike else fixed
        return Variation(sources, fixed, seeds, max(ratios), one_test_split=tested_alike)
    sizes = {sum(dataset_of(next(iter(setting.runs.values()))).sizes.values()) for setting in settings}
    by_seed = all(run.fields.get("dataset.seed") is not None for run in runs)
    return Variation(sources, fixed, seeds, 0.0, True, (sizes.pop() or None) if len(sizes) == 1 else None, by_seed)


def _ratio(dataset: Dataset, split: str) -> float:
    """The size of the split on which a metric is measured (a norm's: the test split) by that of the training split.

    0 where no seed's test examples train another seed, as where the test examples are given. A validation split is taken
    from the training examples anew even there.
    """
    shares, tested = dataset.shares, split
    if "test" in dataset.resplit:
        tested = split if split in shares else "test"
    elif split != "val":
        return 0.0
    return shares.get(tested, 0.0) / shares["train"]


def _sources(runs: Sequence[Run]) -> set[str]:
    """What differs between the runs of one setting."""
    one, dataset = runs[0], dataset_of(runs[0])
    found = set()
    if len({run.seed[1] for run in runs}) > 1:
        if type(dataset) is Dataset:
            found.add("own")
        elif dataset.resplit:
            found.add("split" if "test" in dataset.resplit else "training")
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
