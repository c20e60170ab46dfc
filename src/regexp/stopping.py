"""Signals that ask a training to end: obeyed where nothing is lost, and without delay where there is nothing to lose."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Stopped(KeyboardInterrupt):
    """Ctrl-C or SIGTERM has ended the training; ``status`` is the exit status that shells expect, 130 or 143."""

    def __init__(self, number: int):
        self.status = 128 + number
        self.args = (signal.Signals(number).name,)


class Request:
    """Whether a signal has asked to end."""

    number: int | None = None

    def obey(self) -> None:
        """Raise :class:`Stopped` if so."""
        if self.number is not None:
            raise Stopped(self.number)


@contextmanager
def politely() -> Iterator[Request]:
    """Inside the block the first Ctrl-C or SIGTERM is a request, obeyed at its end or before; the second one raises."""
    request = Request()

    def note(number: int, _: object) -> None:
        if request.number is not None:
            raise Stopped(number)
        request.number = number
        os.write(2, f"{signal.Signals(number).name}: saving, then ending (once more: at once)\n".encode())  # print may be busy

    with _handling(note, signal.SIGINT, signal.SIGTERM):
        yield request
    request.obey()


@contextmanager
def at_once() -> Iterator[None]:
    """Inside the block SIGTERM raises, as Ctrl-C does, so that everything that is open is closed."""

    def end(number: int, _: object) -> None:
        raise Stopped(number)

    with _handling(end, signal.SIGTERM):
        yield


@contextmanager
def _handling(handler: Callable[[int, object], None], *signals: int) -> Iterator[None]:
    """Handlers for these signals, restored behind the block; signals that are ignored stay ignored."""
    here = threading.current_thread() is threading.main_thread()  # Python lets no other thread set handlers
    before = {number: signal.getsignal(number) for number in signals if here}
    before = {number: old for number, old in before.items() if old not in (None, signal.SIG_IGN)}
    for number in before:
        signal.signal(number, handler)
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)
