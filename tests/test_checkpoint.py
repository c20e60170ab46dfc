"""Checkpoints survive kills and full disks; damaged, foreign and malicious files are refused."""

import errno
import logging
import os
import pickle
import random
import signal
import subprocess
import time

import pytest
import torch

from regexp.files import atomic, checkpoint


def payload(epoch=7):
    generator = torch.Generator().manual_seed(epoch)
    return {
        "epoch": epoch,
        "weights": {"final": {"layer.weight": torch.randn(20, 30, generator=generator), "layer.bias": torch.zeros(30)}},
        "optimizer": {"mean": [torch.randn(20, 30, generator=generator).double()]},
        "notes": ["plain", 1.5, None, True, (1, 2)],
    }


def same(a, b):
    if isinstance(a, torch.Tensor):
        return isinstance(b, torch.Tensor) and a.dtype == b.dtype and torch.equal(a, b)
    if isinstance(a, dict):
        return isinstance(b, dict) and list(a) == list(b) and all(same(a[key], b[key]) for key in a)
    if isinstance(a, (list, tuple)):
        return type(a) is type(b) and len(a) == len(b) and all(map(same, a, b))
    return type(a) is type(b) and a == b


@pytest.fixture
def saved(tmp_path):
    path = tmp_path / "checkpoints" / "last.pt"
    checkpoint.save(path, payload())
    return path


def refused(path, match):
    with pytest.raises(checkpoint.Unreadable, match=match) as caught:
        checkpoint.load(path)
    assert str(path) in str(caught.value)


def test_what_is_saved_is_loaded(saved):
    assert same(checkpoint.load(saved), payload())
    assert [file.name for file in saved.parent.iterdir()] == ["last.pt"]


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"none\.pt"):
        checkpoint.load(tmp_path / "none.pt")


def test_the_checkpoint_before_stays(saved):
    checkpoint.save(saved, payload(8))
    checkpoint.save(saved, payload(9))
    assert same(checkpoint.load(saved), payload(9))
    assert same(checkpoint.load(checkpoint.previous(saved)), payload(8))


@pytest.mark.fault("F10")
def test_newest_falls_back_with_a_warning(saved, caplog):
    checkpoint.save(saved, payload(8))
    assert same(checkpoint.load_newest(saved), payload(8))
    assert not caplog.records
    saved.write_bytes(saved.read_bytes()[:-1000])
    with caplog.at_level(logging.WARNING):
        assert same(checkpoint.load_newest(saved), payload())
    assert "last.pt is damaged" in caplog.text
    assert "going on from" in caplog.text


@pytest.mark.fault("F10")
def test_newest_without_a_fallback_is_an_error(saved):
    saved.write_bytes(b"")
    with pytest.raises(checkpoint.Unreadable, match=r"last\.pt is damaged"):
        checkpoint.load_newest(saved)


@pytest.mark.fault("F10")
@pytest.mark.parametrize("left", [0.0, 0.3, 0.99])
def test_truncated(saved, left):
    content = saved.read_bytes()
    saved.write_bytes(content[: int(left * len(content))])
    refused(saved, "is damaged")


@pytest.mark.fault("F10")
def test_garbage(saved):
    saved.write_bytes(random.Random(0).randbytes(5000))
    refused(saved, "is damaged")


