"""A table of the user's own: what it becomes, how it is split, what is refused, and what stands beside the network."""

from __future__ import annotations

import dataclasses
import json
import re
import shlex
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from hydra.core.override_parser.overrides_parser import OverridesParser
from scipy import stats
from sklearn.datasets import load_breast_cancer, load_diabetes
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.preprocessing import StandardScaler

import forked
import regexp
from regexp.baselines.beside import STRENGTHS
from regexp.config.construction import construct
from regexp.datasets import Table
from regexp.datasets.dataset import DataError
from regexp.experiment import Experiment
from regexp.models import Linear
from regexp.optim import SGD
from regexp.regularizers import L2, EarlyStopping
from regexp.rules import Invalid
from support import arrays, fit


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("tables")
    load_diabetes(as_frame=True, scaled=False).frame.to_csv(path / "diabetes.csv", index=False)
    load_breast_cancer(as_frame=True).frame.to_csv(path / "cancer.csv", index=False)
    return path


@pytest.fixture
def write(tmp_path):
    """Writes columns as a CSV file and gives its path."""

    def write(columns, name="table.csv", **how):
        pd.DataFrame(columns).to_csv(tmp_path / name, index=False, **how)
        return str(tmp_path / name)

    return write


def column(n=20, seed=0):
    return np.random.default_rng(seed).normal(size=n)


def mixed(n=40):
    rng = np.random.default_rng(1)
    return {
        "a": rng.normal(3, 2, n),
        "kind": rng.choice(["x", "y", "z"], n),
        "yes": rng.random(n) < 0.5,
        "y": rng.normal(size=n),
    }


def split_frames(frame, data):
    return {name: frame.iloc[rows.numpy()] for name, rows in data.rows.items()}


def test_a_regression_is_scikit_learns_ridge_in_the_targets_unit(folder):
    one = experiment(folder / "diabetes.csv", regularizers=[L2(0.1)], epochs=3000, optimizer=SGD(0.3), batch_size=None)
    (result,) = fit([one])
    frame = pd.read_csv(folder / "diabetes.csv")
    parts = split_frames(frame, one.dataset.load(0, torch.float64))
    scale = StandardScaler().fit(parts["train"].drop(columns="target"))
    y = parts["train"]["target"]
    model = Ridge(alpha=0.1 * len(y)).fit(
        scale.transform(parts["train"].drop(columns="target")), (y - y.mean()) / y.std(ddof=0)
    )
    for name, part in parts.items():
        predicted = model.predict(scale.transform(part.drop(columns="target"))) * y.std(ddof=0) + y.mean()
        rmse = float(np.sqrt(np.mean((predicted - part["target"]) ** 2)))
        assert result.final[f"{name}/rmse"] == pytest.approx(rmse, rel=1e-6)
        assert result.final[f"{name}/loss"] == pytest.approx(0.5 * (rmse / y.std(ddof=0)) ** 2, rel=1e-6)


def experiment(path, **fields):
    standard = {"optimizer": SGD(0.1), "epochs": 2, "batch_size": 32, "dtype": "float64"} | fields
    return Experiment(Table(str(path), "target"), Linear(), **standard)


def test_ridge_beside_the_network_is_scikit_learns_with_the_strength_of_the_least_validation_loss(folder):
    one = experiment(folder / "diabetes.csv")
    beside = fit([one])[0].baselines
    x, y = arrays(one, "train")
    losses = {}
    for strength in STRENGTHS:
        model = Ridge(alpha=strength * len(x), solver="cholesky").fit(x, y)
        losses[strength] = [0.5 * np.mean((model.predict(a) - b) ** 2) for a, b in (arrays(one, "val"), arrays(one, "test"))]
    best = min(losses, key=lambda strength: losses[strength][0])
    assert beside["ridge"]["strength"] == best
    assert [beside["ridge"][f"{split}/loss"] for split in ("val", "test")] == pytest.approx(losses[best], rel=1e-9)
    test = arrays(one, "test")[1]
    assert beside["constant"]["test/loss"] == pytest.approx(0.5 * np.mean((test - y.mean()) ** 2), rel=1e-9)


@pytest.mark.parametrize("strength", [1.0, 0.01, 1e-4])
def test_logistic_regression_is_scikit_learns(folder, strength):
    from regexp.baselines.logistic import logistic

    x, y = arrays(experiment(folder / "cancer.csv"), "train")
    ((weights, bias),) = logistic(torch.from_numpy(x), torch.from_numpy(y), 2, [strength])
    # two softmax columns share what one sigmoid column has: W = [-w/2, w/2], so that |W|^2 = |w|^2 / 2
    model = LogisticRegression(C=2 / (strength * len(x)), tol=1e-12, max_iter=100_000, solver="newton-cholesky").fit(x, y)
    assert np.allclose((weights[:, 1] - weights[:, 0]).numpy(), model.coef_[0], atol=2e-6)
    assert (bias[1] - bias[0]).item() == pytest.approx(model.intercept_[0], abs=2e-6)


