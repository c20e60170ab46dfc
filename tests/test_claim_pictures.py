"""The picture of a claim: axes, bands, lines and their names; and that of every shipped protocol they are in words."""

from __future__ import annotations

import dataclasses
import math
import re
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from regexp.comparison.figures.style import new_figure
from regexp.comparison.reading import Run
from regexp.textbook import report
from regexp.textbook.diagnostics import gradients_by_depth
from regexp.textbook.expression import parse
from regexp.textbook.figures import draw
from regexp.textbook.figures.caption import finish, measured, recipe, worded
from regexp.textbook.figures.claims import of_claim
from regexp.textbook.figures.expected import named_line, shaded
from regexp.textbook.judging import Judgement, judge
from regexp.textbook.paragraph import paragraph
from regexp.textbook.protocol import Claim, Picture, Protocol, Published, Tier
from regexp.textbook.reading import read_all
from regexp.textbook.study import Study
from regexp.textbook.wording import number, parts
from regexp.train import config_folder

PROTOCOLS = read_all(config_folder() / "reproduce")
CLAIMS = [pytest.param(p, claim, id=f"{p.name}-{claim.name}") for p in PROTOCOLS.values() for claim in p.claims]
REFERENCES = [one for one in CLAIMS if one.values[1].published]
MINE = Protocol("mine", "test", "Mine", "Does it?", "nobody", {name: Tier(4) for name in ("quick", "standard", "full")})
NEURON = "saturated_neuron.quadratic_good"
RATIO = "hidden_layers.ratio_start over hidden_layers.zeros_start"


def claim(kind, value=NEURON, **more):
    return Claim("one", "It is so", kind, parse(value), **more)


def drawn(one, values, monkeypatch, **more):
    """The axes of the claim's picture, its legend and its caption; nothing is measured of any run."""
    monkeypatch.setattr("regexp.textbook.figures.claims.trained", lambda *_: [])
    low, high = np.quantile(values, [0.25, 0.75])
    found = Judgement(one, "holds", tuple(values), float(np.mean(values)), float(low), float(high), **more)
    figure = of_claim(found, Study(MINE, "standard", []))
    (axes,) = figure.axes
    legend = axes.get_legend()
    return axes, [text.get_text() for text in legend.get_texts()], " ".join(figure._supxlabel.get_text().split())


def _predicted(values):
    """By the textbook's formula: mean +- t s sqrt(1 + 1/n)."""
    n, t = len(values), stats.t.ppf(0.975, len(values) - 1)
    half = t * np.std(values, ddof=1) * math.sqrt(1 + 1 / n)
    return np.mean(values) - half, np.mean(values) + half


DECADES = [1e-4, 1e-3, 1e-2, 1.0]


@pytest.mark.parametrize(
    ("one", "scale"),
    [
        (claim("shown", RATIO), "log"),
        (claim("direction", RATIO, margin=1.0, target=1e-5), "log"),
        (claim("direction", RATIO, margin=1.0), "linear"),  # its line is at 0
        (claim("equal", RATIO, margin=2.0, target=1.0), "linear"),  # its band begins below 0
        (claim("equal", RATIO, margin=0.5, target=1.0), "log"),
        (claim("shown", RATIO, published=Published(0.0, "me", "R")), "linear"),
        (claim("shown", "hidden_layers.ratio_start"), "linear"),  # no ratio
        (claim("direction", "hidden_layers.ratio_start minus hidden_layers.zeros_start", margin=1.0), "linear"),
        (claim("exact", RATIO, tolerance=1.0), "linear"),
    ],
)
def test_an_axis_is_logarithmic_for_ratios_only_and_if_everything_has_a_place_on_it(one, scale, monkeypatch):
    axes, _, _ = drawn(one, DECADES, monkeypatch)
    assert axes.get_xscale() == scale
    low, high = axes.get_xlim()
    for line in (*(shaded(one) or ()), *([named_line(one)[0]] if named_line(one) else [])):
        assert low <= line <= high or line < 0 == one.target, "the band's half below zero may be cut of what is never negative"


