"""A stack on its way to whoever trains it, and what comes back."""

from __future__ import annotations

import dataclasses
import os
import pickle
import platform
import sys
from collections.abc import Generator
from pathlib import Path

from regexp.order import Order
from regexp.sweep.study import FINISHED, status_of

TRIES = 3
"""How often a stack is given out before its loss is held against it."""

Outcome = dict[Path, str]
"""How the runs of a stack ended: the status by folder."""


class Lost(RuntimeError):
    """Whoever trained a stack has gone, which says nothing about its runs: it may be trained again elsewhere."""


@dataclasses.dataclass(frozen=True)
class Stack:
    """Runs that are trained together."""

    number: int
    orders: list[Order]
    folder: Path
    """The sweep's folder."""
    losses: int = 0
    """How often it was given out and did not come back."""
    job: str | None = None
    """Where it waits already: the job of an earlier command."""

    @property
    def threads(self) -> int:
        """The threads of every run in it."""
        return self.orders[0].settings.threads or 1

    def all(self, status: str) -> Outcome:
        """The same for every run."""
        return {order.folder: status for order in self.orders}

    def ended(self) -> Outcome:
        """The runs that are finished, as the disk has it."""
        return {order.folder: status for order in self.orders if (status := status_of(order.folder)) in FINISHED}


Endings = Generator[tuple[Stack, Outcome | BaseException], None, None]
"""Stacks as they end, each with its outcome or with what went wrong."""


@dataclasses.dataclass(frozen=True)
class Parcel:
    """A stack that can travel: to other processes, and to machines with the same files under the same names."""

    payload: bytes
    path: list[str]
    here: str

    def open(self) -> Stack:
        """The stack, in this process; from now on in the folder, and with the modules, of the process that sent it.

        Raises ``FileNotFoundError`` on a machine that does not have that folder.
        """
        try:
            os.chdir(self.here)
        except FileNotFoundError:
            text = f"{self.here} must be a folder of this machine too ({platform.node()}): a shared file system is needed"
            raise FileNotFoundError(text) from None
        sys.path += [place for place in self.path if place not in sys.path]
        stack: Stack = pickle.loads(self.payload)
        return stack


def pack(stack: Stack) -> Parcel:
    """Make it travel."""
    return Parcel(pickle.dumps(stack), sys.path, str(Path.cwd()))