def test_logistic_beside_the_network(folder):
    one = experiment(folder / "cancer.csv")
    beside = fit([one])[0].baselines
    (x, y), (xt, yt) = arrays(one, "train"), arrays(one, "test")
    model = LogisticRegression(C=2 / (beside["logistic"]["strength"] * len(x)), tol=1e-10, max_iter=100_000).fit(x, y)
    loss = -np.mean(np.log(model.predict_proba(xt)[np.arange(len(yt)), yt]))
    assert beside["logistic"]["test/loss"] == pytest.approx(loss, rel=1e-5)
    assert beside["logistic"]["test/accuracy"] == model.score(xt, yt)
    assert beside["constant"]["test/accuracy"] == max(np.mean(yt == 0), np.mean(yt == 1))


CONVERGED = ("save=best", "batch_size=null", "epochs=400", "eval_every=400", "optimizer.lr=0.15", "model.init=constant")
SEARCH = ("hydra/sweeper=search", "hydra.sweeper.budget=8", "hydra.sweeper.fresh_seeds=8", "seed=0,1", "study=mine")
TRUTHS = {  # rows, features, every weight, noise, and what the answer must say
    "noisy": (
        60,
        20,
        0.5,
        3.0,
        r"Validation chose l2 at strength .*\nIts test/loss is \S+ lower than that of the baseline \(none",
    ),
    "clear": (600, 3, 1.0, 1.0, r"The data do not (tell the baseline \(none\) in test/loss from l2|decide whether l2 differs)"),
}


@pytest.mark.parametrize("truth", TRUTHS)
def test_a_search_says_what_helps_or_that_nothing_can_be_told(truth, write, command_line, tmp_path):
    """Rows of a known linear law: the intervals hold the difference on new rows, and the strength is near the best there is."""
    rows, features, weight, noise, sentence = TRUTHS[truth]

    def drawn(n, seed):
        rng = np.random.default_rng(seed)
        x = rng.normal(size=(n, features))
        return x, weight * x.sum(1) + noise * rng.normal(size=n)

    x, y = drawn(rows, 0)
    path = write({**{f"x{i}": column for i, column in enumerate(x.T)}, "y": y})
    task = ("dataset=table", f"dataset.path={path}", "dataset.target=y", "regularizer=[],[l2]")
    done = command_line("-m", *task, "regularizer.l2.strength=tag(log,interval(0.001,10))", *SEARCH, *CONVERGED)
    assert done.code == 0, done.stderr
    assert re.search(sentence, done.stdout), done.stdout
    losses, strengths = {}, set()
    x_new, y_new = drawn(20_000, 1)
    for run in regexp.load(tmp_path / "outputs/mine"):
        seen = run.experiment.dataset.load(run.experiment.seed, torch.float64).rows["train"].numpy()
        inputs = torch.from_numpy((x_new - x[seen].mean(0)) / x[seen].std(0)).float()
        scores = run.model("best")(inputs).detach().numpy()[:, 0]
        loss = 0.5 * np.mean((scores - (y_new - y[seen].mean()) / y[seen].std()) ** 2)
        losses.setdefault(len(run.experiment.regularizers), []).append(loss)
        strengths |= {one.strength for one in run.experiment.regularizers}
    (row,) = [row for row in regexp.compare(tmp_path / "outputs/mine", at="best").findings.rows if row.difference]
    assert row.difference.low < np.mean(losses[1]) - np.mean(losses[0]) < row.difference.high
    (strength,) = strengths
    chosen = re.findall(r"Validation chose (the baseline \(none\)|l2 at strength (\S+)):", done.stdout)
    assert chosen in ([("the baseline (none)", "")], [(f"l2 at strength {strength:g}", f"{strength:g}")])
    assert (how_many_seeds(row.difference) in done.stdout) == ("The data do not" in done.stdout)
    if truth == "noisy":
        bayes = features * noise**2 / (len(seen) * features * weight**2)  # of weights with that mean square
        assert bayes / 8 < strength < bayes * 8


def test_noise_is_not_shown_to_beat_a_constant(write, tmp_path):
    rng = np.random.default_rng(0)
    path = write({**{f"x{i}": rng.normal(size=120) for i in range(10)}, "target": rng.normal(size=120)})
    runs = [experiment(path, seed=seed, regularizers=[L2(s)]) for seed in (0, 1, 2) for s in (0.1, 1.0)]
    regexp.fit(runs, tmp_path / "runs", threads=1, tensorboard=False)
    assert "is not shown to beat a constant: there may be nothing to learn here" in str(regexp.compare(tmp_path / "runs"))


def how_many_seeds(difference):
    """By scipy's noncentral t, with the variance n_test / n_train that all splits of the table share."""
    for n in range(2, 1001):
        shift, limit = float(difference.effect) / np.sqrt(1 / n + 1 / 3), stats.t.ppf(0.975, n - 1)
        if stats.nct.sf(limit, n - 1, shift) + stats.nct.cdf(-limit, n - 1, shift) >= 0.8:
            return f"If the difference is as large as measured, about {n} seeds or more would tell "
    return "If the difference is as large as measured, no number of seeds would tell "


