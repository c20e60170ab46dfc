"""How much is measured: enough for a report, or little, to see that everything works."""

from __future__ import annotations

import dataclasses


@dataclasses.dataclass(frozen=True)
class Sizes:
    """The sizes of all works."""

    images: int
    """Training images of W1 and W3."""
    epoch_turns: int = 3
    grids: tuple[tuple[int, int], ...] = ((1, 1), (8, 8), (32, 16), (64, 64))
    """W2: strengths x seeds."""
    grid_turns: tuple[int, ...] = (31, 15, 15, 9)
    networks: tuple[int, int] = (4, 4)
    """W3: strengths x seeds."""
    network_epochs: int = 2
    network_turns: int = 3
    start_turns: int = 5
    runs_read: tuple[int, int] = (32, 16)
    """W5: strengths x seeds."""
    read_turns: int = 7
    device_runs: tuple[int, ...] = (1, 16, 64, 256)
    growth: dict[str, tuple[int, ...]] = dataclasses.field(default_factory=dict)
    growth_images: int = 5000
    growth_turns: dict[str, int] = dataclasses.field(default_factory=dict)
    """By axis; 1 where it is not named."""


FULL = Sizes(
    images=60_000,
    growth={
        "runs of W2": (1, 4, 16, 64, 256, 1024, 4096),
        "networks of W3": (1, 2, 4, 8, 16, 32, 64),
        "networks of a command": (1, 4, 16),
        "images": (1000, 4000, 16_000, 60_000),
        "width": (64, 128, 256, 512, 1024, 2048),
    },
    growth_turns={"runs of W2": 15, "networks of W3": 3, "networks of a command": 3, "images": 9, "width": 9},
)
QUICK = Sizes(
    images=512,
    epoch_turns=1,
    grids=((1, 1), (2, 2)),
    grid_turns=(1, 1),
    networks=(2, 2),
    network_epochs=1,
    network_turns=1,
    start_turns=1,
    runs_read=(2, 2),
    read_turns=1,
    device_runs=(1, 8),
    growth={
        "runs of W2": (1, 4, 16),
        "networks of W3": (1, 2),
        "networks of a command": (1, 2),
        "images": (256, 512),
        "width": (64, 128),
    },
    growth_images=256,
)
