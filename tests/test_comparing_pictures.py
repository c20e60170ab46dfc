"""The pictures of a comparison: what is drawn is said, what is not drawn is said too, and axes fit their values."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
from matplotlib.collections import PolyCollection

import regexp
from regexp.optim import SGD
from regexp.regularizers import L1, L2, MaxNorm, WeightDecay
from run_folders_of import ONE, write_setting
from test_comparing import decayed


def caption(figure):
    return " ".join(figure._supxlabel.get_text().split())


def rates(folder, losses, **last):
    for i, (lr, values) in enumerate(losses.items()):
        write_setting(folder, replace(ONE, optimizer=SGD(lr)), values, values, **(last if i == len(losses) - 1 else {}))
    return regexp.compare(folder).figures


def test_many_ticks_of_less_than_two_decades_do_not_overlap(tmp_path):
    grid = [0.003, 0.004, 0.005, 0.006, 0.007, 0.008, 0.01, 0.02, 0.03, 0.05, 0.07]
    figure = rates(tmp_path, {lr: [1.0, 1.5] for lr in grid})["metric"]
    figure.canvas.draw()
    for axes in figure.axes:
        drawn = [one for one in axes.get_xticklabels(which="both") if one.get_text()]
        boxes = sorted((one.get_window_extent() for one in drawn), key=lambda box: box.x0)
        assert len(boxes) >= 3
        assert all(left.x1 < right.x0 for left, right in pairwise(boxes))


def test_more_than_a_decade_has_an_axis_of_powers_on_which_bands_stay(tmp_path):
    figure = rates(tmp_path, {0.1: [1.0, 1.1], 1.0: [0.5, 9.0], 10.0: [11.0, 13.0]})["metric"]
    (axes,) = figure.axes
    assert axes.get_yscale() == "log"
    bands = [part for part in axes.collections if isinstance(part, PolyCollection)]
    assert bands
    for band in bands:
        vertices = band.get_paths()[0].vertices
        assert np.min(vertices[:, 1]) >= axes.get_ylim()[0] > 0


def test_the_caption_is_of_what_is_drawn_and_divergence_is_marked(tmp_path):
    figure = rates(tmp_path, {0.1: [1.0], 1.0: [2.0], 10.0: [3.0]}, status="diverged")["metric"]
    assert caption(figure).startswith("n = 1 seed per setting; points are means. ")
    (crosses,) = [line for line in figure.axes[0].lines if line.get_label() == "runs diverged"]
    assert list(crosses.get_xdata()) == [10.0]


def test_every_regularizer_has_its_norms_and_what_has_no_strength_is_named(tmp_path):
    for strength in (0.0, 0.1, 1.0):
        write_setting(tmp_path, decayed(strength), [1.0, 2.0], [1.0, 2.0])
        write_setting(tmp_path, replace(ONE, regularizers=[L2(strength)]), [1.0, 2.5], [1.0, 2.0])
    write_setting(tmp_path, replace(ONE, regularizers=[L1(0.1)]), [1.0, 2.0, 3.0], [3.0, 4.0, 5.0])
    figures = regexp.compare(tmp_path).figures
    assert {axes.get_xlabel() for axes in figures["weight_norms"].axes} == {"l2 strength", "weight decay strength"}
    for name in ("metric", "weight_norms", "gap"):
        assert "not drawn, since without such a number: l1 0.1." in caption(figures[name])
        assert "n = 2 seeds per setting" in caption(figures[name])
    assert "bands and bars are" in caption(figures["metric"])  # strength 0 stands apart, with a bar


def test_without_zero_there_are_bands_and_no_bars(tmp_path):
    for strength in (0.1, 1.0, 10.0):
        write_setting(tmp_path, replace(ONE, regularizers=[WeightDecay(strength)]), [1.0, 2.0], [1.0, 2.0])
    assert "; bands are 95 %" in caption(regexp.compare(tmp_path).figures["metric"])


def beside(folder, losses, *, spread):
    """Two settings without a strength that differs, and two references."""
    for regularizers, loss in (((), losses[0]), ((MaxNorm(2.0),), losses[1])):
        rows = {"constant": {"test/loss": 3.0}, "ridge": {"test/loss": 2.0}}
        values = [loss - spread, loss + spread]
        write_setting(folder, replace(ONE, regularizers=regularizers), values, [1.0, 1.0], baselines=rows)
    return regexp.compare(folder).figures


def test_upright_lines_are_named_and_names_are_inside(tmp_path):
    figure = beside(tmp_path, (1.0, 1.5), spread=0.1)["metric"]
    (axes,) = figure.axes
    lines = {line.get_label(): line.get_xdata()[0] for line in axes.lines if not line.get_label().startswith("_")}
    assert lines == {"the constant predictor": 3.0, "ridge regression": 2.0}
    assert [text.get_text() for text in axes.get_legend().get_texts()] == [*lines]
    figure.canvas.draw()
    box, whole = axes.get_legend().get_window_extent(), figure.bbox
    assert whole.x0 <= box.x0 < box.x1 <= whole.x1 and axes.get_window_extent().y1 <= box.y0 < box.y1 <= whole.y1


def test_a_loss_is_not_drawn_below_zero_and_a_difference_is(tmp_path):
    figures = beside(tmp_path, (1.0, 1.5), spread=0.4)
    (row, other) = regexp.compare(tmp_path).findings.rows
    assert min(row.final.low, other.final.low) < 0
    assert [figures[name].axes[0].get_xlim()[0] >= 0 for name in ("metric", "difference")] == [True, False]
    assert all(axes.get_ylim()[0] >= 0 for axes in figures["learning_curves"].axes)


def test_a_caption_takes_the_width_of_its_figure_and_no_more(tmp_path):
    for name, figure in beside(tmp_path, (1.0, 1.5), spread=0.1).items():
        figure.set_dpi(80)  # small letters are wider
        figure.canvas.draw()
        box = figure._supxlabel.get_window_extent()
        lines = figure._supxlabel.get_text().splitlines()
        assert box.x1 <= figure.bbox.x1 and (len(lines) == 1 or box.width > 0.85 * figure.bbox.width), name
