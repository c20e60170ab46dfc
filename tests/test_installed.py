"""The wheel, installed for itself: it needs nothing of the checkout."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.mark.fault("F27")
def test_the_installed_wheel_works_in_an_empty_folder(tmp_path):
    built, installed, empty = (tmp_path / name for name in ("built", "installed", "empty"))
    empty.mkdir()
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(built)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = built.glob("regexp-*.whl")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target", str(installed), str(wheel)]
    subprocess.run(pip, check=True, capture_output=True)
    program = installed / "bin/regexp-train"

    def run(*arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, str(program), *arguments],
            cwd=empty,
            env=os.environ | {"PYTHONPATH": str(installed)},
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert "Choose from each group" in run("--help")
    assert "_target_: regexp.models.linear.Linear" in run("--cfg", "job")
    assert list(empty.iterdir()) == []
    assert "hydra.run.dir" not in run("epochs=1", "hydra.run.dir=run", "curves=false", "threads=1")
    assert (empty / "run/summary.json").exists()
    where = "import regexp, regexp.train as t; print(regexp.__file__, t.config_folder())"
    found = subprocess.run(
        [sys.executable, "-c", where],
        env=os.environ | {"PYTHONPATH": str(installed)},
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    assert all(Path(path).is_relative_to(installed) for path in found.stdout.split())
