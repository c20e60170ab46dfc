"""How torch takes memory in a process that trains: in huge pages, and from the system once."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

from regexp import memory


def test_large_tensors_take_huge_pages():
    switch = Path("/sys/kernel/mm/transparent_hugepage/enabled")
    if not switch.exists() or "[never]" in switch.read_text(encoding="utf-8"):
        pytest.skip("no huge pages here")
    code = (
        "import resource, regexp, torch\n"
        "torch.ones(1)\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt\n"
        "torch.ones(64 << 20, dtype=torch.uint8)\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True)
    assert int(done.stdout) < (64 << 20) / 4096


PAGES = """
import ctypes, resource, torch
from regexp import machine, memory
ctypes.CDLL(None).prctl(41, 1, 0, 0, 0)  # PR_SET_THP_DISABLE: every page counts

def faults(times):
    "Of so many steps, each of which holds four blocks of 24 MiB for a while, in blocks of 24 MiB."
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(times):
        blocks = [torch.ones(24 << 20, dtype=torch.uint8) for _ in range(4)]
        del blocks
    return (resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before) / BLOCK

def held():
    return (int(open("/proc/self/statm").read().split()[1]) - empty) / BLOCK

BLOCK, empty = (24 << 20) / resource.getpagesize(), 0
empty = held() * BLOCK
"""


def pages(code: str) -> list[float]:
    """The numbers that a process of its own prints."""
    command, environment = [sys.executable, "-c", PAGES + code], {**os.environ, "THP_MEM_ALLOC_ENABLE": "0"}
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=True, env=environment)
    return [float(number) for number in done.stdout.split()]


@pytest.mark.skipif(sys.platform != "linux" or platform.libc_ver()[0] != "glibc", reason="the C library may have no such store")
class TestMemoryOfTraining:
    def test_it_comes_from_the_system_once_and_goes_back(self):
        before, again, kept, left = pages(
            "print(faults(10))\nwith machine.using(None):\n    faults(10)\n    print(faults(10), held())\nprint(held())"
        )
        assert before > 10
        assert again < 0.5
        assert kept > 3.5
        assert left < 0.5

    def test_it_is_kept_until_the_last_of_several_trainings_ends(self):
        again, kept, left = pages(
            "with machine.using(None):\n"
            "    with machine.using(None):\n"
            "        faults(10)\n"
            "    print(faults(10), held())\n"
            "print(held())"
        )
        assert again < 0.5
        assert kept > 3.5
        assert left < 0.5

    def test_a_process_that_has_trained_gives_large_blocks_back_at_once(self):
        held, left = pages(
            "with machine.using(None):\n"
            "    pass\n"
            "ones = [torch.ones(48 << 20, dtype=torch.uint8) for _ in range(2)]\n"
            "print(held())\n"
            "del ones\n"
            "print(held())"
        )
        assert held > 3.5
        assert left < 0.5


def test_a_library_that_takes_no_higher_threshold_gets_the_one_it_takes(monkeypatch):
    taken = {}

    def mallopt(option, value):
        if option == memory._M_MMAP_THRESHOLD and value > 32 << 20:
            return 0
        taken[option] = value
        return 1

    monkeypatch.setattr(memory, "_c_library", lambda name: mallopt if name == "mallopt" else None)
    with memory.keeping():
        assert taken == {memory._M_MMAP_THRESHOLD: 32 << 20, memory._M_TRIM_THRESHOLD: 2047 << 20}
    assert taken == {memory._M_MMAP_THRESHOLD: 32 << 20, memory._M_TRIM_THRESHOLD: 64 << 20}


def test_a_library_without_thresholds_is_left_alone(monkeypatch):
    monkeypatch.setattr(memory, "_c_library", lambda name: None)
    with memory.keeping():
        pass