def test_without_a_validation_split_it_is_said_that_no_linear_model_is_there(folder, tmp_path, command_line):
    table = (f"dataset.path={folder}/diabetes.csv", "dataset.target=target", "epochs=1")
    said = "no ridge or logistic regression: there is no validation split"
    runs = [command_line("dataset=table", *table, f"dataset.val_fraction={share}") for share in (0, 0.2)]
    assert [said in run.stdout for run in runs] == [True, False]
    sweep = ("-m", "dataset=table", *table, "dataset.val_fraction=0", "regularizer=[],[l2]", "seed=0,1")
    assert command_line(*sweep).stdout.count(f"Beside them stands {said}") == 1
    assert "no ridge" not in command_line("epochs=1").stdout  # data that ask for no baselines


def test_the_baselines_are_on_disk_and_in_the_report(folder, command_line, tmp_path):
    done = command_line("dataset=table", f"dataset.path={folder}/diabetes.csv", "dataset.target=target", "epochs=1")
    assert done.code == 0, done.stderr
    assert re.search(r"^loss +final +constant +ridge \(strength ", done.stdout, re.M)
    assert re.search(r"^rmse +final +constant +ridge \(strength ", done.stdout, re.M)
    assert "\nregularizers  weight_decay(strength=1.0)\n" in done.stdout
    table = done.stdout.partition("gap ")[0]
    assert 40 < max(map(len, table.splitlines())) <= 100
    (file,) = tmp_path.glob("outputs/*/*/summary.json")
    summary = json.loads(file.read_text(encoding="utf-8"))
    assert set(summary["baselines"]) == {"constant", "ridge"}
    assert regexp.load(file.parent).baselines == summary["baselines"]
    assert list(summary["data_hashes"]) == ["table"]


def test_it_is_said_where_the_linear_model_has_the_lower_test_loss(folder):
    (result,) = fit([experiment(folder / "diabetes.csv", epochs=1)])
    own = result.final["test/loss"]

    def told(name, loss):
        beside = {"constant": result.baselines["constant"], name: result.baselines["ridge"] | {"test/loss": loss}}
        return re.findall(r"^.*has the lower test loss here.*$", str(dataclasses.replace(result, baselines=beside)), re.M)

    (line,) = told("ridge", own / 2)
    assert line.startswith(
        f"ridge regression has the lower test loss here: {own / 2:.4g}, against {own:.4g} of this run; one run "
    )
    assert told("logistic", own / 2)[0].startswith("logistic regression has")
    assert told("ridge", own) == told("ridge", 2 * own) == []


def whole_numbers(n=60):
    return {"a": column(n), "b": column(n, 1), "y": [36 + i % 9 for i in range(n)]}


def test_numbers_that_auto_takes_as_classes_are_told_once(write, command_line, tmp_path):
    words = ("dataset=table", f"dataset.path={write(whole_numbers())}", "dataset.target=y", "epochs=1", "curves=false")
    said = "note: y: 9 whole numbers, taken as classes; dataset.task=regression otherwise\n"
    one, typed, several = (
        command_line(*more, *words) for more in ([], ["dataset.task=classification"], ["-m", "seed=0,1", "study=s"])
    )
    assert [done.code for done in (one, typed, several)] == [0, 0, 0]
    assert [done.stderr.count(said) for done in (one, typed, several)] == [1, 0, 1]
    logs = [file.read_text(encoding="utf-8") for file in tmp_path.glob("outputs/table_linear/*/train.log")]
    assert sorted(log.count(said) for log in logs) == [0, 1]


@pytest.mark.parametrize(
    ("columns", "notes"),
    [
        (whole_numbers() | {"y": column(60, 2)}, []),
        (whole_numbers() | {"y": [0, 1] * 30}, []),
        (whole_numbers() | {"y": ["u", "v", "w"] * 20}, []),
        (whole_numbers() | {"y": column(60, 2), "b": ["u", "v", "w"] * 20}, []),
        (
            whole_numbers() | {"y": column(60, 2), "b": [f"street {i // 2}" for i in range(60)]},
            ["b: 30 different texts become 30 columns of 0 and 1, for 60 rows"],
        ),
        (
            {"a": column(7), "y": column(7, 1)},
            ["the validation split has 1 row: its choice means little; the test split has 1 row: its loss means little"],
        ),
    ],
)
def test_what_is_easily_overlooked_is_noted(write, columns, notes):
    assert Table(write(columns), "y").notes == notes


def test_the_readmes_commands_train(command_line, tmp_path):
    page = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
    lines = re.findall(r"^regexp-train .*dataset=table.*$", page, re.M)
    frame = pd.DataFrame({"a": column(60), "colour": ["red", "green", "blue"] * 20, "y": column(60, 1)})
    frame.to_csv(tmp_path / "mine.csv", index=False)
    for line in lines:
        done = command_line(*shlex.split(line)[1:], "epochs=1", "batch_size=null")
        assert done.code == 0, done.stderr
    assert len(lines) == 2 and "15 runs in outputs/mine/chosen: 15 completed" in done.stdout


