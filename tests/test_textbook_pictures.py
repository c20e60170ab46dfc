"""The pictures of settings: what lines, bands, bars and marks are, and that everything drawn lies on its axis."""

from __future__ import annotations

import dataclasses
import itertools
import math

import numpy as np
import pytest
from scipy import stats

from regexp.comparison.figures.style import LINES, new_figure, tidy
from regexp.comparison.reading import Run, read_run
from regexp.optim import SGD
from regexp.regularizers import L2
from regexp.textbook.expression import parse
from regexp.textbook.figures.lines import draw_line
from regexp.textbook.figures.points import points
from regexp.textbook.figures.runs import against, curves
from regexp.textbook.figures.swept import places
from regexp.textbook.measuring import trained
from regexp.textbook.protocol import Picture, Protocol, Tier
from regexp.textbook.reading import ProtocolError, read
from regexp.textbook.study import Study, read_study
from regexp.train import config_folder
from run_folders_of import ONE, write_run, write_setting

KEY = "regularizer.l2.strength"
SEEDS = np.random.default_rng(0).normal(1.0, 0.1, 6)
PROTOCOL = Protocol("mine", "test", "Mine", "Does it?", "nobody", {name: Tier(6) for name in ("quick", "standard", "full")})


def study(folder, losses, n=6, **more):
    """Runs of L2 by its strength: the test losses of the seeds; the training loss is half, the validation loss a tenth more."""
    for strength, values in losses.items():
        one = dataclasses.replace(ONE, regularizers=[L2(strength)], optimizer=SGD(0.25))
        write_setting(folder, one, [float(value) for value in values], [1.1 * float(value) for value in values])
    protocol = dataclasses.replace(PROTOCOL, tiers={name: Tier(n) for name in PROTOCOL.tiers}, **more)
    return read_study(protocol, "standard", sorted(path for path in folder.iterdir() if path.is_dir()))


def swept(*metrics, **more):
    return Picture("one", "against", "One", metrics or ("test/loss",), x=KEY, place="final", **more)


def caption(figure):
    return " ".join(figure._supxlabel.get_text().split())


def half(values):
    """Of the 95 % t-interval, by the textbook."""
    return stats.t.ppf(0.975, len(values) - 1) * np.std(values, ddof=1) / math.sqrt(len(values))


def test_the_interval_at_zero_is_drawn_where_no_band_reaches_it(tmp_path):
    found = study(tmp_path, {0.0: SEEDS, 0.01: SEEDS + 1, 1.0: SEEDS + 2})
    figure = against(swept(), found)
    (axes,) = figure.axes
    (bar,) = axes.containers
    ((low, high),) = [segment[:, 1] for segment in bar.lines[2][0].get_segments()]
    assert (low, high) == pytest.approx((SEEDS.mean() - half(SEEDS), SEEDS.mean() + half(SEEDS)))
    assert axes.get_xticklabels()[0].get_text() == "0" and bar.lines[2][0].get_segments()[0][0, 0] == axes.get_xticks()[0]
    assert "lines are means, bands and bars 95 % t-intervals of the mean." in caption(figure)
    ends = [(path.vertices[:, 0].min(), path.vertices[:, 0].max()) for path in axes.collections[0].get_paths()]
    assert [end for end in ends if end[0] < end[1]] == [pytest.approx((0.01, 1.0))], "the band begins where the line does"
    on_a_line = against(swept(), study(tmp_path / "more", {1.0: SEEDS, 2.0: SEEDS}))
    assert not on_a_line.axes[0].containers and "bands 95 % t" in caption(on_a_line)


def test_the_name_of_an_axis_ends_below_the_title(tmp_path):
    """With the longest title, name and caption side by side that a protocol has."""
    protocol = read(config_folder() / "reproduce" / "smoothness.yaml")
    (picture,) = (one for one in protocol.pictures if one.name == "strength")
    labels = {"test/loss": protocol.labels[picture.metrics[0]]}
    found = study(tmp_path, {0.0: SEEDS, 1.0: SEEDS}, labels=labels, conditional=protocol.conditional)
    figure = against(dataclasses.replace(swept("test/loss", "train/loss"), title=picture.title), found)
    figure.canvas.draw()
    parts = (figure._supxlabel, figure.axes[0].yaxis.label, figure._suptitle)
    below, name, title = (part.get_window_extent() for part in parts)
    assert below.y1 < name.y0 and name.y1 < title.y0


