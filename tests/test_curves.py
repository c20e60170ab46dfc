"""The picture of a run shows the numbers of its rows, and survives every kind of row."""

import dataclasses
import math

import pytest
from matplotlib.image import imread

from regexp import curves
from regexp.datasets import SyntheticRegression
from regexp.datasets.dataset import Dataset
from regexp.experiment import Experiment
from regexp.models import MLP, Linear
from regexp.optim import SGD
from regexp.regularizers import Dropout, EarlyStopping, WeightDecay


@dataclasses.dataclass(frozen=True)
class Letters(Dataset):
    task = "classification"


REGRESSION = Experiment(SyntheticRegression(), Linear(), SGD(0.1), [WeightDecay(strength=3)], batch_size=5)
CLASSIFICATION = Experiment(Letters(), MLP(hidden=(8, 4)), SGD(0.1))
EPOCHS = [0, 5, 10, 15]


def rows_of(**columns):
    names = {"train": "train/loss", "val": "val/loss", "test": "test/loss", "accuracy": "train/accuracy"}
    values = zip(*columns.values(), strict=True)
    return [{"epoch": e, **dict(zip(map(names.get, columns), v, strict=True))} for e, v in zip(EPOCHS, values, strict=False)]


def lines(axes):
    """The curves, by their names in the legend."""
    return {line.get_label(): (list(line.get_xdata()), list(line.get_ydata())) for line in axes.lines}


def size(path):
    return imread(path).shape[:2]


def test_curves_are_the_columns(tmp_path):
    rows = rows_of(train=[4.0, 3.0, 2.0, 1.0], test=[5.0, 4.0, 3.5, 3.2])
    (axes,) = curves.picture(rows, REGRESSION, None).axes
    assert lines(axes) == {"training": (EPOCHS, [4.0, 3.0, 2.0, 1.0]), "test": (EPOCHS, [5.0, 4.0, 3.5, 3.2])}
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["training", "test"]
    curves.draw(rows, REGRESSION, tmp_path / "curves.png", None)
    assert size(tmp_path / "curves.png") == (690, 1050)


@pytest.mark.parametrize(
    ("losses", "scale"),
    [
        ([19.0, 5.0, 2.0, 1.0], "linear"),
        ([21.0, 5.0, 2.0, 1.0], "log"),
        ([1e30, 5.0, 2.0, 1.0], "log"),
        ([21.0, 5.0, 2.0, 0.0], "linear"),
        ([math.inf, 3.0, 2.0, math.nan], "linear"),
    ],
)
def test_a_log_axis_where_it_serves(losses, scale):
    (axes,) = curves.picture(rows_of(train=losses), REGRESSION, None).axes
    assert axes.get_yscale() == scale


def test_the_best_epoch_is_marked():
    rows = rows_of(train=[4.0, 3.0, 2.0, 1.0], val=[5.0, 2.0, 3.0, 4.0])
    (axes,) = curves.picture(rows, REGRESSION, 5).axes
    assert lines(axes)["best epoch: 5"][0] == [5, 5]
    (axes,) = curves.picture(rows, REGRESSION, None).axes
    assert set(lines(axes)) == {"training", "validation"}


def test_classification_has_its_accuracy_beside_the_loss(tmp_path):
    rows = rows_of(train=[4.0, 3.0, 2.0, 1.0], accuracy=[0.1, 0.5, 0.7, 0.8])
    loss, accuracy = curves.picture(rows, CLASSIFICATION, 15).axes
    assert lines(loss)["training"] == (EPOCHS, [4.0, 3.0, 2.0, 1.0])
    assert lines(accuracy)["training"] == (EPOCHS, [0.1, 0.5, 0.7, 0.8])
    assert loss.get_ylabel() == "loss (cross entropy)"
    assert accuracy.get_ylabel() == "accuracy"
    curves.draw(rows, CLASSIFICATION, tmp_path / "curves.png", 15)
    assert size(tmp_path / "curves.png") == (690, 1800)