def test_below_a_folder_with_spaces_and_chinese_characters(tmp_path, monkeypatch):
    """The default experiment and a table, with the names that files have elsewhere."""
    folder = tmp_path / "\u6b63\u5219\u5316 \u5b9e\u9a8c"
    folder.mkdir()
    monkeypatch.chdir(folder)
    pd.DataFrame(GOOD).to_csv("\u6570\u636e 1.csv", index=False)
    for number, words in enumerate(([], ["dataset=table", "dataset.path='\u6570\u636e 1.csv'", "dataset.target=y"])):
        (tmp_path / str(number)).mkdir()
        done = forked.Command((*words, "epochs=1"), folder, tmp_path / str(number)).finish()
        assert done.code == 0, done.stderr
    runs = regexp.load(folder)
    assert len(runs) == 2 and all(run.model() is not None for run in runs)
    assert all((place / "curves.png").exists() and not set(place.name) & set('<>:"|?*') for place in runs.folders)


def test_early_stopping_says_how_a_table_gets_a_validation_split(write):
    with pytest.raises(Invalid, match=r"there is none, got 'val/loss': set dataset.val_fraction > 0"):
        Experiment(Table(write(GOOD), "y", val_fraction=0), Linear(), SGD(0.1), [EarlyStopping()])


def test_a_name_that_the_command_line_cannot_read_is_shown_in_quotes(command_line):
    done = command_line("dataset=table", "dataset.path=\u6570\u636e.csv", "dataset.target=y")
    assert done.code == 1
    assert "quote what has special characters: \"dataset.path='\u6570\u636e.csv'\"" in done.stderr


def test_encoding(write):
    columns = mixed()
    data = Table(write(columns), "y").load(0, torch.float64)
    train = data.rows["train"].numpy()
    a = columns["a"]
    assert np.allclose(data.inputs[:, 0], (a - a[train].mean()) / a[train].std())
    assert np.array_equal(data.inputs[:, 1:4], np.stack([columns["kind"] == level for level in "xyz"], 1))
    yes = columns["yes"].astype(float)
    assert np.allclose(data.inputs[:, 4], (yes - yes[train].mean()) / yes[train].std())
    assert data.inputs.shape == (40, 5) and data.unit == pytest.approx(columns["y"][train].std())


def test_a_text_that_no_training_row_has_is_zeros(write):
    columns = {"kind": ["rare"] + ["x", "y"] * 20, "a": column(41), "y": column(41, 1)}
    table = Table(write(columns), "y")
    seeds = {"rare" if 0 in table.load(seed, torch.float64).rows["train"] else "unknown": seed for seed in range(20)}
    known, unknown = table.load(seeds["rare"], torch.float64).inputs, table.load(seeds["unknown"], torch.float64).inputs
    assert known[0, :3].tolist() == [1, 0, 0] and unknown[0, :3].tolist() == [0, 0, 0]
    assert unknown[1, :3].tolist() == [0, 1, 0] and known.shape == unknown.shape


@pytest.mark.parametrize(
    ("target", "task"),
    [
        (["no", "yes"] * 10, "classification"),
        ([True, False] * 10, "classification"),
        ([1, 2] * 10, "classification"),
        ([1.0, 2.0] * 10, "classification"),
        ([0.5, 1.5] * 10, "regression"),
        (list(range(20)), "regression"),
    ],
)
def test_the_task_follows_from_the_target(write, target, task):
    table = Table(write({"a": column(), "y": target}), "y")
    assert table.task == task
    assert Experiment(table, Linear(), SGD(0.1)).data_loss == ("cross_entropy" if task == "classification" else "half_squared")
    if task == "classification":
        data = table.load(0, torch.float32)
        assert data.classes == 2
        assert [sorted(set(target))[i] for i in data.targets] == target


def test_splits_are_functions_of_the_seed_disjoint_and_of_their_sizes(folder):
    table = Table(str(folder / "diabetes.csv"), "target")
    first, again, other = (table.load(seed, torch.float32).rows for seed in (0, 0, 1))
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not torch.equal(first["test"], other["test"])
    assert torch.equal(torch.cat(list(first.values())).sort().values, torch.arange(442))
    assert {name: len(rows) for name, rows in first.items()} == table.sizes == {"train": 266, "val": 88, "test": 88}
    wide = dataclasses.replace(table, val_fraction=0.4).load(0, torch.float32).rows
    assert torch.equal(wide["test"], first["test"])
    assert "val" not in dataclasses.replace(table, val_fraction=0).load(0, torch.float32).rows


def test_every_split_has_the_classes_shares(folder):
    for seed in range(5):
        data = Table(str(folder / "cancer.csv"), "target").load(seed, torch.float32)
        for rows in data.rows.values():
            assert data.targets[rows].double().mean().item() == pytest.approx(357 / 569, abs=1.5 / len(rows))