def test_two_seeds_have_no_interval(tmp_path):
    figure = against(swept(), study(tmp_path, {0.0: SEEDS[:2], 0.01: SEEDS[:2], 1.0: SEEDS[:2]}, n=2))
    assert not figure.axes[0].containers and "n = 2 seeds per setting; lines are means. Tier" in caption(figure)


def test_intervals_lie_inside_a_logarithmic_axis(tmp_path):
    wide = 0.001 * (1 + 1.2 * (SEEDS - SEEDS.mean()) / half(SEEDS) / 2)  # the interval reaches from 0.4 to 1.6 times the mean
    figure = against(swept(), study(tmp_path, {1.0: wide, 2.0: wide, 3.0: SEEDS}))
    (axes,) = figure.axes
    assert axes.get_yscale() == "log"
    band = axes.collections[0].get_paths()[0].vertices[:, 1]
    bottom, top = axes.get_ylim()
    assert band.min() < 0.001 / 1.6, "the means alone would have ended the axis above it"
    assert bottom < band.min() and band.max() < top


def test_splits_that_are_together_have_one_scale_and_below_each_strength_its_choosers(tmp_path):
    found = study(
        tmp_path,
        {0.01: [3.0, 1.0, 3.0], 0.1: [2.0, 2.0, 2.0], 1.0: [4.0, 4.0, 4.0]},
        n=3,
        arguments={"validated_strength": {"key": KEY, "place": "final"}},
        labels={"validated_strength.chosen": "seeds that choose it"},
    )
    picture = swept("train/loss", "val/loss", "test/loss", together=True, chosen="validated_strength.chosen")
    figure = against(picture, found)
    (axes,) = figure.axes
    assert axes.get_yscale() == "linear" and axes.get_ylabel() == "loss"
    assert -0.05 * axes.get_ylim()[1] < axes.get_ylim()[0] < 0, "from zero, and a mark there is whole"
    lines = {line.get_label(): line.get_ydata() for line in axes.lines}
    assert list(lines) == ["training loss", "validation loss", "test loss"]
    assert lines["test loss"] == pytest.approx([7 / 3, 2, 4]) and lines["training loss"] == pytest.approx([7 / 6, 1, 2])
    assert [label.get_text() for label in axes.get_xticklabels()] == ["0.01\n1", "0.1\n2", "1\n0"]
    assert "seeds that choose it" in axes.get_xlabel()
    legend = [text.get_text() for text in axes.get_legend().get_texts()]
    assert legend == list(lines)


@pytest.mark.parametrize("kind", ["curves", "against"])
def test_medians_have_their_sign_interval(tmp_path, kind):
    values = [*SEEDS, 40.0]  # one that would carry the mean away
    found = study(tmp_path, {1.0: values, 2.0: values}, n=7, settings={"one": {KEY: 1.0}}, labels={"one": "one"})
    picture = dataclasses.replace(swept(median=True), kind=kind)
    figure = {"curves": curves, "against": against}[kind](picture, found)
    (axes,) = figure.axes
    assert axes.lines[0].get_ydata()[-1] == pytest.approx(np.median(values))
    band = axes.collections[0].get_paths()[0].vertices
    last = band[band[:, 0] == band[:, 0].max(), 1]
    assert (last.min(), last.max()) == pytest.approx(
        (min(values), max(values))
    )  # of 7 values 2 / 2**7 < 5 %: the first and last
    assert "lines are medians, bands 95 % sign intervals of the median." in caption(figure)


def test_a_caption_says_which_epochs_are_left_out(tmp_path):
    found = study(tmp_path, {1.0: SEEDS, 2.0: SEEDS}, settings={"one": {KEY: 1.0}})
    picture = dataclasses.replace(swept(), kind="curves")
    assert "epochs before" not in caption(curves(picture, found))
    later = curves(dataclasses.replace(picture, first_epoch=2), found)
    assert "n = 6 seeds per setting; epochs before 2 are left out; lines are means" in caption(later)
    assert min(later.axes[0].lines[0].get_xdata()) == 2


def test_too_few_values_have_no_sign_interval():
    _, (axes,) = new_figure(4, 3, 1)
    assert draw_line(axes, [1, 2], [[1.0, 2.0, 3.0]] * 2, {"color": "black"}, median=True) == [2.0, 2.0]
    assert not axes.collections and not axes.containers