def test_what_is_exact_shows_its_target_the_tolerance_and_the_seed_that_decides(monkeypatch):
    one = claim("exact", tolerance=0.01, target=2.0)
    axes, names, caption = drawn(one, [2.001, 1.996, 2.002, 2.0], monkeypatch)
    assert names == ["tolerated error", "exact", "a seed", "the seed that is furthest off"]
    assert caption.startswith("n = 4 seeds; largest error 0.004, tolerated 0.01.")
    band = axes.patches[0].get_extents().transformed(axes.transData.inverted())
    assert (band.x0, band.x1) == pytest.approx((1.99, 2.01))
    target, worst = axes.lines
    assert target.get_xdata() == [2.0, 2.0] and worst.get_xdata() == [1.996]
    row = report._row(Judgement(one, "holds", (2.001, 1.996, 2.0), 1.999, 1.9, 2.1))
    assert (row["value"], row["interval"]) == ("1.999, largest error 0.004", "")
    assert report._row(Judgement(claim("exact", tolerance=0.1), "holds", (0.0, -0.02), -0.01))["value"] == "largest error 0.02"


def test_a_published_number_stands_in_the_prediction_interval_that_judges_it(monkeypatch):
    one, values = claim("published", tolerance=9.0, published=Published(2.5, "me", "R2")), [1.0, 2.0, 3.0, 4.0]
    monkeypatch.setattr("regexp.textbook.judging.measure", lambda *_: np.array(values))
    monkeypatch.setattr("regexp.textbook.judging.diverged", lambda *_: {})
    (found,) = judge(Study(dataclasses.replace(MINE, claims=(one,)), "standard", []))
    assert found.prediction == pytest.approx(_predicted(values))
    axes, names, _ = drawn(one, values, monkeypatch, prediction=found.prediction)
    assert "95 % prediction interval of one run" in names
    band = axes.patches[0].get_extents().transformed(axes.transData.inverted())
    assert (band.x0, band.x1) == pytest.approx(found.prediction)


def test_what_else_was_printed_is_drawn_and_on_the_axis(monkeypatch):
    one = claim("published", tolerance=9.0, published=Published(2.5, "me", "R2", others=(1.5, 7.0)))
    axes, names, caption = drawn(one, [2.0, 3.0, 2.6], monkeypatch)
    lines = {line.get_xdata()[0]: line.get_linewidth() for line in axes.lines if line.get_linestyle() == "--"}
    assert list(lines) == [2.5, 1.5, 7.0] and lines[2.5] > lines[1.5] == lines[7.0]
    assert names.count("also published") == 1 and axes.get_xlim()[1] > 7.0
    assert "published: 2.5 (me; also 1.5, 7)" in caption


@pytest.mark.parametrize(("target", "refuted"), [(0.0, None), (2.1, 2.6), (9.0, 9.5)])
def test_what_would_refute_a_direction_is_drawn_unless_it_holds(target, refuted, monkeypatch):
    one = claim("direction", margin=0.5, target=target)
    axes, names, caption = drawn(one, [2.0, 3.0, 2.6, 1.9], monkeypatch)  # the interval is [1.975, 2.7]
    dotted = [line.get_xdata()[0] for line in axes.lines if line.get_linestyle() == ":"]
    assert dotted == ([refuted] if refuted else [])
    assert ("does not hold: below this" in names) == bool(refuted)
    assert axes.get_xlim()[1] > (refuted or 0) and "margin 0.5" in caption


PRINTED = Published((0.8, 0.7), "me", "S", data="60,000 images", medians=True)
LONG = [
    claim("equal", margin=0.1, published=dataclasses.replace(PRINTED, value=0.1, medians=False)),
    claim("direction", margin=0.1, target=2.5, published=dataclasses.replace(PRINTED, value=0.1, medians=False)),
    claim("published", tolerance=1.0, published=Published(0.1, "me", "R2", data="MNIST", others=(0.2,))),
]


@pytest.mark.parametrize("one", LONG, ids=lambda one: one.kind)
def test_a_legend_lies_in_the_picture_and_leaves_the_axis_its_width(one, monkeypatch):
    prediction = (0.0, 4.0) if one.kind == "published" else None
    axes, _, _ = drawn(one, [2.0, 3.0, 2.6, 1.9], monkeypatch, median=True, prediction=prediction, medians=(4.0, 2.0))
    figure = axes.figure
    figure.canvas.draw()
    box = axes.get_legend().get_window_extent()
    assert box.x0 >= 0 and box.x1 <= figure.bbox.width and box.y1 <= figure.bbox.height
    assert axes.bbox.width > 0.9 * figure.bbox.width


