"""Disks that are full, and folders that cannot be written, under real processes: limits on file size, real permissions."""

from __future__ import annotations

import json
import os
import re
import resource
from pathlib import Path

import pytest

from test_resume import same_run
from test_resume_cli import QUICK, rows_in, wait_for

RUN = ("epochs=40", *QUICK, "model=mlp", "model.hidden=[16]", "checkpoint.every=1", "checkpoint.seconds=null")
linux = pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="needs Linux's prlimit")


def fill(command, size: int) -> None:
    """From now on no file of the process can grow beyond so many bytes."""
    resource.prlimit(command.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


@linux
@pytest.mark.fault("F8")
def test_a_disk_that_fills_at_any_time_costs_nothing_that_was_saved(start, command_line, draw, times, injected, tmp_path):
    assert command_line(*RUN, "hydra.run.dir=whole").code == 0
    sizes = [file.stat().st_size for file in (tmp_path / "whole/metrics.csv", tmp_path / "whole/checkpoints/last.pt")]
    for number in range(times(1, 12)):
        folder, size = tmp_path / f"cut{number}", draw.choice(sizes)
        cut, rows = start(*RUN, f"hydra.run.dir={folder.name}"), draw.randint(2, 15)
        wait_for(lambda: rows_in(folder) >= rows or not cut.runs, cut)  # noqa: B023
        fill(cut, draw.randint(size // 2, size))
        ended = cut.finish()
        if ended.code:
            assert ended.code == 1
            assert f"cannot write {folder}" in ended.stderr
            assert "Traceback" not in ended.stderr
            assert "File too large; what was there before is intact" in ended.stderr
            injected("F8", "full disks at random times")
        again = command_line(f"resume={folder.name}")
        assert again.code == 0, again.stderr
        same_run(folder, tmp_path / "whole")


@linux
@pytest.mark.fault("F8")
def test_a_disk_that_is_full_before_the_training_is_told_without_hydras_traceback(start, command_line, tmp_path):
    (tmp_path / "late.py").write_text(LATE, encoding="utf-8")
    run = ("dataset._target_=late.Late", "epochs=2", *QUICK, "hydra.run.dir=run")
    full = start(*run)
    wait_for((tmp_path / "composing").exists, full)
    fill(full, 3000)
    (tmp_path / "go").touch()
    ended = full.finish()
    assert ended.code == 1
    assert re.search(r"^failed: .*cannot write \S+/run/\.hydra/\w+\.yaml \(\d+ bytes\): File too large", ended.stderr, re.M)
    assert "Traceback" not in ended.stderr and "HYDRA_FULL_ERROR" not in ended.stderr
    assert command_line(*run).code == 0  # the folder is free again


LATE = """
import dataclasses
import pathlib
import time

from regexp.datasets import SyntheticRegression

pathlib.Path("composing").touch()
while not pathlib.Path("go").exists():
    time.sleep(0.01)


@dataclasses.dataclass(frozen=True)
class Late(SyntheticRegression):
    pass
"""


@linux
@pytest.mark.fault("F8")
def test_a_full_disk_ends_a_sweep_with_its_reason_and_the_study_goes_on(start, command_line, tmp_path):
    sweep = ("-m", "epochs=200", *QUICK, "model=mlp", "seed=1,2", "study=s", "checkpoint.every=1", "compare=false")
    study = tmp_path / "outputs/s"
    cut = start(*sweep)
    wait_for(lambda: list(study.glob(".stacks/*.previous")), cut)
    fill(cut, 4096)
    ended = cut.finish()
    assert ended.code == 1
    assert "cannot write" in ended.stderr and "File too large" in ended.stderr
    again = command_line(*sweep)
    assert again.code == 0, again.stderr
    assert "go on after epoch" in again.stderr
    assert command_line(*sweep[:-3], "study=whole", "compare=false").code == 0
    for folder in study.glob("seed*/"):
        whole = tmp_path / "outputs/whole" / folder.name / "metrics.csv"
        assert (folder / "metrics.csv").read_bytes() == whole.read_bytes()


@pytest.mark.fault("F9")
@pytest.mark.parametrize("key", ["hydra.run.dir", "hydra.sweep.dir"])
def test_a_folder_that_nobody_can_write_is_refused_before_anything_is_trained(key, command_line, tmp_path):
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o555)
    places = ["/proc/regexp"] * Path("/proc").is_dir() + [str(locked / "run")] * (
        os.geteuid() != 0
    )  # root writes anywhere else
    for place in places:
        mode = ("-m", "seed=1,2") if "sweep" in key else ()
        refused = command_line(*mode, "epochs=1", f"{key}={place}")
        assert refused.code == 1
        assert "folder must be one that can be written" in refused.stderr
        assert place in refused.stderr
        assert "Traceback" not in refused.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["locked"]


@pytest.mark.fault("F10", "F12")
@pytest.mark.parametrize("damage", ["flip", "garbage", "pickle"])
def test_a_damaged_checkpoint_is_refused_by_name_from_the_command_line(damage, command_line, draw, tmp_path):
    assert command_line("epochs=2", *QUICK, "hydra.run.dir=run").code == 0
    file = tmp_path / "run/checkpoints/last.pt"
    content = bytearray(file.read_bytes())
    content[draw.randrange(len(content) // 4, len(content) // 2)] ^= 1
    attack = b"cos\nmkdir\n(S'executed'\ntR."
    file.write_bytes({"flip": bytes(content), "garbage": draw.randbytes(5000), "pickle": attack}[damage])
    file.with_name("last.pt.previous").unlink(missing_ok=True)
    before = (tmp_path / "run/metrics.csv").read_bytes()
    refused = command_line("resume=run", "epochs=4")
    assert refused.code == 1
    assert "last.pt is damaged" in refused.stderr
    assert "there is none before it (last.pt.previous), so train again: in another folder, or after deleting" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert not list(tmp_path.rglob("executed"))
    assert json.loads((tmp_path / "run/summary.json").read_text(encoding="utf-8"))["status"] == "completed"
    assert (tmp_path / "run/metrics.csv").read_bytes() == before