def test_a_number_as_seed_is_one_split_for_all_runs(folder):
    fixed = Table(str(folder / "diabetes.csv"), "target", seed=3)
    runs = [Experiment(fixed, Linear(), SGD(0.1), seed=seed) for seed in (0, 1)]
    assert [run.data_seed for run in runs] == [3, 3]


def test_the_content_is_the_identity_and_the_place_is_not(folder, tmp_path):
    shutil.copy(folder / "diabetes.csv", tmp_path / "other.csv")
    here, there = experiment(folder / "diabetes.csv"), experiment(tmp_path / "other.csv")
    assert here.hash() == there.hash()
    text = (tmp_path / "other.csv").read_text(encoding="utf-8")
    (tmp_path / "other.csv").write_text(text.replace("59", "58", 1), encoding="utf-8")
    assert experiment(tmp_path / "other.csv").hash() != here.hash()
    with pytest.raises(DataError, match=r"has another content .* set dataset.sha256=null"):
        there.dataset.load(0, torch.float32)


def test_a_finished_run_is_read_where_its_table_is_not(folder, tmp_path):
    table = shutil.copy(folder / "diabetes.csv", tmp_path / "table.csv")
    runs = [experiment(table, seed=seed, regularizers=[L2(s)]) for seed in (0, 1, 2) for s in (0.0, 0.1)]
    regexp.fit(runs, tmp_path / "runs", threads=1, tensorboard=False)
    table.unlink()
    result = regexp.load(next((tmp_path / "runs").iterdir()))
    assert result.experiment.dataset.task == "regression" and result.model() is not None
    found = regexp.compare(tmp_path / "runs")
    assert found.between_seeds.correction == pytest.approx(0.2 / 0.6)  # Nadeau and Bengio's n_test / n_train
    assert "split of the examples" in found.between_seeds.header()


def test_the_comparison_shows_what_needs_no_training(folder, tmp_path):
    runs = [experiment(folder / "diabetes.csv", seed=s, regularizers=[L2(v)]) for s in (0, 1, 2) for v in (0.01, 0.1, 1.0)]
    results = regexp.fit(runs, tmp_path / "runs", threads=1, tensorboard=False)
    found = regexp.compare(tmp_path / "runs", metric="test/rmse")
    means = {
        name: np.mean([results[3 * seed].baselines[name]["test/rmse"] for seed in range(3)]) for name in ("constant", "ridge")
    }
    assert f"the constant predictor has a mean test/rmse of {means['constant']:.4g} (3 seeds);" in str(found)
    assert "is not shown to beat a constant" not in str(found)
    assert f"ridge regression, its strength chosen by validation, has a mean test/rmse of {means['ridge']:.4g}" in str(found)
    levels = {line.get_label(): line.get_ydata()[0] for line in found.figures["metric"].axes[0].lines}
    assert levels["ridge regression"] == pytest.approx(means["ridge"])
    assert levels["the constant predictor"] == pytest.approx(means["constant"])
    chosen = found.findings.choice.setting
    gaps = [
        run.value("test/rmse", "final") - results[3 * s].baselines["ridge"]["test/rmse"]
        for s, run in enumerate(chosen.runs.values())
    ]
    assert f"{found.findings.name(chosen)} minus it: {np.mean(gaps):.4g}, 95 % interval" in str(found)


def test_stacked_is_alone(folder):
    runs = [experiment(folder / "diabetes.csv", seed=seed, regularizers=[L2(s)]) for seed in (0, 1) for s in (0.0, 1.0)]
    for run, stacked in zip(runs, fit(runs), strict=True):
        assert fit([run])[0].final == pytest.approx(stacked.final, rel=1e-10)


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_separators_and_byte_order_marks(write, separator):
    path = write({"a": column(), "名": column(seed=1), "y": column(seed=2)}, sep=separator, encoding="utf-8-sig")
    assert Table(path, "y").load(0, torch.float64).inputs.shape == (20, 2)
    assert Table(path, "名").load(0, torch.float64).inputs.shape == (20, 2)


def test_npz(tmp_path):
    x, y = np.random.default_rng(0).normal(size=(30, 3)), column(30)
    np.savez(tmp_path / "arrays.npz", x=x, y=y)
    pd.DataFrame({"x_0": x[:, 0], "x_1": x[:, 1], "x_2": x[:, 2], "y": y}).to_csv(tmp_path / "same.csv", index=False)
    ours, same = (Table(str(tmp_path / name), "y").load(0, torch.float64) for name in ("arrays.npz", "same.csv"))
    assert torch.allclose(ours.inputs, same.inputs) and torch.allclose(ours.targets, same.targets)


def test_parquet(tmp_path):
    frame = pd.DataFrame({"a": column(), "kind": ["x", "y"] * 10, "y": column(seed=1)})
    frame.to_csv(tmp_path / "same.csv", index=False)
    try:
        frame.to_parquet(tmp_path / "table.parquet")
    except ImportError:
        (tmp_path / "table.parquet").write_bytes(b"PAR1")
        with pytest.raises(Invalid, match=r'needs pyarrow to be read.*pip install "regexp\[parquet\]"'):
            Table(str(tmp_path / "table.parquet"), "y")
        return
    ours, same = (Table(str(tmp_path / name), "y").load(0, torch.float64) for name in ("table.parquet", "same.csv"))
    assert torch.allclose(ours.inputs, same.inputs) and torch.allclose(ours.targets, same.targets)


