"""TensorBoard's event file of one run: scalars, hyperparameters, and one chart for train, validation and test.

Records are appended by hand, because TensorBoard's writer holds a file and a thread for every run, and torch's imports torch.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from regexp.experiment import Experiment


def file_in(folder: Path) -> Path:
    """A new event file's name, by which TensorBoard finds and orders the files of a run."""
    return folder / f"events.out.tfevents.{time.time():.6f}.regexp"


def append(file: Path, events: Iterable[Any]) -> None:
    """Add events to the end of the file."""
    from tensorboard.summary.writer.record_writer import RecordWriter

    with file.open("ab") as stream:
        writer = RecordWriter(stream)
        for event in events:
            writer.write(event.SerializeToString())


def opening(experiment: Experiment) -> list[Any]:
    """What the file starts with: its version, the hyperparameters of this very run, and the layout of the charts.

    TensorBoard's summary of a whole experiment is left out: it takes the first one that it finds for all runs below its
    folder, and hides the hyperparameters that only other runs have; without one it shows those of every run.
    """
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.plugins.hparams.summary_v2 import hparams_pb

    started = time.time()
    values = hparams_pb(hyperparameters(experiment), trial_id="", start_time_secs=started)  # no trial: one row per run
    return [version(), *(Event(wall_time=started, summary=summary) for summary in (values, _layout(experiment.dataset.task)))]


def version() -> Any:
    """The event with which every file begins."""
    from tensorboard.compat.proto.event_pb2 import Event

    return Event(wall_time=time.time(), file_version="brain.Event:2")


def scalars(row: Mapping[str, float], at: float) -> Any:
    """One event with all metrics of an epoch, measured at the time ``at``."""
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.compat.proto.summary_pb2 import Summary

    values = [Summary.Value(tag=name, simple_value=value) for name, value in row.items() if name != "epoch"]
    return Event(wall_time=at, step=int(row["epoch"]), summary=Summary(value=values))


def closing(status: str) -> Any:
    """How the run ended: success if it completed, else failure."""
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.plugins.hparams import api_pb2, metadata, plugin_data_pb2

    ended = time.time()
    code = api_pb2.STATUS_SUCCESS if status == "completed" else api_pb2.STATUS_FAILURE
    info = plugin_data_pb2.SessionEndInfo(status=code, end_time_secs=ended)
    about = metadata.create_summary_metadata(plugin_data_pb2.HParamsPluginData(session_end_info=info))
    value = Summary.Value(tag=metadata.SESSION_END_INFO_TAG, metadata=about, tensor=metadata.NULL_TENSOR)
    return Event(wall_time=ended, summary=Summary(value=[value]))


def bands(title: str, series: Mapping[str, tuple[str, str]]) -> Any:
    """The event that lays out the page *Custom scalars*: one chart per tag, with a band between two other tags of the run."""
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.plugins.custom_scalar import layout_pb2

    charts = []
    for tag, (low, high) in series.items():
        one = layout_pb2.MarginChartContent.Series(value=tag, lower=low, upper=high)
        charts.append(layout_pb2.Chart(title=tag, margin=layout_pb2.MarginChartContent(series=[one])))
    return Event(wall_time=time.time(), summary=_layout_of(title, charts))


def hyperparameters(experiment: Experiment) -> dict[str, float | str | bool]:
    """The experiment as a flat table for TensorBoard: ``{"seed": 0.0, "model": "MLP", "regularizer.l2.strength": 0.1, ...}``.

    Numbers are always floats, so that a key has one type in all runs; lists are strings; what is None is left out.
    ``regularizer`` lists the regularizers by name.
    """
    tree = experiment.to_dict()
    found = {"regularizer": " + ".join(tree["regularizer"]) or "none", **dict(_leaves(tree))}
    return {key: _plain(value) for key, value in found.items() if value is not None}


def _leaves(tree: Mapping[str, Any], prefix: str = "") -> Iterable[tuple[str, Any]]:
    for name, value in tree.items():
        if isinstance(value, Mapping):
            yield from _leaves(value, f"{prefix}{name}.")
        elif name != "_target_":
            yield f"{prefix}{name}", value
        elif not prefix.startswith("regularizer."):
            yield prefix.removesuffix("."), value.rpartition(".")[2]


def _plain(value: Any) -> float | str | bool:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _layout(task: str) -> Any:
    """Train, validation and test in one chart."""
    from tensorboard.plugins.custom_scalar import layout_pb2

    charts = []
    for name in ("loss", "accuracy") if task == "classification" else ("loss",):
        tags = [f"^{split}/{name}$" for split in ("train", "val", "test")]
        charts.append(layout_pb2.Chart(title=name, multiline=layout_pb2.MultilineChartContent(tag=tags)))
    return _layout_of("train, validation and test", charts)


def _layout_of(title: str, charts: Sequence[Any]) -> Any:
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.compat.proto.tensor_pb2 import TensorProto
    from tensorboard.compat.proto.tensor_shape_pb2 import TensorShapeProto
    from tensorboard.plugins.custom_scalar import layout_pb2, metadata

    layout = layout_pb2.Layout(category=[layout_pb2.Category(title=title, chart=charts)])
    tensor = TensorProto(dtype="DT_STRING", string_val=[layout.SerializeToString()], tensor_shape=TensorShapeProto())
    value = Summary.Value(tag=metadata.CONFIG_SUMMARY_TAG, tensor=tensor, metadata=metadata.create_summary_metadata())
    return Summary(value=[value])
