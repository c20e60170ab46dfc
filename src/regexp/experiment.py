"""The typed input of the toolkit: everything that determines a run's result."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Callable, Sequence
from typing import Any

from regexp import losses, metrics
from regexp.component import Component, values, without_locations
from regexp.datasets.dataset import Dataset
from regexp.lazy import torch
from regexp.models.model import Model
from regexp.optim import Optimizer
from regexp.regularizers.regularizer import HOOKS, Regularizer, defines
from regexp.rules import Invalid, one_of, optional, require, whole


@dataclasses.dataclass(frozen=True)
class Experiment:
    """One run: a data set, a model, an optimizer, any list of regularizers, and how long.

    ``J = mean data loss + penalties`` is minimised over mini-batches of ``batch_size`` (None: full batch; the smaller last
    batch is kept). ``loss``: auto (by task), half_squared, cross_entropy, binary_cross_entropy or quadratic. ``objective``: the
    validation metric that ``best`` is chosen by. Where a run is trained, and what is written, is not part of it.

    ``dtype``: float32, float64, or mixed_bfloat16: the factors of the model's products are rounded to bfloat16 (8 bits of
    precision, float32's range), their results too; data, weights, penalties, loss and optimizer stay float32. Faster where the
    device multiplies bfloat16, and a little less accurate.

    Reference: Micikevicius et al., "Mixed precision training", 2018; Kalamkar et al., "A study of bfloat16 for deep learning
    training", 2019.
    """

    dataset: Dataset
    model: Model
    optimizer: Optimizer
    regularizers: Sequence[Regularizer] = ()
    epochs: int = 10
    batch_size: int | None = None
    seed: int = 0
    dtype: str = "float32"
    eval_every: int = 1
    loss: str = "auto"
    objective: str = "val/loss"

    def __post_init__(self) -> None:
        if misfits := self._misfits():
            raise Invalid("Experiment", misfits)
        object.__setattr__(self, "regularizers", tuple(self.regularizers))
        problems = [*self._own_problems(), *self._output_problems(), *self._regularizer_problems()]
        if problems:
            raise Invalid("Experiment", problems)

    @property
    def data_seed(self) -> int:
        """The seed of data and split: the data set's own if it has one."""
        own = getattr(self.dataset, "seed", None)
        return self.seed if own is None else own

    @property
    def data_loss(self) -> str:
        """The loss that ``loss`` means for this data set's task."""
        return losses.resolve(self.loss, self.dataset.task)

    @property
    def objectives(self) -> tuple[str, ...]:
        """The metrics that may decide."""
        return metrics.objectives(self.dataset.task)

    @property
    def mixed(self) -> bool:
        """Whether products are of a lower precision than what is stored."""
        return self.dtype == "mixed_bfloat16"

    @property
    def stored_dtype(self) -> torch.dtype:
        """The type of data, weights and optimizer state."""
        return torch.float32 if self.mixed else getattr(torch, self.dtype)

    def to_dict(self) -> dict[str, Any]:
        """Plain values in one canonical form, which :func:`regexp.config.build` reads."""
        return self._plain(values)

    def hash(self) -> str:
        """Sixteen hexadecimal digits by which a run is known, wherever its data lie."""
        return hashlib.sha256(json.dumps(self.identity()).encode()).hexdigest()[:16]

    def identity(self) -> dict[str, Any]:
        """Plain values of everything that determines the result: not where the data lie."""
        return self._plain(without_locations)

    def _plain(self, fields_of: Callable[[Component], dict[str, Any]]) -> dict[str, Any]:
        plain = {field.name: getattr(self, field.name) for field in dataclasses.fields(self) if field.name != "regularizers"}
        nodes = {group: _node(plain[group], fields_of) for group in ("dataset", "model", "optimizer")}
        regularizers = {regularizer.name(): _node(regularizer, fields_of) for regularizer in self.regularizers}
        return {**plain, **nodes, "regularizer": regularizers}

    def _misfits(self) -> list[tuple[str, str]]:
        """Parts that are no component of their kind: a class instead of an object, a name, nothing."""
        kinds = {"dataset": Dataset, "model": Model, "optimizer": Optimizer}
        parts = [(name, getattr(self, name), kind) for name, kind in kinds.items()]
        if isinstance(self.regularizers, Sequence):
            parts += [(f"regularizers[{i}]", one, Regularizer) for i, one in enumerate(self.regularizers)]
        else:
            return [("regularizers", f"must be a list of regularizers, got {self.regularizers!r}")]
        wrong = [(name, part, kind) for name, part, kind in parts if not isinstance(part, kind)]
        return [(name, f"must be one {kind.__name__} object, got {part!r}") for name, part, kind in wrong]

    def _own_problems(self) -> list[tuple[str, str]]:
        try:
            require(
                self,
                epochs=whole(1),
                batch_size=optional(whole(1)),
                seed=whole(0),
                dtype=one_of("float32", "float64", "mixed_bfloat16"),
                eval_every=whole(1),
                loss=one_of("auto", *losses.KINDS),
                objective=_decides(self.objectives),
            )
        except Invalid as invalid:
            return invalid.problems
        return []

    def _output_problems(self) -> list[tuple[str, str]]:
        if self.loss not in ("auto", *losses.KINDS):
            return []
        kind, task = losses.KINDS[self.data_loss], self.dataset.task
        if kind.task != task:
            options = ", ".join(name for name, other in losses.KINDS.items() if other.task == task)
            return [("loss", f"must fit the data set's task ({task}: auto, {options}), got {self.loss!r}")]
        if self.model.output not in ("auto", *kind.outputs):
            options = " or ".join(("auto", *kind.outputs))
            return [("model.output", f"must be {options} with loss {self.data_loss}, got {self.model.output!r}")]
        return []

    def _regularizer_problems(self) -> list[tuple[str, str]]:
        problems = []
        names = [regularizer.name() for regularizer in self.regularizers]
        for regularizer, name in zip(self.regularizers, names, strict=True):
            if not any(defines(regularizer, hook) for hook in HOOKS):
                problems.append(
                    (f"regularizer.{name}", f"does nothing: its class defines none of the hooks {', '.join(HOOKS)}")
                )
        for regularizer, name in zip(self.regularizers, names, strict=True):
            problems += [(f"regularizer.{name}.{field}", text) for field, text in regularizer.conflicts(self)]
        for name in sorted({name for name in names if names.count(name) > 1}):
            problems.append((f"regularizer.{name}", "appears twice: give one of each kind"))
        return problems


def _node(component: Component, fields_of: Callable[[Component], dict[str, Any]]) -> dict[str, Any]:
    kind = type(component)
    return {"_target_": f"{kind.__module__}.{kind.__qualname__}", **fields_of(component)}


def _decides(options: tuple[str, ...]) -> Any:
    def rule(objective: Any) -> str | None:
        if objective in options:
            return None
        return f"must be one of {', '.join(options)} (the test split decides nothing), got {objective!r}"

    return rule
