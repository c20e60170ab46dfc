"""IDX, the file format of MNIST and its relatives.

Two zero bytes, the type of an entry, the number of axes, the length of every axis (4 bytes, big-endian), the entries.
Reference: LeCun, Cortes and Burges, "The MNIST database of handwritten digits", 1998.
"""

from __future__ import annotations

import math
import struct

from jaxtyping import UInt8

from regexp.datasets.dataset import DataError
from regexp.lazy import torch

_HEADER = b"\x00\x00\x08"  # the type 8 is the unsigned byte, the only one that these data sets use


def parse_idx(content: bytearray) -> UInt8[torch.Tensor, "..."]:
    """The tensor in the content of an IDX file of unsigned bytes; it shares the content's memory.

    >>> parse_idx(bytearray([0, 0, 8, 2,  0, 0, 0, 1,  0, 0, 0, 3,  7, 8, 9]))
    tensor([[7, 8, 9]], dtype=torch.uint8)
    """
    if content[:3] != _HEADER or len(content) < 4:
        raise DataError(f"not an IDX file of unsigned bytes: it must begin with {_HEADER!r}, got {bytes(content[:3])!r}")
    start = 4 + 4 * content[3]
    if len(content) < start:
        raise DataError(f"an IDX file with {content[3]} axes must have a header of {start} bytes, got {len(content)} bytes")
    shape = struct.unpack(f">{content[3]}I", content[4:start])
    if len(content) != start + math.prod(shape):
        raise DataError(f"an IDX file of shape {shape} must have {start + math.prod(shape)} bytes, got {len(content)}")
    return torch.frombuffer(content, dtype=torch.uint8, offset=start, count=math.prod(shape)).reshape(shape)
