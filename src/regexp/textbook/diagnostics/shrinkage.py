"""What a decay takes off a weight that nothing else moves: whether it was strong enough, and had the time, to do anything."""

from __future__ import annotations

import math

from regexp.comparison.reading import Run
from regexp.rules import is_number
from regexp.textbook.study import NotMeasured

QUANTITIES = ("taken",)
SGD = {"optimizer._target_": "regexp.optim.SGD", "optimizer.momentum": 0}
"""Under which a penalty acts like a decay."""


def of_run(run: Run) -> dict[str, float]:
    """``taken``: the fraction ``1 - (1 - lr strength)^steps`` of its start that weight decay, or an L2 penalty under plain SGD,
    takes off such a weight over all steps of the run.
    """
    names = [name for name in ("weight_decay", "l2") if name in run.fields["regularizer"]]
    if len(names) != 1 or (names == ["l2"] and any(run.fields.get(key) != value for key, value in SGD.items())):
        raise NotMeasured(f"{run.folder.name} needs weight decay, or L2 under SGD without momentum, and one of them alone")
    kept = 1 - _number(run, "optimizer.lr") * _number(run, f"regularizer.{names[0]}.strength")
    return {"taken": 1 - kept ** _steps(run)}


def _steps(run: Run) -> int:
    """Of all epochs; the smaller last batch of one is a step, too."""
    batch = run.fields.get("batch_size")
    batches = math.ceil(_number(run, "dataset.train_size") / batch) if batch else 1
    return int(_number(run, "epochs")) * batches


def _number(run: Run, key: str) -> float:
    value = run.fields.get(key)
    if not is_number(value):
        raise NotMeasured(f"{run.folder.name} has no number {key}, got {value!r}")
    return float(value)  # type: ignore[arg-type]
