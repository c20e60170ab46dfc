"""A run as text: the table that ends it on the command line, and that its result prints."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from regexp.component import Component, per_run_fields
from regexp.words import quoted

if TYPE_CHECKING:
    from regexp.results import Result, Row

SPLITS = ("train", "val", "test")
METRICS = ("loss", "accuracy", "rmse")
LINEAR = {"ridge": "ridge regression", "logistic": "logistic regression"}
"""The linear model beside the network, by its name among the baselines."""
_WIDTH = len("regularizers")
_COLUMNS = 100
"""A table that is wider is cut into one for each metric."""


def report(result: Result, folder: Path, *, tensorboard: bool) -> str:
    """The run's table and facts, its folder, and how to look at it."""
    lines = ["", facts_and_table(result), "", f"{'folder':<{_WIDTH}}  {folder}"]
    return "\n".join([*lines, *([f"tensorboard --logdir {quoted(str(folder))}"] if tensorboard else [])])


def facts_and_table(result: Result) -> str:
    """Losses, accuracies and errors of every split, what stands beside the network, and what else is known of the run."""
    rows = {"final": result.final}
    if result.best and result.best_epoch != result.final_epoch:
        rows[f"best (epoch {result.best_epoch})"] = result.best
    rows |= {_named(name, row): row for name, row in result.baselines.items() if "test/loss" in row}
    facts = {
        "regularizers": held(result.experiment.regularizers) or "none",
        "gap": f"{result.final['gap/loss']:.4g}",
        "norm of w": f"{result.final['weights/l2_norm']:.4g}",
        "zeros in w": f"{100 * result.final['weights/zero_fraction']:.1f} %",
        "epochs run": str(result.epochs_run),
        "status": result.status + (f": {result.reason}" if result.reason else ""),
        **({"warning": result.warning} if result.warning else {}),
        "seconds": f"{result.seconds:.1f}",
        **({"data from": folder} if (folder := result.machine.get("data_folder")) else {}),
        **({"baselines": without} if (without := no_linear_model(result.baselines)) else {}),
    }
    told = [f"{name:<{_WIDTH}}  {text}" for name, text in facts.items()]
    return "\n".join([*_tables(rows), "", *told, *(["", text] if (text := _beaten(result)) else [])])


def held(regularizers: Iterable[Component]) -> str:
    """``l2(strength=0.1) + dropout(rate=0.5)``."""
    numbers = [(one.name(), [f"{name}={getattr(one, name)}" for name in per_run_fields(one)]) for one in regularizers]
    return " + ".join(f"{name}({', '.join(given)})" for name, given in numbers)


def no_linear_model(names: Iterable[str]) -> str | None:
    """Why the constant predictor stands alone beside the network, if it does. ``names``: of what stands there."""
    if set(names) != {"constant"}:
        return None
    return (
        "no ridge or logistic regression: there is no validation split to choose a strength by (set dataset.val_fraction > 0)"
    )


def aligned(table: list[list[str]]) -> list[str]:
    """The rows of a table as lines: the first column to the left, the others to the right."""
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    return [
        "  ".join([row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))])
        for row in table
    ]


def _beaten(result: Result) -> str | None:
    """What to say where the linear model has the lower test loss."""
    name = next((name for name in LINEAR if name in result.baselines), None)
    if name is None or result.status != "completed":
        return None
    linear, own = result.baselines[name].get("test/loss"), result.final["test/loss"]
    if linear is None or linear >= own:
        return None
    more = 'one run decides nothing, several seeds show more: -m "seed=range(10)"'
    return f"{LINEAR[name]} has the lower test loss here: {linear:.4g}, against {own:.4g} of this run; {more}"


def _tables(rows: dict[str, Row]) -> list[str]:
    """One table of all metrics, or one for each where that is too wide."""
    first = next(iter(rows.values()))
    metrics = [metric for metric in METRICS if f"train/{metric}" in first]
    whole = aligned(_table(rows, metrics))
    if len(whole[0]) <= _COLUMNS:
        return whole
    parts = [aligned([[metric, *rows], *_table(rows, [metric])[1:]]) for metric in metrics]
    return "\n\n".join(map("\n".join, parts)).split("\n")


def _table(rows: dict[str, Row], metrics: list[str]) -> list[list[str]]:
    splits = [split for split in SPLITS if f"{split}/loss" in next(iter(rows.values()))]
    header = ["", *(f"{which} {metric}" for which in rows for metric in metrics)]
    return [header, *([split, *(f"{row[f'{split}/{m}']:.4g}" for row in rows.values() for m in metrics)] for split in splits)]


def _named(baseline: str, row: Row) -> str:
    """``ridge (strength 0.1)``."""
    return f"{baseline} (strength {row['strength']:.2g})" if "strength" in row else baseline
