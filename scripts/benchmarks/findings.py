"""Where the time is, in words: a sentence or two for each thing that could cost some, computed from what was measured."""

from __future__ import annotations

import statistics

from benchmarks import tried
from benchmarks.found import Found
from benchmarks.works import parts


def findings(found: Found) -> list[str]:
    """All sentences of what was measured."""
    profiled = [part(found) for part in (batches, optimizer, masks, evaluation) if found.shares]
    said = [*profiled, overhead(found), *tried.sentences(found)]
    return [text for text in said if text]


def batches(found: Found) -> str:
    """What sharing batches saves."""
    text = f"Batch order and gather: {found.share('batch order and gather')}."
    for what, row in found.rows(parts.APART).items():
        text += (
            f" Runs of one seed share their batches, gathered once and multiplied as one wide product: {what} would take "
            f"{row.median:.2g} times as long if each gathered its own."
        )
    return text


def optimizer(found: Found) -> str:
    """How many passes over memory a step of it is."""
    text = f"Optimizer: {found.share('optimizer')}."
    single = found.rows(parts.SINGLE)
    for what, row in found.rows(parts.PASSES).items():
        ratio = single[what].median
        text += (
            " Adam reads weights, gradients and two averages and writes all but the gradients, 7 passes over memory: "
            f"for {what}, in a fused call per run, a step takes as long as {row.median:.2g}, and {ratio:.2g} times as long in "
            f"single operations, each with passes of its own; large networks {'take' if ratio > 1 else 'would better leave'} "
            "the fused call."
        )
    return text


def masks(found: Found) -> str:
    """What dropout costs."""
    text = f"Dropout masks: {found.share('dropout masks')}, drawn once for the runs of a seed."
    dropped, whole = found.seconds("W1", "regexp"), found.seconds("W1", "regexp without dropout")
    if dropped and whole:
        ratio = statistics.median(a / b for a, b in zip(dropped, whole, strict=True))
        text += f" Without the profiler, dropout makes an epoch of W1 {ratio:.3g} times as long: masks are drawn, and applied."
    return text


def evaluation(found: Found) -> str:
    """What measuring costs, and how much of it no program could save."""
    products, rest = "evaluation: matrix products", "evaluation: the rest"
    return f"Evaluation: {found.share(products, rest)}; its matrix products alone are {found.share(products)}."


def overhead(found: Found) -> str:
    """What a step costs whose arithmetic is next to nothing."""
    steps, bare = found.rows(parts.STEP), found.rows(parts.BARE)
    texts = [f"{what} {row.median:.0f} microseconds{_beside(what, row.median, bare)}" for what, row in steps.items()]
    if not texts:
        return ""
    return f"Python per step, without the profiler: {', '.join(texts)}. The runs of a stack share one step."


def _beside(what: str, ours: float, bare: dict) -> str:
    return f" (the bare loop {bare[what].median:.0f}, so ours is {ours / bare[what].median:.3g} of it)" if what in bare else ""