def test_values_that_cannot_be_drawn_are_left_out_and_marked():
    rows = rows_of(train=[4.0, 1e20, 1e200, math.nan], val=[5.0, 1e21, math.nan, math.nan])
    (axes,) = curves.picture(rows, REGRESSION, 0).axes
    found = lines(axes)
    assert found["training"] == ([0, 5], [4.0, 1e20])
    assert found["validation"] == ([0, 5], [5.0, 1e21])
    assert found["diverged: 10"][0] == [10, 10]


@pytest.mark.parametrize(
    "rows",
    [
        rows_of(train=[1.0], test=[2.0]),
        rows_of(train=[1.0, 0.5], val=[2.0, 1.5], test=[2.0, 1.6]),
        rows_of(train=[math.nan], val=[math.inf], test=[math.nan]),
        rows_of(train=[1e-320, 1e308], test=[0.0, -0.0]),
        [{"epoch": e, "train/loss": math.exp(-e)} for e in range(400)],
    ],
    ids=["single row", "one epoch", "nothing finite", "extreme", "many epochs"],
)
def test_any_rows_can_be_drawn(tmp_path, rows):
    curves.draw(rows, REGRESSION, tmp_path / "curves.png", int(rows[-1]["epoch"]))
    assert size(tmp_path / "curves.png") == (690, 1050)


def test_the_title_names_the_setting():
    rows = rows_of(train=[1.0])
    figure = curves.picture(rows, REGRESSION, None)
    assert figure.get_suptitle() == "weight_decay (strength 3)"
    assert figure.axes[0].get_title(loc="left") == "linear on synthetic_regression, sgd (lr 0.1), batch 5, seed 0"

    several = dataclasses.replace(CLASSIFICATION, regularizers=[Dropout(rate=(0.2, 0.5), input_rate=0.1), WeightDecay(1e-4)])
    figure = curves.picture(rows, several, None)
    assert figure.get_suptitle() == "dropout (rate [0.2, 0.5], input_rate 0.1) + weight_decay (strength 0.0001)"
    assert figure.axes[0].get_title(loc="left") == "mlp (hidden [8, 4]) on letters, sgd (lr 0.1), full batch, seed 0"
    assert curves.picture(rows, CLASSIFICATION, None).get_suptitle() == "no regularizer"


def test_a_long_title_stays_inside_the_picture():
    parts = [
        Dropout(rate=0, input_rate=0.123456),
        WeightDecay(strength=0.123456),
        EarlyStopping(patience=1234, min_delta=0.1234),
    ]
    figure = curves.picture(rows_of(train=[1.0]), dataclasses.replace(REGRESSION, regularizers=parts), None)
    figure.canvas.draw()
    assert "\n" in figure.get_suptitle()
    for text in (*figure.texts, figure.axes[0]._left_title, figure._suptitle):
        assert text.get_window_extent().x1 <= figure.bbox.x1


def test_what_training_has_left_behind_does_not_flatten_the_rest():
    rows = rows_of(train=[2.3, 0.6, 0.5, 0.45], accuracy=[0.1, 0.8, 0.82, 0.85])
    loss, accuracy = curves.picture(rows, CLASSIFICATION, 10).axes
    assert loss.get_ylim() == pytest.approx((0.45 - 0.07 * 0.15, 0.6 + 0.07 * 0.15))
    assert accuracy.get_ylim()[0] > 0.7
    assert [text.get_text() for text in loss.texts] == ["epoch 0, beyond this axis: 2.3"]
    assert all(axes.get_legend() for axes in (loss, accuracy))
    gentle = curves.picture(rows_of(train=[0.7, 0.6, 0.5, 0.45]), REGRESSION, None).axes[0]
    assert gentle.get_ylim()[1] > 0.7
    assert not gentle.texts
