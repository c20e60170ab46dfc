"""Real faults, counted: the tests marked ``fault`` inject each row of the list below, a few times or, with ``--long``, many.

``make test-long`` writes what was injected how often, and what was lost. The seed decides where and when; of a kill, as exactly
as a clock does.
"""

from __future__ import annotations

import collections
import datetime
import os
import platform
import random
import time
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path

import pytest

FAULTS = {
    "F1": "SIGKILL at random times, in single runs, stacks and engines; restarted until done",
    "F2": "SIGKILL during a save",
    "F3": "stale temporary files",
    "F4": "SIGTERM in an epoch, in an evaluation, while data are loaded",
    "F5": "Ctrl-C once and twice",
    "F6": "Ctrl-C in a sweep, of every engine",
    "F7": "one job of a sweep raises or exits, one diverges",
    "F8": "disk full while saving, while logging, at random",
    "F9": "output folder not writable",
    "F10": "checkpoint truncated, garbage, of another schema",
    "F11": "single-bit flips in a checkpoint",
    "F12": "malicious pickle as checkpoint",
    "F13": "checkpoint of another configuration, data set or version",
    "F14": "infinite or NaN loss; only in the validation metric",
    "F15": "NaN in data, one sample, constant features, fewer samples than a batch",
    "F16": "early stopping's state across a resume",
    "F17": "Fashion-MNIST: flipped bit, truncated, missing, broken archive",
    "F18": "no network and no data",
    "F19": "4 processes extract the data set at once",
    "F20": "one run folder used twice; 4 starts in one second",
    "F21": "run names ../../x, /etc/x, 300 letters, unicode, a/b, a leading -",
    "F22": "configuration: typos, wrong types, unknown options, foreign targets",
    "F23": "values out of their ranges",
    "F24": "order of jobs in one process",
    "F25": "logging off, extra evaluations, other neighbours",
    "F26": "strength 0 instead of no regularizer",
    "F27": "installed wheel in an empty folder",
    "F28": "TensorBoard's content after kills",
    "F29": "last line of metrics.csv torn",
    "F30": "device out of memory",
}

_OUTCOMES: dict[str, list[tuple[str, bool, collections.Counter[str]]]] = {row: [] for row in FAULTS}
"""Of every row the tests that ran: name, whether something was lost, and what was injected how often."""

_STARTED = time.monotonic()


@pytest.fixture
def draw(request: pytest.FixtureRequest) -> random.Random:
    """Random numbers of this test alone, by ``--seed``."""
    return random.Random(f"{request.config.getoption('seed')} {request.node.name}")


@pytest.fixture
def times(request: pytest.FixtureRequest) -> Callable[[int, int], int]:
    """How often: ``times(3, 50)`` is 3, and 50 in the long suite."""
    return lambda short, long: long if request.config.getoption("long") else short


@pytest.fixture
def injected(request: pytest.FixtureRequest) -> Callable[..., None]:
    """``injected("F11", "bit flips", 400)`` counts faults of a row; a test that never does so is one case of its rows."""

    def count(row: str, what: str, number: int = 1) -> None:
        request.node.user_properties.append(("injected", (row, what, number)))

    return count


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("faults")
    group.addoption("--long", action="store_true", help="inject faults many times, over the whole grid")
    group.addoption("--seed", default="0", help="where and when faults are injected")
    group.addoption("--reliability", type=Path, help="write what was injected and lost to this file")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.getoption("long"):
        skipped = [item for item in items if item.get_closest_marker("long")]
        items[:] = [item for item in items if item not in skipped]
        config.hook.pytest_deselected(items=skipped)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    report = (yield).get_result()
    if report.when != "call" and not report.failed:
        return
    counted = [value for name, value in item.user_properties if name == "injected"]
    for row in {row for mark in item.iter_markers("fault") for row in mark.args}:
        counts: collections.Counter[str] = collections.Counter()
        for _, what, number in (value for value in counted if value[0] == row):
            counts[what] += number
        _OUTCOMES[row].append((item.nodeid.removeprefix("tests/"), report.failed, counts or collections.Counter(cases=1)))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if not config.getoption("long"):
        return
    lines = table()
    terminalreporter.section("faults")
    terminalreporter.write_line("\n".join(lines))
    if file := config.getoption("reliability"):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("\n".join([*_heading(config), *lines, ""]), encoding="utf-8")


def table() -> list[str]:
    """Per row: what was injected how often, and what was lost."""
    lines = ["| # | fault | injected | lost |", "|---|---|---|---|"]
    for row, outcomes in _OUTCOMES.items():
        counts = collections.Counter[str]()
        for _, _, found in outcomes:
            counts.update(found)
        told = ", ".join(f"{count} {what}" for what, count in counts.items()) or "not run"
        lost = ", ".join(f"`{name}`" for name, failed, _ in outcomes if failed) or ("nothing" if outcomes else "")
        lines.append(f"| {row} | {FAULTS[row]} | {told} | {lost} |")
    return lines


def _heading(config: pytest.Config) -> list[str]:
    from regexp.machine import commit

    versions = ", ".join(f"{name} {version(name)}" for name in ("regexp", "torch", "hydra-core", "tensorboard"))
    seed, minutes = config.getoption("seed"), (time.monotonic() - _STARTED) / 60
    return [
        "# What was injected, and what was lost",
        "",
        "Written by `make test-long`. A number is how often a fault was injected: signals to real processes, limits on the",
        "size of files and memory, flipped bits of real files. What each row promises is in its tests",
        "(`pytest -m fault --collect-only`).",
        "",
        f"- {datetime.datetime.now(datetime.UTC):%Y-%m-%d %H:%M} UTC, {minutes:.0f} minutes, commit {commit()}",
        f"- {platform.system()} {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, {versions}",
        f"- command: `pytest -m fault --long --seed {seed} --reliability reports/reliability.md`",
        "",
    ]