@pytest.mark.parametrize(
    ("grid", "written"),
    [
        ([8, 32, 128, 512, 2048], ["8", "32", "128", "512", "2048"]),
        ([0, 0.01, 0.1, 1], ["0", "0.01", "0.1", "1"]),
        ([0, *(0.001 * 1.5**k for k in range(18))], ["0", "0.001", "0.01", "0.1"]),  # no room
    ],
)
def test_swept_numbers_are_written_where_there_is_room(grid, written):
    figure, panels = new_figure(9.2, 4.0, 2)
    for axes in panels:
        place = places(axes, grid)
        axes.plot([place(x) for x in grid], [1.0] * len(grid))
        tidy(axes, "x", "y")
    figure.canvas.draw()
    shown = [label for label in panels[0].get_xticklabels() if label.get_text()]
    assert [label.get_text() for label in shown] == written
    boxes = [label.get_window_extent() for label in shown]
    assert all(a.x1 < b.x0 for a, b in itertools.pairwise(boxes))


def test_lines_differ_in_more_than_colour():
    assert len({str(style["linestyle"]) for style in LINES}) == len(LINES) == len({style["marker"] for style in LINES})


@pytest.mark.parametrize("kind", [curves, against, points])
def test_a_caption_says_with_what_the_runs_were_trained(tmp_path, kind):
    found = study(tmp_path, {1.0: SEEDS, 2.0: SEEDS}, settings={"one": {KEY: 1.0}}, conditional="On these data. And more.")
    said = caption(kind(dataclasses.replace(swept(), settings=("one",)), found))
    assert said.endswith("Tier standard: 20 training examples in batches of 5, 2 epochs, learning rate 0.25. On these data.")


def test_marks_that_would_lie_in_one_spot_are_apart_on_a_logarithmic_axis(tmp_path):
    settings = {name: {KEY: strength} for name, strength in (("a", 1.0), ("b", 2.0), ("c", 3.0))}
    found = study(tmp_path, {1.0: SEEDS, 2.0: 0.05 * SEEDS, 3.0: 0.03 * SEEDS}, settings=settings)
    (axes,) = points(Picture("p", "points", "P", ("test/loss",), place="final"), found).axes
    assert axes.get_xscale() == "log"
    axes.figure.canvas.draw()
    written = [label.get_text() for label in axes.get_xticklabels(which="both") if label.get_text()]
    assert {"0.05", "0.1", "0.2", "0.5", "1"} <= set(written)
    near = dataclasses.replace(found, protocol=dataclasses.replace(found.protocol, settings={"b": {KEY: 2.0}, "c": {KEY: 3.0}}))
    (axes,) = points(Picture("p", "points", "P", ("test/loss",), place="final"), near).axes
    assert axes.get_xscale() == "linear"
    (axes,) = points(Picture("p", "points", "P", ("test/loss",), place="final", minus="c"), found).axes
    assert axes.get_xscale() == "linear", "its line is at 0"


def test_the_runs_of_a_quantity_are_those_of_its_setting(tmp_path):
    runs = [read_run_of(tmp_path, noise) for noise in (1.0, 2.0)]
    settings = {"linear_few": {"dataset.noise": 1.0}, "mlp_many": {"dataset.noise": 2.0}}
    found = Study(dataclasses.replace(PROTOCOL, settings=settings), "standard", runs)
    found.once(("decomposition",), lambda: {"bias_mlp_many": {0: 1.0}, "variance_linear_few": {0: 1.0}})
    assert trained(parse("decomposition.bias_mlp_many"), found) == runs[1:]
    assert trained(parse("decomposition.bias_mlp_many minus decomposition.variance_linear_few"), found) == runs[::-1]


def read_run_of(folder, noise) -> Run:
    return read_run(write_run(folder, dataclasses.replace(ONE, dataset=dataclasses.replace(ONE.dataset, noise=noise)), 1.0))


def test_what_is_chosen_must_be_a_quantity(tmp_path):
    text = (config_folder() / "reproduce" / "lambda_curve.yaml").read_text(encoding="utf-8")
    file = tmp_path / "lambda_curve.yaml"
    file.write_text(text.replace("chosen: validated_strength.chosen", "chosen: validated_strength.chossen"), encoding="utf-8")
    with pytest.raises(ProtocolError, match=r"pictures.curve.chosen names a quantity that validated_strength does not have"):
        read(file)
