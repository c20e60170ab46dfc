"""Event files by TensorBoard's own reader, as a table by pandas: the last values, and mean and deviation of every setting.

``python -m benchmarks.peers.pandas_events STUDY`` prints the table.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd
import yaml
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator


def compare(study: Path, metric: str = "test/loss") -> pd.DataFrame:
    """One row per setting: n, mean and standard deviation of the metric over the seeds."""
    table = pd.concat([history(folder) for folder in sorted(study.iterdir()) if (folder / "config.yaml").exists()])
    last = table[table.tag == metric].sort_values("step").groupby(["strength", "seed"]).value.last()
    return last.groupby("strength").agg(["count", "mean", "std"])


def history(folder: Path) -> pd.DataFrame:
    """All scalars of one run, with what was swept; of the event files only scalars are kept in memory."""
    events = EventAccumulator(str(folder), size_guidance={"scalars": 0, "tensors": 0, "images": 1, "histograms": 1})
    events.Reload()
    scalars = [(tag, e.step, e.value) for tag in events.Tags()["scalars"] for e in events.Scalars(tag)]
    config = yaml.load((folder / "config.yaml").read_text(encoding="utf-8"), yaml.CSafeLoader)
    strength = config["regularizer"]["weight_decay"]["strength"]
    return pd.DataFrame(scalars, columns=["tag", "step", "value"]).assign(seed=config["seed"], strength=strength)


if __name__ == "__main__":
    print(compare(Path(sys.argv[1])))