def test_a_named_index_of_parquet_is_a_column(tmp_path):
    pytest.importorskip("pyarrow")
    frame = pd.DataFrame({"a": column(), "y": column(seed=1), "b": column(seed=2)})
    places = [str(tmp_path / f"{name}.parquet") for name in ("named", "filtered")]
    frame.set_index("b").to_parquet(places[0])
    frame[::2].to_parquet(places[1])
    named, filtered = (Table(place, "y") for place in places)
    assert sorted(named._chosen(named._read()[0])) == ["a", "b"]
    assert Table(places[0], "b").load(0, torch.float64).inputs.shape == (20, 2)
    assert filtered.load(0, torch.float64).inputs.shape == (10, 2)  # what remains of the row numbers is no column


@pytest.mark.parametrize("cell", [[1.0, 2.0], {"u": 1}])
def test_lists_in_cells_are_refused_by_their_column(tmp_path, cell):
    pytest.importorskip("pyarrow")
    path = str(tmp_path / "table.parquet")
    pd.DataFrame({"a": column(), "b": [cell] * 20, "y": column(seed=1)}).to_parquet(path)
    with pytest.raises(
        Invalid, match=r"features must have one number or text in each cell, got b \((ndarray|dict)\): .*drop=\[b\]"
    ):
        Table(path, "y")
    with pytest.raises(Invalid, match=r"target must have one number or text in each cell, got b .* or choose another target"):
        Table(path, "b")
    assert Table(path, "y", drop=["b"]).load(0, torch.float64).inputs.shape == (20, 1)


GOOD = {"a": column(), "b": column(seed=1), "y": column(seed=2)}


@pytest.mark.parametrize(
    ("columns", "fields", "message"),
    [
        (GOOD, {"target": "z"}, "target must name a column, got 'z': there are a, b, y"),
        (GOOD, {"target": "yy"}, "did you mean y?"),
        (GOOD, {"features": ["a", "y"]}, "features must not hold the target, got 'y'"),
        (GOOD, {"features": ["a", "c"]}, "features must name a column, got 'c'"),
        (GOOD, {"drop": ["y"]}, "drop must not hold the target"),
        (GOOD, {"features": ["a"], "drop": ["a"]}, "drop must not hold columns of features, got a in both"),
        (GOOD, {"drop": ["a", "b"]}, "features must leave at least one column"),
        (GOOD | {"b": [np.nan, np.nan, *GOOD["b"][2:]]}, {}, "features must have no missing values, got b (2 rows)"),
        (GOOD | {"y": [np.nan, *GOOD["y"][1:]]}, {}, "target must have no missing values, got 'y' with 1 of 20"),
        (GOOD | {"b": [np.inf, -np.inf, *GOOD["b"][2:]]}, {}, "features must not be infinite, got b (2 rows)"),
        (GOOD | {"y": [np.inf, *GOOD["y"][1:]]}, {}, "target must not be infinite, got 'y' with 1 row infinite"),
        (
            GOOD | {"b": 1e300 * np.arange(20)},
            {},
            "squares that are neither infinite nor all 0, got b (up to 1.9e+301): rescale",
        ),
        (GOOD | {"b": 1e-300 * np.arange(20)}, {}, "squares that are neither infinite nor all 0, got b (up to 1.9e-299)"),
        (GOOD | {"y": 1e300 * np.arange(20)}, {}, "target must have squares that are neither infinite nor all 0, got 'y'"),
        (GOOD | {"b": 3 * GOOD["y"]}, {}, "features must not hold the target, got b, a linear function of 'y' in every row"),
        (GOOD | {"b": 1e4 - 0.1 * GOOD["y"]}, {}, "features must not hold the target, got b, a linear function of 'y'"),
        (GOOD | {"b": [7.0] * 20}, {}, 'features must not be constant, got b: "dataset.drop=[b]"'),
        (GOOD | {"b": ["same"] * 20}, {}, "features must not be constant, got b"),
        (GOOD | {"b": [f"row {i}" for i in range(20)]}, {}, "features must not be names of rows, got b"),
        (
            GOOD | {"b": GOOD["y"]},
            {},
            "features must not hold the target, got b equal to 'y' in every row: \"dataset.drop=[b]\"",
        ),
        (
            GOOD | {"b": ["2024-01-31", "2024-02-01"] * 10},
            {},
            "features must not be dates or times, got b ('2024-01-31'): make numbers of them (a month, days since the first, "
            'minutes), or "dataset.drop=[b]"',
        ),
        (GOOD | {"b": [f"{day}.3.24 12:05" for day in range(1, 21)]}, {}, "must not be dates or times, got b ('1.3.24 12:05')"),
        (
            GOOD | {"b": [f"{hour:02d}:30" for hour in range(20)]},
            {},
            "must not be dates or times, got b ('00:30'): make numbers",
        ),
        ({"Unnamed: 0": range(20), **GOOD}, {}, "features must have names, got Unnamed: 0 (an index"),
        (GOOD | {"y": ["one"] * 19 + ["two"]}, {}, "target must have classes of at least two rows, got two with one"),
        (GOOD | {"y": [1.0] * 20}, {}, "target must not be constant"),
        (GOOD | {"y": ["u", "v"] * 10}, {"task": "regression"}, "target must be numbers in a regression"),
        (GOOD, {"val_fraction": 0.5, "test_fraction": 0.5}, "test_fraction and val_fraction must leave rows for every split"),
        (GOOD, {"test_fraction": 0.01}, "got 16 train, 4 val, 0 test of 20 rows"),
        (GOOD, {"task": "guess"}, "task must be one of auto, regression, classification, got 'guess'"),
    ],
)
def test_what_cannot_be_learned_is_refused(write, columns, fields, message):
    with pytest.raises(Invalid) as error:
        Table(write(columns), **{"target": "y", **fields})
    assert message in str(error.value)


