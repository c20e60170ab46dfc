"""Fixtures of all tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from forked import Command, Outcome

pytest_plugins = ["faults"]


@pytest.fixture
def start(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Command]]:
    """Start ``regexp-train`` with these arguments (and variables of the environment) in ``tmp_path``, and go on."""
    started = []

    def start(*arguments: str, **environment: str) -> Command:
        started.append(Command(arguments, tmp_path, tmp_path_factory.mktemp("streams"), environment))
        return started[-1]

    yield start
    for command in started:
        command.stop()


@pytest.fixture
def command_line(start: Callable[..., Command]) -> Callable[..., Outcome]:
    """Run ``regexp-train`` with these arguments in ``tmp_path``, to its end."""
    return lambda *arguments, **environment: start(*arguments, **environment).finish()