def test_ranks_are_compared_on_an_axis_of_whole_numbers(monkeypatch):
    axes, _, _ = drawn(claim("exact", "symmetry.rank of any", tolerance=1e-9, target=8.0), [8.0, 8.0, 7.0], monkeypatch)
    axes.figure.canvas.draw()
    assert axes.get_xlim() == (6, 9) and set(axes.get_xticks()) >= {6, 7, 8, 9}
    assert all(float(tick).is_integer() for tick in axes.get_xticks())
    axes, _, _ = drawn(claim("exact", tolerance=1e-9, target=1.0), [1.0000000001, 1.0], monkeypatch)
    assert axes.get_xlim()[1] < 1.1, "a number that is no whole one is compared by its error"


def test_tiny_numbers_are_written_in_full(monkeypatch):
    axes, _, _ = drawn(claim("exact", tolerance=1e-10), [5e-15, 1e-15], monkeypatch)
    axes.figure.canvas.draw()
    assert axes.xaxis.get_offset_text().get_text() == ""
    assert {"0", "5e-11", "1e-10"} <= {label.get_text() for label in axes.get_xticklabels()}


def test_a_caption_counts_data_sets_where_a_seed_has_several_and_says_what_was_computed(monkeypatch):
    _, names, caption = drawn(claim("shown", "double_descent.ratio_490"), np.linspace(1, 2, 40), monkeypatch)
    assert caption.startswith("n = 40 data sets, 10 for each of 4 seeds;") and "a data set" in names
    assert "tier standard: 500 features, weights of norm 1, noise 0.5," in caption
    _, names, caption = drawn(claim("shown", "double_descent.rise"), np.linspace(1, 2, 4), monkeypatch)
    assert caption.startswith("n = 4 seeds;") and "a seed" in names
    _, _, caption = drawn(claim("shown"), [1.0, 2.0], monkeypatch)
    assert "learning rate 0.15 (cross-entropy also at 0.005), 300 steps" in caption


def test_one_value_has_neither_seeds_nor_an_interval(monkeypatch):
    monkeypatch.setattr("regexp.textbook.figures.claims.trained", lambda *_: [])
    for one, names in (
        (claim("exact", tolerance=0.1, target=2.0), ["tolerated error", "exact", "the value"]),
        (claim("shown"), ["the value"]),
    ):
        figure = of_claim(Judgement(one, "holds", (2.05,), 2.05), Study(MINE, "standard", []))
        (axes,) = figure.axes
        assert [text.get_text() for text in axes.get_legend().get_texts()] == names
        caption = " ".join(figure._supxlabel.get_text().split())
        assert caption.startswith("n = 1; error 0.05, tolerated 0.1." if one.kind == "exact" else "n = 1; 2.05.")


def test_what_all_seeds_agree_on_has_no_interval(monkeypatch):
    one = claim("shown", holds="It is {value} {interval}. (And {value} ({interval}), too.)")
    _, names, caption = drawn(one, [0.5, 0.5, 0.5 + 1e-9], monkeypatch)
    assert caption.startswith("n = 3 seeds; 0.5 (all agree).") and names == ["a seed", "all agree"]
    found = Judgement(one, "shown", (0.5, 0.5, 0.5), 0.5, 0.5, 0.5)
    assert (report._row(found)["value"], report._row(found)["interval"]) == ("0.5", "all 3 agree")
    assert paragraph([found]) == "It is 0.5. (And 0.5, too.)"
    varied = dataclasses.replace(found, values=(0.0, 0.5, 0.5, 1.0))  # a sign interval may have no width even so
    assert report._row(varied)["interval"] == "[0.5, 0.5]" and paragraph([varied]).startswith("It is 0.5 [0.5, 0.5].")
    share = dataclasses.replace(found, claim=claim("shown", share=True), values=(0.0, 0.0), center=0.0, low=0.0, high=0.84)
    assert report._row(share)["interval"] == "[0, 0.84]"


def test_a_share_of_runs_has_an_interval_of_its_own_name(monkeypatch):
    _, names, _ = drawn(claim("shown", share=True), [0.0, 1.0, 1.0, 0.0], monkeypatch)
    assert names == ["a seed", "share, Clopper and Pearson's interval"]


def test_of_a_name_there_is_no_picture(tmp_path):
    found = [Judgement(claim("shown", names=names), "shown", (2.0,), 2.0) for names in ((), ("L1", "dropout"))]
    rows = [report._row(one) for one in found]
    assert [(row["value"], row["picture"]) for row in rows] == [("2", True), ("dropout", False)]
    draw(Study(MINE, "standard", []), found[1:], tmp_path)
    assert not list(tmp_path.iterdir())


