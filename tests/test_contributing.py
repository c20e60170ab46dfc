"""The example of CONTRIBUTING.md works exactly as printed."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

PAGE = (Path(__file__).parents[1] / "CONTRIBUTING.md").read_text(encoding="utf-8")


def block(language: str) -> str:
    """The example's fenced block of a language; a block without one holds the command."""
    blocks = re.findall(r"^```(\w*)\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    return next(text for name, text in blocks if name == language and re.search("log_penalty|LogPenalty", text))


def test_the_printed_regularizer_trains_by_the_printed_command(command_line, tmp_path):
    (tmp_path / "log_penalty.py").write_text(block("python"), encoding="utf-8")
    (tmp_path / "conf" / "regularizer").mkdir(parents=True)
    (tmp_path / "conf" / "regularizer" / "log_penalty.yaml").write_text(block("yaml"), encoding="utf-8")
    program, *arguments = shlex.split(block(""))
    assert program == "regexp-train"

    done = command_line(*arguments)

    assert done.code == 0, done.stderr
    (summary,) = (tmp_path / "outputs").glob("*/*/summary.json")
    final = json.loads(summary.read_text(encoding="utf-8"))["final"]
    assert final["train/penalty/log_penalty"] > 0
    assert final["train/penalty/log_penalty"] < 0.1 * final["weights/l2_norm"] ** 2  # log(1 + w^2) < w^2
