"""What W6 asks of a CUDA device: its limits, and the rows that say what the device can and who waits for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from benchmarks import ours
from benchmarks.costs import LAUNCH, operations
from benchmarks.device import PRECISIONS, rate, waits
from benchmarks.peers import bandwidth, images, products
from benchmarks.sizes import FULL
from benchmarks.work import Limit, Row, Work, at_most
from regexp.program import Program
from regexp.training import State

GRAPH = "W3, 1 network, an epoch: regexp / hand-captured CUDA graph"
TOGETHER = "W3, 64 networks / 1 network, an epoch"
WAITS = "host synchronisations inside an epoch (1: there are some)"
LIMITS: dict[str, Limit] = {GRAPH: at_most(1.2), TOGETHER: at_most(2), WAITS: at_most(0)}


def why(what: str) -> str:
    """Why a limit is likely to be missed."""
    if what != GRAPH:
        return ""
    epoch = operations() * LAUNCH * (FULL.images // images.BATCH)
    return (
        f"The {operations()} operations of a step are launched one by one, in about {1e6 * LAUNCH:g} us each, which is "
        f"{epoch:.1g} s an epoch; a graph launches them at once, and regexp captures none."
    )


def unmeasured() -> list[Row]:
    """The limits where there is no device, and of the one that is likely to be missed the reason."""
    none = "There is no CUDA device here."
    likely = {what: f"{none} It would very likely be missed. {why(what)}" if why(what) else none for what in LIMITS}
    return [Row(what, [], limits=(limit,), why=likely[what]) for what, limit in LIMITS.items()]


def compare(work: Work, what: str, a: Sequence[float], b: Sequence[float]) -> None:
    """A row with the ratios, and the limit if it has one."""
    work.compare(what, a, b, *(limit for name, limit in LIMITS.items() if name == what), why=why(what))


def watch(work: Work, label: str, stacks: Mapping[int, tuple[Program, State]], epochs: int = 1) -> None:
    """Rows: whether training waits for the device, by number of runs. A first epoch may set up kernels and caches."""
    for runs, stack in stacks.items():
        ours.steps(*stack)
        waited = any(waits(lambda stack=stack: ours.steps(*stack)) for _ in range(epochs))
        work.rows.append(Row(f"{label}, {runs} together: {WAITS}", [float(waited)], "", (LIMITS[WAITS],)))


def rates(work: Work, what: str, seconds: Sequence[float], examples: int) -> None:
    """Rows: teraflops of large products, those that training did beside them, and the bandwidth of the memory."""
    done = products.operations(images.WIDTHS) * examples / 1e12
    for precision in PRECISIONS:
        fastest = rate(precision)
        work.rows.append(Row(f"{precision} matrix products", [fastest], "TFLOP/s"))
        shares = [100 * done / taken / fastest for taken in seconds]
        work.rows.append(Row(f"{what}: their products, of the rate in {precision}", shares, "%"))
    work.rows.append(Row("memory", [bandwidth.of_memory(1 << 30, "cuda") / 1e9], "GB/s"))