def test_what_is_no_seed_is_not_called_one(monkeypatch):
    _, names, _ = drawn(claim("shown", "decomposition.bias_mlp_few"), [1.0, 2.0], monkeypatch)
    assert "a seed's jackknife pseudo-value" in names


def test_what_is_below_one_is_not_written_as_one():
    assert [number(value) for value in (0.9996, 0.99997, 0.999968, 0.9999999, 1.0)] == [
        "0.9996",
        "0.99997",
        "0.99997",
        "1",
        "1",
    ]


@pytest.mark.parametrize("median", [False, True])
def test_a_difference_of_medians_is_compared_with_one(median, tmp_path, monkeypatch):
    """Also where a median of differences decides, which is no such thing."""
    values = {"first": dict(enumerate((1.0, 2.0, 9.0))), "second": dict(enumerate((0.0, 1.9, 3.0)))}
    monkeypatch.setattr("regexp.textbook.measuring._quantities", lambda *_: values)
    one = claim(
        "direction",
        "tuned.first minus tuned.second",
        margin=0.1,
        median=median,
        published=Published((3.0, 1.0), "me", "S", medians=True),
    )
    (found,) = judge(Study(dataclasses.replace(MINE, claims=(one,)), "standard", []))
    assert found.of_medians == pytest.approx(2.0 - 1.9)
    assert found.center == pytest.approx(1.0 if median else 7.1 / 3)
    expected = "2 (3 minus 1; medians; me; simulated independently for this project); of the medians here 0.1 (2.0 minus 1.9)"
    assert report._row(found)["published"] == expected
    measured = "median and sign interval of" if median else "mean of"
    assert f"{measured} the paired differences, not the difference of the medians" in found.remark
    axes, names, _ = drawn(one, found.values, monkeypatch, medians=found.medians)
    (mark,) = [line for line in axes.lines if line.get_label() == "difference of the medians"]
    assert mark.get_label() in names and list(mark.get_xdata()) == [pytest.approx(0.1)]


@pytest.mark.parametrize(
    ("first", "second", "joined", "shown"),
    [
        (2.629601, 2.549441, "minus", "2.62960 minus 2.54944"),  # 0.08016
        (48.62, 27.82, "minus", "48.62 minus 27.82"),  # 20.8
        (4.0616, 2.5494, "minus", "4.0616 minus 2.5494"),  # 1.512, of three decimals it were 1.513
        (27.98006, 27.81794, "minus", "27.98006 minus 27.81794"),  # 0.1621
        (0.001, 1234567.0, "minus", "0.001 minus 1,234,567.000"),  # -1,234,567
        (math.inf, 1.0, "minus", "infinite minus 1"),
        (2.6296, 2.5494, "over", "2.63 over 2.549"),
    ],
)
def test_a_difference_stands_beside_parts_that_it_can_be_checked_with(first, second, joined, shown):
    assert parts(first, second, joined) == shown
    if joined == "minus" and math.isfinite(first):
        one, other = (float(part.replace(",", "")) for part in shown.split(" minus "))
        assert number(one - other) == number(first - second)


def test_a_median_of_differences_stands_beside_the_difference_of_medians_that_was_printed(monkeypatch):
    one = claim("direction", RATIO.replace("over", "minus"), margin=0.1, median=True, published=PRINTED)
    axes, names, caption = drawn(one, [0.0, 0.0, 0.3, 0.9], monkeypatch, median=True, medians=(1.0, 0.8))
    assert {"median, sign interval", "difference of the medians", "simulated, 60,000 images"} <= set(names)
    assert "0.1 (0.8 minus 0.7; medians; 60,000 images; me), of the medians here 0.2" in caption
    assert [line.get_xdata()[0] for line in axes.lines if line.get_label() == "difference of the medians"] == [
        pytest.approx(0.2)
    ]


def test_a_caption_says_on_what_the_runs_were_trained():
    runs = [Run(Path(), {"dataset.train_size": size, "batch_size": 64, "epochs": 40}, {}, {}) for size in (10000, 500)]
    assert recipe(runs) == "500 to 10,000 training examples in batches of 64, 40 epochs"
    whole = [Run(Path(), {"dataset.train_size": 20, "batch_size": None, "epochs": 1}, {}, {})]
    assert recipe(whole) == "20 training examples, 1 epoch"
    everything = [Run(Path(), {"dataset.train_size": None, "batch_size": 256}, {}, {})]
    assert recipe(everything) == "all training examples in batches of 256"
    assert recipe([*runs, *everything]) == "500 to all training examples in batches of 64 to 256, 40 epochs"
    assert recipe([]) == ""
    rates = [Run(Path(), {"epochs": 3, "optimizer.lr": rate}, {}, {}) for rate in (0.1, 0.0012345678)]
    assert recipe(rates) == "3 epochs, learning rate 0.001235 to 0.1"


