"""``load``: a finished run, from its folder."""

from __future__ import annotations

from pathlib import Path

import yaml

from regexp.config import build
from regexp.files import checkpoint
from regexp.files.history import read_metrics, read_summary
from regexp.results import Result


def load(folder: str | Path) -> Result:
    """The result of the run in ``folder``, as :func:`regexp.fit` returned it; weights only as far as they were saved.

    Raises ``FileNotFoundError`` for a folder that holds no run, ``ValueError`` for a run that has not ended.
    """
    path = Path(folder)
    if not (path / "summary.json").exists():
        raise FileNotFoundError(f"{path} holds no run: it has no summary.json")
    summary = read_summary(path)
    status = summary.get("status") if isinstance(summary, dict) else None
    if not isinstance(summary, dict) or "final_epoch" not in summary:
        raise ValueError(f"{path} must hold a run that has ended, got status {status!r}: read its metrics.csv")
    if not (path / "config.yaml").exists():
        raise FileNotFoundError(f"{path} holds no complete run: its config.yaml is missing")
    experiment, _ = build(yaml.safe_load((path / "config.yaml").read_text(encoding="utf-8")))
    saved = [checkpoint.load_newest(file) for file in sorted((path / "checkpoints").glob("*.pt"))]
    best = summary.get("best")
    return Result(
        experiment=experiment,
        status=summary["status"],
        reason=summary.get("reason"),
        rows=read_metrics(path),
        final_epoch=summary["final_epoch"],
        best_epoch=best["epoch"] if best else None,
        weights={which: weights for payload in saved for which, weights in payload["weights"].items()},
        sizes=tuple(saved[0]["sizes"]) if saved else (0, 0),
        seconds=summary.get("seconds", 0.0),
        machine={name: summary.get(name) for name in ("device", "threads", "versions", "commit", "data_hashes", "data_folder")},
        snapshot=next((payload for payload in saved if "tensors" in payload), {}),
        baselines=summary.get("baselines", {}),
        warning=summary.get("warning"),
    )
