"""What is recorded of the machine: the commit, and how torch takes memory."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from regexp import machine

SIXTY_FOUR_MEGABYTES = (64 << 20) // os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 0
"""In pages."""


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A repository in which ``regexp.machine`` believes to lie, with one commit."""
    names = {f"GIT_{who}_{what}": "x@y.z" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    for name in names:
        monkeypatch.setenv(name, names[name])
    for folder in ("src/regexp", "reports"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "file.txt").write_text("before", encoding="utf-8")
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "first"]):
        subprocess.run(["git", *words], cwd=tmp_path, check=True)
    monkeypatch.setattr(machine, "__file__", str(tmp_path / "src" / "regexp" / "machine.py"))
    return tmp_path


def test_a_commit_is_dirty_if_what_runs_was_changed(checkout):
    head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=checkout, check=True, capture_output=True, encoding="utf-8").stdout
    assert machine.commit.__wrapped__() == head[:12]
    (checkout / "reports" / "file.txt").write_text("after", encoding="utf-8")
    assert machine.commit.__wrapped__() == head[:12]
    (checkout / "src" / "regexp" / "file.txt").write_text("after", encoding="utf-8")
    assert machine.commit.__wrapped__() == f"{head[:12]}-dirty"


def test_no_commit_outside_a_checkout_and_before_the_first(tmp_path, monkeypatch):
    monkeypatch.setattr(machine, "__file__", str(tmp_path / "src" / "regexp" / "machine.py"))
    assert machine.commit.__wrapped__() is None
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    assert machine.commit.__wrapped__() is None


def test_no_thread_keeps_denormal_numbers_while_training():
    """Whatever the threads of the pool did before; and after it they are as the calling one was."""
    if sys.platform != "linux":
        pytest.skip("torch may use no OpenMP that ends its threads")
    small, threads = torch.full((512, 512), 1e-40), torch.get_num_threads()

    def kept():
        """The shares that an operation and a product leave, of as many numbers as every thread takes part in."""
        return [(done != 0).double().mean().item() for done in (small * 1, small @ torch.eye(512))]

    torch.set_num_threads(2)
    try:
        assert kept() == [1, 1]
        with machine.using(None):
            assert kept() == [0, 0]
            with machine.using(1):
                assert kept() == [0, 0]
            assert kept() == [0, 0]
        assert kept() == [1, 1]
        with machine.using(1), machine.using(2):
            assert kept() == [0, 0]
        assert kept() == [1, 1]
        torch.set_flush_denormal(True)
        assert kept() == [0.5, 0.5]
        with machine.using(None):
            assert kept() == [0, 0]
        assert kept() == [0, 0]
    finally:
        machine.flush_denormals(False)
        torch.set_num_threads(threads)


def test_denormal_numbers_are_looked_for_in_float32():
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        assert not machine._flushes_denormals()
        torch.set_flush_denormal(True)
        assert machine._flushes_denormals()
    finally:
        torch.set_flush_denormal(False)
        torch.set_default_dtype(before)


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


def test_training_takes_its_memory_from_the_system_once_and_gives_it_back():
    """64 MB at a time, which glibc would ask for anew every time: pages that the system maps, and memory in use at the end."""
    if sys.platform != "linux" or platform.libc_ver()[0] != "glibc":
        pytest.skip("the C library may have no such store")
    code = (
        "import resource, torch\n"
        "from regexp import machine\n"
        "def faults_of(times):\n"
        "    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt\n"
        "    for _ in range(times):\n"
        "        torch.ones(64 << 20, dtype=torch.uint8)\n"
        "    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before\n"
        "def pages():\n"
        "    return int(open('/proc/self/statm').read().split()[1])\n"
        "faults_of(1)\n"
        "print(faults_of(10))\n"
        "with machine.using(None):\n"
        "    empty = pages()\n"
        "    faults_of(10)\n"
        "    print(faults_of(10), pages() - empty)\n"
        "print(pages() - empty)\n"
    )
    environment = {**os.environ, "THP_MEM_ALLOC_ENABLE": "0"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True, env=environment)
    asked_for, again, kept, left = (int(count) / SIXTY_FOUR_MEGABYTES for count in done.stdout.split())
    assert asked_for > 9
    assert again < 0.1
    assert kept > 0.9
    assert left < 0.1