def test_no_line_of_a_caption_begins_with_the_sign_of_a_percentage():
    for width in np.linspace(2, 4, 20):
        figure = new_figure(float(width), 2.0, 1)[0]
        finish(figure, "It holds in 80 % of 90 %", "about 12 seeds would decide with a chance of 80 % or of 90 %, that is 95 %")
        texts = [figure._suptitle.get_text(), figure._supxlabel.get_text()]
        assert not [line for text in texts for line in text.splitlines() if line.startswith("%")]
        assert [text.count(" %") for text in texts] == [2, 3]


# ---- every shipped protocol


@pytest.mark.parametrize(("protocol", "one"), CLAIMS)
def test_no_axis_has_an_internal_name(protocol, one):
    """A diagnostic's quantity and a setting have a label; a column is in words."""
    for term in one.value.terms:
        assert term.setting is None or term.setting in protocol.labels, f"{protocol.name}: {term.setting} needs a label"
        assert not term.diagnostic or term.quantity in protocol.labels, f"{protocol.name}: {term.quantity} needs a label"
        assert term.diagnostic or "_" not in worded(term.column) or term.column in protocol.labels
    name = measured(one.value, protocol.labels)
    assert not re.search(r"[a-z]{2,}_[a-z]|[a-z]\.[a-z]", name), name


@pytest.mark.parametrize(("protocol", "one"), REFERENCES)
def test_a_line_is_called_by_how_its_number_was_read(protocol, one):
    """What the source says in words is the independent side."""
    found = one.published
    if re.search(r"simulat", found.source):
        assert found.read == "S" and found.named.startswith("simulated")
    if re.search(r"limit of many|for large", f"{found.of} {found.source}"):
        assert found.read == "L" and found.named == "limit"
    elif re.search(r"\bln 10|algebra|formula|^[\d/ ]+ln", found.source):
        assert found.read in ("D", "S") and found.named.startswith(("exact", "simulated"))
    if found.named.startswith("published"):
        assert re.search(r"[A-Z]\w+|d2l", found.source), "somebody has published it"
    said = f"{found.of} {found.source}"
    if one.printed is not None and found.named.startswith("published"):
        assert not re.search(r"(?<!Fashion-)MNIST|CIFAR", said), f"{protocol.name}.{one.name}: say it under data"


@pytest.mark.parametrize(("protocol", "one"), REFERENCES)
def test_medians_are_named_as_such(protocol, one):
    assert "median" not in one.published.of, "say medians: true"


@pytest.mark.parametrize("protocol", PROTOCOLS.values(), ids=PROTOCOLS)
def test_a_symbol_is_used_once(protocol):
    """n is the number of seeds."""
    laws = [words for words, _ in gradients_by_depth.LAWS.values()]
    texts = [*laws, *protocol.labels.values(), *(claim.says for claim in protocol.claims), protocol.title]
    assert not [text for text in texts if re.search(r"N\(0, 1/n\)", text)]


def test_levels_are_drawn_in_the_panel_of_their_metric(tmp_path):
    from regexp.textbook.figures.runs import curves
    from regexp.textbook.study import read_study
    from run_folders_of import ONE, write_setting

    write_setting(tmp_path, ONE, [1.0, 1.1, 1.2, 0.9])
    one = Claim(
        "floor", "It is so", "exact", parse("test/loss of all at final"), tolerance=0.1, target=0.75,
        published=Published(0.75, "ln of something", "D"),
    )  # fmt: skip
    picture = Picture("a", "curves", "A", ("test/loss", "train/loss"), levels=("floor",))
    protocol = dataclasses.replace(MINE, claims=(one,), settings={"all": {}}, labels={"all": "all"})
    figure = curves(picture, read_study(protocol, "standard", sorted(tmp_path.iterdir())))
    texts = [[text.get_text() for text in axes.texts] for axes in figure.axes]
    assert texts == [["ln of something"], []]
    assert figure.axes[0].lines[-1].get_ydata() == [0.75, 0.75] and not math.isnan(figure.axes[0].get_ylim()[0])
