"""What is recorded of the machine: the commit, and how torch takes memory."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch

from regexp import machine


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