@pytest.mark.fault("F11")
def test_single_bit_flips_never_load_a_wrong_value(saved, draw, times, injected):
    content, flips = saved.read_bytes(), times(60, 400)
    harmful = caught = 0
    for bit in draw.sample(range(8 * len(content)), flips):
        flipped = bytearray(content)
        flipped[bit // 8] ^= 1 << bit % 8
        saved.write_bytes(flipped)
        try:
            found = checkpoint.load(saved)
        except checkpoint.Unreadable:
            caught += 1
        else:
            harmful += not same(found, payload())
    injected("F11", "bit flips", flips)
    injected("F11", "of them refused", caught)
    assert harmful == 0
    assert caught > flips / 2  # most of the file is weights


@pytest.mark.fault("F10")
@pytest.mark.parametrize(
    ("content", "match"),
    [
        ({"schema": checkpoint.SCHEMA + 1}, "has schema 2, must be 1"),
        ({"weights": torch.ones(2)}, "no schema number"),
        (torch.ones(2), "no schema number"),
    ],
)
def test_another_schema(saved, content, match):
    torch.save(content, saved)
    refused(saved, match)


class Evil:
    def __init__(self, target):
        self.target = target

    def __reduce__(self):
        return os.mkdir, (self.target,)


@pytest.mark.fault("F12")
@pytest.mark.parametrize("archive", [True, False])
def test_a_malicious_pickle_is_refused_and_not_executed(saved, tmp_path, archive):
    trace = tmp_path / "executed"
    content = {"schema": checkpoint.SCHEMA, "weights": Evil(str(trace))}
    if archive:
        torch.save(content, saved)
    else:
        saved.write_bytes(pickle.dumps(content))
    refused(saved, "could run code" if archive else "is damaged")
    assert not trace.exists()
    pickle.loads(pickle.dumps(content))  # the attack itself works
    assert trace.exists()


@pytest.mark.fault("F2", "F3")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
@pytest.mark.parametrize("stage", ["fsync", "link", "replace"])
def test_a_kill_during_a_save_leaves_the_old_checkpoint(saved, stage):
    child = os.fork()
    if child == 0:
        setattr(atomic.os, stage, lambda *_: os.kill(os.getpid(), signal.SIGKILL))
        checkpoint.save(saved, payload(8))
        os._exit(0)
    assert os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGKILL
    assert same(checkpoint.load(saved), payload())
    assert any(file.suffix == ".tmp" for file in saved.parent.iterdir())

    checkpoint.save(saved, payload(9))  # the next save clears the debris
    assert same(checkpoint.load(saved), payload(9))
    assert sorted(file.name for file in saved.parent.iterdir()) == ["last.pt", "last.pt.previous"]


@pytest.mark.fault("F2")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_kills_at_random_while_saving_never_leave_a_file_that_cannot_be_loaded(saved, draw, times, injected):
    for _ in range(times(5, 100)):
        child = os.fork()
        if child == 0:
            for epoch in range(100_000):
                checkpoint.save(saved, payload(epoch))
            os._exit(0)
        time.sleep(draw.uniform(0.005, 0.05))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        found = checkpoint.load(saved)  # not the one before: the newest itself is always whole
        assert same(found, payload(found["epoch"]))
        injected("F2", "SIGKILL while saving over and over")


@pytest.mark.fault("F8")
def test_a_full_disk_is_an_error_that_names_path_and_need(saved, monkeypatch):
    size = saved.stat().st_size

    def full(_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(atomic.os, "fsync", full)
    with pytest.raises(OSError, match=rf"cannot write .*last\.pt \({size} bytes\): No space left") as caught:
        checkpoint.save(saved, payload(8))
    assert caught.value.errno == errno.ENOSPC
    assert same(checkpoint.load(saved), payload())
    assert [file.name for file in saved.parent.iterdir()] == ["last.pt"]


def test_without_hard_links_only_the_fallback_is_missing(saved, monkeypatch):
    def unsupported(*_):
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(atomic.os, "link", unsupported)
    checkpoint.save(saved, payload(8))
    assert same(checkpoint.load(saved), payload(8))
    assert not checkpoint.previous(saved).exists()


@pytest.mark.fault("F3")
def test_what_another_process_is_writing_stays(tmp_path):
    with subprocess.Popen(["sleep", "60"]) as other:
        theirs = atomic.temporary_of(tmp_path / "sweep.json", other.pid)
        theirs.write_bytes(b"half")
        atomic.write(tmp_path / "sweep.json", b"ours")
        assert theirs.read_bytes() == b"half"
        other.kill()
    atomic.write(tmp_path / "sweep.json", b"ours again")
    assert [file.name for file in tmp_path.iterdir()] == ["sweep.json"]