AGES = [str(age) for age in range(20, 40)]


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        (["?", "?", "n/a ", *AGES[3:]], "got b with '?', 'n/a ' in 3 of 20 cells: replace them, delete their rows, or rename"),
        (["unknown", *AGES[1:]], "got b with 'unknown' in 1 of 20 cells"),
        (["-"] * 12 + AGES[12:], "got b with '-' in 12 of 20 cells"),
        (["7.5"] * 11 + [f"text {i}" for i in range(9)], "got b with 'text 0', 'text 1', 'text 2' and 6 more in 9 of 20"),
        ([f"{age},5" for age in AGES], "got b with decimal commas ('20,5', '21,5', '22,5' and 17 more): save with points, or"),
        ([f"0,{age}5" for age in AGES], "got b with decimal commas ('0,205', '0,215', '0,225' and 17 more): save with points"),
        (
            [f"{age},100" for age in AGES[:9]] + ["900"] * 11,
            "without thousands separators, got b with three digits after each comma ('20,100', '21,100', '22,100' and 6 more): "
            "save without them (20100), or with points (20.100) if they are decimal commas, or",
        ),
        (
            [f"1,{age}0,000.5" for age in AGES],
            "('1,200,000.5', '1,210,000.5', '1,220,000.5' and 17 more): save without them (1200000.5), or",
        ),
    ],
)
def test_numbers_that_are_read_as_texts_are_refused(write, cells, message):
    with pytest.raises(Invalid) as error:
        Table(write(GOOD | {"b": cells}, sep=";"), "y")
    assert message in str(error.value) and '"dataset.drop=[b]"' in str(error.value)
    assert len(error.value.problems) == 1
    with pytest.raises(Invalid, match=r"target must be numbers"):
        Table(write(GOOD | {"b": cells}, sep=";"), "b", task="regression")


def test_a_target_of_numbers_with_a_text_is_no_classification(write):
    with pytest.raises(Invalid, match=r"target must be numbers in every cell .*, got y with '\?' in 1 of 20 cells"):
        Table(write(GOOD | {"y": ["?", *AGES[1:]]}), "y")


@pytest.mark.parametrize("kinds", [["1st", "2nd", "3.5.1", "4"], ["c1", "c2", "c3", "c4"], ["1/4", "2/4", "3/4", "5-6"]])
def test_texts_with_digits_are_texts(write, kinds):
    assert Table(write(GOOD | {"b": kinds * 5}), "y").load(0, torch.float64).inputs.shape == (20, 5)


@pytest.mark.parametrize(
    ("cells", "unit"),
    [
        ([f"${age}" for age in AGES], "$"),
        ([f"-${age},100.50" for age in AGES], "$"),
        ([f"{age}%" for age in AGES], "%"),
        ([f"{age} kg" for age in AGES], "kg"),
        (["?", *(f"{age}.5 EUR" for age in AGES[1:])], "EUR"),
    ],
)
def test_numbers_with_a_unit_are_refused(write, cells, unit):
    with pytest.raises(Invalid) as error:
        Table(write(GOOD | {"b": cells}), "y")
    assert f"must be numbers, got b with {unit!r} in its cells ({cells[0]!r}): save it as numbers" in str(error.value).replace(
        repr(cells[1]), repr(cells[0])
    )
    assert len(error.value.problems) == 1


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_no_column_is_taken_for_names_of_rows(tmp_path, separator):
    """As pandas does where rows have a cell more than the header: every name would be that of the column on its left."""

    def table(last):
        lines = [["y", "a", "b"], *([str(n), str(n % 3), str(n % 7), last] for n in range(20))]
        (tmp_path / "table.csv").write_text("\n".join(map(separator.join, lines)), encoding="utf-8")
        return Table(str(tmp_path / "table.csv"), "y", seed=0)

    trailing = table("")._read()[0]
    assert trailing["y"].tolist() == list(range(20)) and trailing["b"].tolist() == [n % 7 for n in range(20)]
    with pytest.raises(Invalid, match=r"its rows have 4 cells, and its header 3: name every column"):
        table("1")


