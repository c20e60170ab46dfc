import struct

import pytest
import torch

from regexp.datasets.dataset import DataError
from regexp.datasets.idx import parse_idx


def idx(*shape: int, count: int) -> bytearray:
    """Written after the format's description, by other means than the reader's."""
    header = b"\0\0\x08" + bytes([len(shape)]) + b"".join(length.to_bytes(4, "big") for length in shape)
    return bytearray(header + bytes(i % 256 for i in range(count)))


@pytest.mark.parametrize("shape", [(5,), (300,), (2, 3, 4)])
def test_entries_lie_in_row_major_order(shape):
    count = torch.Size(shape).numel()
    expected = (torch.arange(count) % 256).to(torch.uint8).reshape(shape)
    assert torch.equal(parse_idx(idx(*shape, count=count)), expected)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (bytearray(), "must begin with"),
        (bytearray(b"\0\0\x08"), "must begin with"),
        (bytearray(b"\x1f\x8b\x08\x00"), "must begin with"),
        (bytearray(b"\0\0\x0d\x01" + struct.pack(">If", 1, 2.5)), "unsigned bytes"),
        (bytearray(b"\0\0\x08\x03\0\0\0\x02"), "header of 16 bytes, got 8"),
        (idx(2, 3, count=5), "shape (2, 3) must have 18 bytes, got 17"),
        (idx(2, 3, count=7), "shape (2, 3) must have 18 bytes, got 19"),
    ],
)
def test_other_content_is_refused(content, message):
    with pytest.raises(DataError) as error:
        parse_idx(content)
    assert message in str(error.value)
