"""When two values of a metric are the same: runs compute in float32, which has seven digits."""

from __future__ import annotations

SAME = 1e-6
"""Values that differ by no more than this part of the larger one are the same."""


def same(a: float, b: float) -> bool:
    """Whether two values differ by rounding at most.

    >>> same(0.0078621, 0.0078621 + 5e-11), same(0.0078621, 0.0078622)
    (True, False)
    """
    return abs(a - b) <= SAME * max(abs(a), abs(b))
