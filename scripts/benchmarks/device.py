"""A CUDA device: waiting until it is done, noticing who waits for it, and what it can do at most."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch

from benchmarks.timing import Contestant, interleave

PRECISIONS = {"float32": (torch.float32, False), "tf32": (torch.float32, True), "bf16": (torch.bfloat16, False)}
"""Of products: the type of their factors, and whether tensor cores may round float32 to tf32."""


def finished(function: Callable[[], object]) -> Callable[[], None]:
    """The call, and waiting until the device has done it."""

    def once() -> None:
        function()
        torch.cuda.synchronize()

    return once


def waits(function: Callable[[], object]) -> bool:
    """Whether the host waits for the device somewhere in the call, which then ends there: by torch's watch for that."""
    torch.cuda.set_sync_debug_mode("error")
    try:
        function()
    except RuntimeError as error:
        if "synchronizing CUDA operation" not in str(error):
            raise
        return True
    finally:
        torch.cuda.set_sync_debug_mode("default")
    return False


def rate(precision: str, side: int = 8192) -> float:
    """Teraflops per second of a square product."""
    dtype, tf32 = PRECISIONS[precision]
    a = torch.rand(side, side, dtype=dtype, device="cuda")
    products = Contestant(precision, finished(lambda: [a @ a for _ in range(10)]))
    with tensor_cores(tf32):
        interleave([products], 3)
    return 10 * 2 * side**3 / min(products.seconds) / 1e12


@contextmanager
def tensor_cores(allowed: bool) -> Iterator[None]:
    """Float32 products by tf32 or not inside the block."""
    before = torch.backends.cuda.matmul.allow_tf32
    torch.backends.cuda.matmul.allow_tf32 = allowed
    try:
        yield
    finally:
        torch.backends.cuda.matmul.allow_tf32 = before