def test_words_that_are_read_as_missing_are_told(tmp_path):
    kinds = ["None", "pool", "NA", "", "pool"]
    lines = ["a,kind,y", *(f"{n % 7},{kinds[n % 5]},{n}" for n in range(40))]
    (tmp_path / "table.csv").write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(Invalid) as error:
        Table(str(tmp_path / "table.csv"), "y")
    assert "got kind (24 rows that say 'NA', 'None'): fill them, delete the rows, rename them if they are" in str(error.value)
    assert "categories (NA to no_na), or" in str(error.value)
    with pytest.raises(
        Invalid, match=r"got 'kind' with 24 of 40 rows missing, which say 'NA', 'None': rename them if .*, or delete"
    ):
        Table(str(tmp_path / "table.csv"), "kind")


@pytest.mark.parametrize(
    ("columns", "noted"),
    [
        ({"y": ["u", "v"] * 10, "b": [1, 0] * 10}, True),
        ({"y": ["u", "v", "w", "u"] * 5, "b": ["x", "y", "z", "x"] * 5}, True),
        ({"y": ["u", "v"] * 10, "b": [1, 0] * 9 + [1, 1]}, False),
        ({"y": ["u", "v", "w", "u"] * 5, "b": ["x", "y", "y", "x"] * 5}, False),
    ],
)
def test_the_label_in_other_words_is_noted(write, columns, noted):
    said = 'b: another word for y in every row; if it is the label, "dataset.drop=[b]"'
    assert (said in Table(write(GOOD | columns), "y").notes) == noted


def test_a_feature_that_nearly_is_the_target_is_accepted(write):
    near = 3 * GOOD["y"] + 1e-5 * column(seed=9)
    assert Table(write(GOOD | {"b": near}), "y").load(0, torch.float64).inputs.shape == (20, 2)
    labels = [1, 2] * 10
    assert Table(write(GOOD | {"y": labels, "b": [3 * n for n in labels]}), "y").task == "classification"


@pytest.mark.parametrize("header", ["a,y,b,y", '"y",a,b,"y"'])
def test_two_columns_of_the_same_name_are_refused(tmp_path, header):
    (tmp_path / "table.csv").write_text(header + "\n" + "1,2,3,4\n2,3,5,1\n" * 10, encoding="utf-8")
    with pytest.raises(Invalid, match="path must hold a table with distinct column names, got y several times"):
        Table(str(tmp_path / "table.csv"), "y")


@pytest.mark.parametrize("name", ["a", "面积", "two words", "null", "1", "it's", "a,b", 'say "b"', "[x]"])
def test_the_advice_to_drop_a_column_can_be_typed(write, name):
    path = write(GOOD | {name: [7.0] * 20})
    with pytest.raises(Invalid) as error:
        Table(path, "y")
    (word,) = shlex.split(str(error.value).rpartition(f"got {name}: ")[2])
    override = OverridesParser.create().parse_override(word)
    assert (override.key_or_group, override.value()) == ("dataset.drop", [name])
    assert name not in Table(path, "y", drop=[name])._chosen(pd.read_csv(path))


def test_several_mistakes_are_told_at_once(write):
    path = write(GOOD | {"a": [1.0] * 20, "b": [np.nan, *GOOD["b"][1:]]})
    with pytest.raises(Invalid) as error:
        Table(path, "y", drop=["c"])
    assert [field for field, _ in error.value.problems] == ["drop", "features", "features"]
    told: dict[str, str] = {}
    construct(Table, {"path": path, "target": "y", "drop": ["c"]}, "dataset.", told)
    first, second = told["dataset.features"].splitlines()
    assert "got b (1 row)" in first and second.startswith("dataset.features must not be constant, got a")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("absent.csv", None, "path must name a file, got "),
        ("table.xlsx", b"PK", "path must end in .csv"),
        ("table.csv", "名,y\n1,2\n".encode("gbk"), "must be a UTF-8 file"),
        ("table.csv", b"", "must hold a table"),
        ("table.csv", b"a,y\n", "must hold a table with rows"),
        ("table.npz", b"nothing", "must hold a table"),
    ],
)
def test_files_that_hold_no_table(tmp_path, name, content, message):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(Invalid) as error:
        Table(str(tmp_path / name), "y")
    assert message in str(error.value)


def test_the_command_line_names_all_that_is_wrong_and_leaves_nothing(command_line, write, tmp_path):
    path = write(GOOD)
    done = command_line("dataset=table", f"dataset.path={path}", "dataset.target=yy", "optimizer.lr=-1")
    assert done.code == 1
    assert "dataset.target must name a column, got 'yy': did you mean y?" in done.stderr
    assert "optimizer.lr must be a finite number > 0, got -1" in done.stderr
    assert not (tmp_path / "outputs").exists()
