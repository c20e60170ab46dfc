"""Every convention, by training its objective and ours to their optimum: the libraries themselves where they are installed."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import torch
from scipy.optimize import minimize
from sklearn.linear_model import ElasticNet, Lasso, LogisticRegression, Ridge
from sklearn.neural_network import MLPClassifier

import regexp
from regexp import convert_strength
from regexp.strength import listing
from regexp.textbook.convention import Facts, Inconvertible
from regexp.textbook.conventions import CONVENTIONS, OURS

RANDOM = np.random.default_rng(5)
N, D, K = 60, 4, 3
X = RANDOM.normal(size=(N, D))
Y = X @ RANDOM.normal(size=(D, K)) + RANDOM.normal(size=(N, K))
LABELS = (X @ RANDOM.normal(size=(D, K)) + RANDOM.normal(size=(N, K))).argmax(1)
HOT = np.eye(K)[LABELS]


# ---- our objectives, at W of shape (D, K) and b of shape (K,)


def half_squared(w, b):
    return 0.5 * ((X @ w + b - Y) ** 2).sum(1).mean()


def cross_entropy(w, b):
    scores = X @ w + b
    return (np.log(np.exp(scores).sum(1)) - scores[np.arange(N), LABELS]).mean()


def sigmoid_entropy(w, b):
    scores = X @ w + b
    return (np.log1p(np.exp(scores)) - HOT * scores).sum(1).mean()


def optimum(objective):
    def flat(v):
        return objective(v[: D * K].reshape(D, K), v[D * K :])

    start = np.zeros(D * K + K)
    return minimize(flat, start, method="BFGS", options={"gtol": 1e-8}).x[: D * K].reshape(D, K)


def ours(loss, strength):
    return optimum(lambda w, b: loss(w, b) + strength / 2 * (w**2).sum())


def agree(theirs, loss, strength, tolerance=2e-5):
    np.testing.assert_allclose(theirs, ours(loss, strength), atol=tolerance)
    assert np.abs(theirs - ours(loss, 2 * strength)).max() > 100 * tolerance  # a wrong factor would be seen


# ---- objectives as books and documentations write them


WRITTEN = {
    "d2l": (
        half_squared,
        {},
        lambda w, b, s: sum(0.5 * ((x @ w + b - y) ** 2).sum() + s * (w**2).sum() / 2 for x, y in zip(X, Y, strict=True)) / N,
    ),
    "d2l_concise": (half_squared, {"outputs": K}, lambda w, b, s: ((X @ w + b - Y) ** 2).mean() + s / 2 * (w**2).sum()),
    "d2l_2019": (half_squared, {}, lambda w, b, s: half_squared(w, b) + s / 2 * (w**2).sum()),
    "nielsen": (sigmoid_entropy, {"n": N}, lambda w, b, s: sigmoid_entropy(w, b) + s / (2 * N) * (w**2).sum()),
    "nielsen_network3": (
        cross_entropy,
        {"n": N, "batch_size": 10},
        lambda w, b, s: cross_entropy(w, b) + 0.5 * s * (w**2).sum() / (N / 10),
    ),
    "ng": (cross_entropy, {"n": N}, lambda w, b, s: cross_entropy(w, b) + s / (2 * N) * (w**2).sum()),
    "plain": (cross_entropy, {"loss": "cross_entropy"}, lambda w, b, s: cross_entropy(w, b) + s * (w**2).sum()),
    "keras": (cross_entropy, {"loss": "cross_entropy"}, lambda w, b, s: cross_entropy(w, b) + s * (w**2).sum()),
    "ridge_sum": (half_squared, {"n": N, "loss": "mse"}, lambda w, b, s: ((X @ w + b - Y) ** 2).sum() + s * (w**2).sum()),
}


@pytest.mark.parametrize("name", WRITTEN)
def test_a_written_objective_has_our_optimum(name):
    loss, facts, objective = WRITTEN[name]
    strength = 0.2 if not facts.get("n") else 0.2 * N
    theirs = optimum(lambda w, b: objective(w, b, strength))
    agree(theirs, loss, convert_strength(strength, name, **facts).value)


@pytest.mark.parametrize("name", ["plain", "keras"])
def test_a_mean_squared_error_without_half_averages_over_outputs(name):
    theirs = optimum(lambda w, b: ((X @ w + b - Y) ** 2).mean() + 0.2 * (w**2).sum())
    agree(theirs, half_squared, convert_strength(0.2, name, loss="mse", outputs=K).value)


# ---- libraries


@pytest.mark.parametrize("scale", ["mse", "half_mse"])
def test_ridge(scale):
    theirs = Ridge(alpha=12.0).fit(X, Y).coef_.T
    agree(theirs, half_squared, convert_strength(12.0, "sklearn_ridge", n=N, loss=scale).value)


def test_logistic_regression():
    theirs = LogisticRegression(C=0.1, tol=1e-10, max_iter=10_000).fit(X, LABELS).coef_.T
    agree(theirs, cross_entropy, convert_strength(0.1, "sklearn_logistic", n=N).value)


def test_the_mlp_by_lbfgs():
    found = MLPClassifier((), alpha=6.0, solver="lbfgs", tol=1e-12, max_iter=10_000, max_fun=100_000).fit(X, LABELS)
    agree(found.coefs_[0], cross_entropy, convert_strength(6.0, "sklearn_mlp_lbfgs", n=N).value, 2e-4)


def test_the_mlp_by_sgd_decays_by_the_batch():
    alpha, batch, lr = 6.0, 10, 0.1
    options = {"batch_size": batch, "learning_rate_init": lr, "momentum": 0.0, "shuffle": False, "random_state": 0}
    network = MLPClassifier((), alpha=alpha, solver="sgd", **options)
    network.partial_fit(X, LABELS, classes=range(K))
    before = network.coefs_[0].copy(), network.intercepts_[0].copy()
    network.partial_fit(X, LABELS)
    w, b = before
    strength = convert_strength(alpha, "sklearn_mlp", batch_size=batch).value
    for rows in np.split(np.arange(N), N // batch):
        scores = np.exp(X[rows] @ w + b)
        error = scores / scores.sum(1, keepdims=True) - HOT[rows]
        w, b = w - lr * (X[rows].T @ error / batch + strength * w), b - lr * error.mean(0)
    np.testing.assert_allclose(network.coefs_[0], w, atol=1e-12)


@pytest.mark.parametrize(("name", "kind", "lr"), [("torch_sgd", "SGD", 0.5), ("torch_adam", "Adam", 0.03)])
@pytest.mark.parametrize("loss", ["mse", "cross_entropy"])
def test_torch(name, kind, lr, loss):
    x, y = torch.tensor(X), torch.tensor(Y if loss == "mse" else LABELS)
    w, b = torch.zeros(D, K, dtype=torch.float64, requires_grad=True), torch.zeros(K, dtype=torch.float64, requires_grad=True)
    groups = [{"params": [w], "weight_decay": 0.2}, {"params": [b], "weight_decay": 0.0}]
    optimizer = getattr(torch.optim, kind)(groups, lr=lr)
    criterion = torch.nn.MSELoss() if loss == "mse" else torch.nn.CrossEntropyLoss()
    for _ in range(500):
        optimizer.zero_grad()
        criterion(x @ w + b, y).backward()
        optimizer.step()
    converted = convert_strength(0.2, name, loss=loss, outputs=K).value
    agree(w.detach().numpy(), half_squared if loss == "mse" else cross_entropy, converted, 1e-4)


def proximal(strength, l2=0.0):
    """Our L1 objective on the first output, by proximal gradient steps."""
    x, y, w = X - X.mean(0), Y[:, 0] - Y[:, 0].mean(), np.zeros(D)
    step = 1 / (np.linalg.eigvalsh(x.T @ x / N)[-1] + l2)
    for _ in range(5000):
        w = w - step * (x.T @ (x @ w - y) / N + l2 * w)
        w = np.sign(w) * np.maximum(np.abs(w) - step * strength, 0)
    return w


def test_the_lasso():
    theirs = Lasso(alpha=0.3, tol=1e-12).fit(X, Y[:, 0]).coef_
    np.testing.assert_allclose(
        theirs, proximal(convert_strength(0.3, "sklearn_lasso", "regexp_l1", loss="mse").value), atol=1e-8
    )


def test_the_elastic_net():
    theirs = ElasticNet(alpha=0.3, l1_ratio=0.4, tol=1e-12).fit(X, Y[:, 0]).coef_
    l1 = convert_strength(0.3, "sklearn_elastic_net_l1", "regexp_l1", l1_ratio=0.4).value
    l2 = convert_strength(0.3, "sklearn_elastic_net_l2", l1_ratio=0.4).value
    np.testing.assert_allclose(theirs, proximal(l1, l2), atol=1e-8)


@pytest.mark.parametrize(("name", "strength", "facts"), [("nielsen_l1", 20.0, {"n": N}), ("keras_l1", 0.5, {"loss": "mse"})])
def test_l1_as_it_is_written(name, strength, facts):
    def half(w):
        return 0.5 * ((X @ w - Y[:, 0]) ** 2).mean()

    written = {
        "nielsen_l1": lambda w: half(w) + strength / N * np.abs(w).sum(),
        "keras_l1": lambda w: 2 * half(w) + strength * np.abs(w).sum(),
    }[name]
    converted = convert_strength(strength, name, "regexp_l1", **facts).value
    objectives = (written, lambda w: half(w) + converted * np.abs(w).sum())
    options = {"xtol": 1e-9, "ftol": 1e-14}
    found = [minimize(f, np.full(D, 0.1), method="Powell", options=options).x for f in objectives]
    np.testing.assert_allclose(*found, atol=1e-5)


def test_adamw_and_composers_take_the_same_steps():
    lr0, decay = 0.01, 0.3
    theirs = convert_strength(decay, "torch_adamw", "composer_adamw", lr=lr0).value
    for lr in (lr0, lr0 / 2):  # a schedule halves the rate
        assert 1 - lr / lr0 * theirs == pytest.approx(1 - lr * decay)


def test_keeping_and_dropping():
    assert convert_strength(0.8, "srivastava_dropout", "torch_dropout").value == pytest.approx(0.2)
    assert convert_strength(0.2, "torch_dropout", "srivastava_dropout").override.endswith("regularizer.dropout.rate=0.2")


# ---- the call and the command


@pytest.mark.parametrize("name", CONVENTIONS)
def test_there_and_back(name):
    facts = {"n": 1000, "batch_size": 10, "outputs": 3, "lr": 0.1, "l1_ratio": 0.5}
    facts["loss"] = CONVENTIONS[name].losses[0]
    family = "torch_adamw" if CONVENTIONS[name].family == "decoupled" else "regexp"
    ours_ = convert_strength(0.25, name, family, **facts)
    assert convert_strength(ours_.value, family, name, **facts).value == pytest.approx(0.25)
    assert ours_.value == ours_.canonical == float(ours_)


def test_the_issue_s_example():
    found = convert_strength(0.1, "keras", to="sklearn_ridge", n=1000, loss="mse")
    assert (found.value, found.canonical) == (100.0, 0.1)
    assert found.override == "regularizer=l2 regularizer.l2.strength=0.1"
    assert regexp.convert_strength is convert_strength


def test_adamw_is_refused_with_the_reason_and_the_way_out():
    with pytest.raises(
        Inconvertible, match=r"no penalty in the loss has its optimum; .*regularizer.weight_decay.strength=0.01"
    ):
        convert_strength(0.01, "torch_adamw")
    with pytest.raises(Inconvertible, match="torch_adamw has no equivalent in L2"):
        convert_strength(0.01, "keras", "torch_adamw")
    with pytest.raises(Inconvertible, match="different means"):
        convert_strength(0.01, "keras", "keras_l1")


@pytest.mark.parametrize(
    ("arguments", "facts", "says"),
    [
        ((0.1, "kears"), {}, "there is no convention 'kears'"),
        ((0.1, "nielsen"), {}, "needs n: give --n"),
        ((0.1, "sklearn_mlp"), {}, "give --batch-size"),
        ((0.1, "sklearn_ridge"), {"n": 10, "loss": "cross_entropy"}, "give --loss mse"),
        ((-0.1, "keras"), {}, "finite number >= 0, got -0.1"),
        ((0.1, "nielsen"), {"n": 0}, "n must be > 0, got 0"),
        ((1.2, "srivastava_dropout", "torch_dropout"), {}, "probability must be in"),
        ((1.0, "torch_dropout"), {}, "cannot drop all"),
        ((0.1, "keras"), {"loss": "l2"}, "loss must be one of"),
        ((0.1, "sklearn_ridge", "sklearn_logistic"), {"n": 10}, "one is a regression, the other a classifier"),
        ((0.1, "regexp", "sklearn_elastic_net_l2"), {"l1_ratio": 1.0}, "has no such part"),
        ((0.1, "nielsen_network3"), {"n": 10, "batch_size": 20}, "batch_size must be <= n, got 20 of 10"),
    ],
)
def test_what_cannot_be_is_said(arguments, facts, says):
    with pytest.raises(ValueError, match=says):
        convert_strength(*arguments, **facts)


@pytest.mark.parametrize(
    ("strength", "source", "facts", "override"),
    [
        (0.1, "sklearn_lasso", {}, "regularizer=l1 regularizer.l1.strength=0.1"),
        (0.1, "keras_l1", {"loss": "mse"}, "regularizer=l1 regularizer.l1.strength=0.05"),
        (0.1, "sklearn_elastic_net_l1", {"l1_ratio": 0.4}, "regularizer=l1 regularizer.l1.strength=0.04"),
        (0.2, "torch_dropout", {}, "model=mlp regularizer=dropout regularizer.dropout.rate=0.2"),
        (0.8, "srivastava_dropout", {}, "model=mlp regularizer=dropout regularizer.dropout.rate=0.2"),
        (0.1, "sklearn_ridge", {"n": 10}, "regularizer=l2 regularizer.l2.strength=0.01"),
    ],
)
def test_regexp_is_ours_of_the_source_s_family(strength, source, facts, override):
    found = convert_strength(strength, source, **facts)
    assert found.override == override
    assert found.to == OURS[CONVENTIONS[source].family].name


def test_what_is_printed_can_be_typed():
    facts = Facts("half_mse", lr=0.002)
    for words in {one.override(0.2, facts) for one in CONVENTIONS.values()}:
        (run,) = regexp.run(*words.split(), "epochs=1", "dataset.train_size=5")  # the default data set
        assert run.final
        assert run.experiment.optimizer.lr == (0.002 if "lr=" in words else 0.001 if "adam" in words else 0.01)


@pytest.mark.parametrize(
    ("source", "to", "override"),
    [
        ("torch_sgd", "regexp", "regularizer=l2 regularizer.l2.strength=0.01 regularizer.l2.biases=true"),
        ("torch_adam", "regexp", "optimizer=adam regularizer=l2 regularizer.l2.strength=0.01 regularizer.l2.biases=true"),
        (
            "adamw",
            "composer_adamw",
            "optimizer=adam regularizer=weight_decay regularizer.weight_decay.strength=0.01 "
            "regularizer.weight_decay.biases=true",
        ),
        (
            "composer_adamw",
            "adamw",
            "optimizer=adam optimizer.lr=0.001 regularizer=weight_decay regularizer.weight_decay.strength=10.0 "
            "regularizer.weight_decay.biases=true",
        ),
    ],
)
def test_the_override_means_what_the_source_does(source, to, override):
    assert convert_strength(0.01, source, to, loss="half_mse", lr=0.001).override == override


def pairs(family):
    names = [one for one in CONVENTIONS.values() if one.family == family]
    return [(one, other) for one in names for other in names if one is not other and set(one.losses) & set(other.losses)]


def convert(before, after):
    loss = next(one for one in ("half_mse", "cross_entropy") if one in before.losses and one in after.losses)
    facts = {"n": 1000, "batch_size": 10, "outputs": 3, "lr": 0.1, "l1_ratio": 0.5}
    return convert_strength(0.25, before.name, after.name, loss=loss, **facts)


@pytest.mark.parametrize(("before", "after"), [*pairs("L2"), *pairs("decoupled")], ids=lambda one: one.name)
def test_who_decays_biases_is_told_where_it_is_to_be_mended(before, after):
    told = [text for text in convert(before, after).remarks if "biases" in text]
    decaying = {"torch_sgd", "torch_adam", "torch_adamw", "composer_adamw"}
    if before.name in decaying:
        (note,) = told
        assert note.startswith(f"{before.name} decays")
        assert "biases=true" in note
        assert ("weight_decay=0" in note) == (after.name not in decaying | {"regexp"})
    elif after.name in decaying:
        assert told == [
            f"{after.name} decays biases too, {before.name} does not: in {after.name} exclude them (a parameter group with "
            "weight_decay=0 for biases)"
        ]
    else:
        assert not told


@pytest.mark.parametrize(("before", "after"), pairs("L1"), ids=lambda one: one.name)
def test_who_has_no_exact_zeros_is_told(before, after):
    told = [text for text in convert(before, after).remarks if "subgradient" in text]
    rough = [one.name for one in (before, after) if one.name in ("nielsen_l1", "keras_l1")]
    if len(rough) == 1:
        (other,) = {before.name, after.name} - set(rough)
        assert told[0].startswith(f"{rough[0]} steps along a subgradient, which never gives exact zeros; {other} gives them")
    else:
        assert not told


@pytest.mark.parametrize(("source", "to"), [("keras", "regexp"), ("regexp", "keras"), ("d2l_concise", "torch_sgd")])
def test_learning_rates_that_take_the_same_steps(source, to):
    """One step of plain SGD on each objective, from the same weights, with the rates of the note."""
    outputs, strength, w, lr = 3, 0.2, RANDOM.normal(size=(D, K)), 0.1
    found = convert_strength(strength, source, to, loss="mse", outputs=outputs)
    (note,) = [text for text in found.remarks if "learning rate" in text] or [" 1 times"]
    ratio = float(note.split(" times")[0].split()[-1])
    halves = {"keras": 2, "regexp": 1, "d2l_concise": 1, "torch_sgd": 1}

    def gradient(name, number):
        data = X.T @ (X @ w - Y) / N * (1 if name == "regexp" else 2 / outputs)
        return data + halves[name] * number * w

    np.testing.assert_allclose(lr * gradient(source, strength), lr * ratio * gradient(to, found.value), rtol=1e-5)


@pytest.mark.parametrize(
    ("source", "to", "facts", "says"),
    [
        ("keras", "regexp", {}, "0.1 with mse, 0.2 with half_mse or cross_entropy; give --loss mse, half_mse or cross_entropy"),
        ("keras", "sklearn_ridge", {"n": 1000}, r"100 \(in regexp 0.1\) with mse, 200 \(in regexp 0.2\) with half_mse; give"),
        ("keras", "torch_sgd", {}, r"0.2 \(in regexp 0.1\) with mse, 0.2 \(in regexp 0.2\) with half_mse or cross_entropy"),
        ("nielsen", "torch_sgd", {"n": 100}, "0.002 with mse, 0.001 with half_mse or cross_entropy"),
    ],
)
def test_a_loss_is_asked_for_where_it_matters(source, to, facts, says):
    with pytest.raises(ValueError, match=f"{source} to {to} depends on the data loss: {says}"):
        convert_strength(0.1, source, to, **facts)


@pytest.mark.parametrize(("source", "to"), [("nielsen", "regexp"), ("sklearn_ridge", "ridge_sum"), ("plain", "keras")])
def test_a_loss_is_not_asked_for_where_it_does_not(source, to):
    if source == "plain":
        with pytest.raises(ValueError, match="in regexp"):  # the number is the same, the override is not
            convert_strength(0.1, source, to)
    else:
        assert convert_strength(0.1, source, to, n=10).value > 0


@pytest.mark.parametrize(
    ("source", "to", "facts", "says"),
    [
        ("keras", "regexp", {"loss": "cross_entropy"}, "times 2: keras: its penalty has no half (times 2)"),
        ("plain", "keras", {"loss": "mse"}, "the same number: same convention"),
        ("ng", "regexp", {"n": 100}, "times 0.01: ng: its penalty is divided by n = 100 (times 0.01)"),
        ("regexp", "ng", {"n": 100}, "times 100: ng: its penalty is divided by n = 100 (times 100)"),
        ("sklearn_lasso", "regexp", {}, "the same number: same convention"),
        (
            "keras",
            "regexp",
            {"loss": "mse"},
            "the same number: keras: its penalty has no half (times 2), its mean squared error has no half and is averaged "
            "over outputs = 1 (times 0.5)",
        ),
        (
            "sklearn_ridge",
            "regexp",
            {"n": 100},
            "times 0.01: sklearn_ridge: its squares are summed over n = 100, and neither they nor the penalty have a half "
            "(times 0.01)",
        ),
        (
            "sklearn_logistic",
            "regexp",
            {"n": 100},
            "0.01 divided by the number: sklearn_logistic: C multiplies the loss, not the penalty, its loss is summed over n ",
        ),
        (
            "regexp",
            "srivastava_dropout",
            {},
            "1 minus the number: srivastava_dropout: p is the probability of keeping, not of ",
        ),
    ],
)
def test_the_factor_and_its_reason_are_one_line(source, to, facts, says):
    assert convert_strength(0.5, source, to, **facts).difference.startswith(says)


@pytest.mark.parametrize("family", ["L2", "L1", "dropout", "decoupled"])
def test_the_line_gives_the_value(family):
    for before, after in pairs(family):
        found = convert(before, after)
        line = found.difference.split(":")[0]
        if line.startswith("times"):
            assert float(line.split()[1]) * 0.25 == pytest.approx(found.value, rel=1e-4)
        elif "divided by" in line:
            assert float(line.split()[0]) / 0.25 == pytest.approx(found.value, rel=1e-4)
        else:
            assert {"the same number": 0.25, "1 minus the number": 0.75}[line] == found.value


def test_network3_says_what_differs_from_chapter_3():
    told = " ".join(convert_strength(0.1, "nielsen_network3", n=1000, batch_size=10).remarks)
    assert "batch_size times as much as chapter 3's" in told
    chapters = [convert_strength(0.1, name, n=1000, batch_size=10).value for name in ("nielsen_network3", "nielsen")]
    assert chapters[0] == pytest.approx(10 * chapters[1])


@pytest.mark.parametrize("name", ["adamw", "AdamW", "torch.optim.AdamW", "torch-adamw"])
def test_adamw_by_any_name_is_refused_with_the_reason(name):
    with pytest.raises(Inconvertible, match="torch_adamw has no equivalent in L2: it shrinks W by lr"):
        convert_strength(0.01, name)


def test_composers_adamw_is_refused_in_our_strength():
    with pytest.raises(Inconvertible, match=r"beside Adam's step, .*weight_decay, and for its strength .* give --lr"):
        convert_strength(0.01, "composer_adamw")
    with pytest.raises(Inconvertible, match=r"weight_decay.strength=10.0 regularizer.weight_decay.biases=true"):
        convert_strength(0.01, "composer_adamw", lr=0.001)


def test_near_names_are_suggested():
    with pytest.raises(ValueError, match="did you mean sklearn_ridge"):
        convert_strength(0.1, "sklearn_rigde")
    with pytest.raises(ValueError, match=r"known are regexp, .*srivastava_dropout"):
        convert_strength(0.1, "zzz")


def test_wrong_types_are_said():
    """In a process of its own: here every annotation is checked before the call."""
    calls = [
        ("'0.1', 'nielsen', n=10", "strength must be a finite number >= 0, got '0.1'"),
        ("True, 'nielsen', n=10", "strength must be a finite number >= 0, got True"),
        ("0.1, 'nielsen', n='10'", "n must be > 0, got '10'"),
        ("0.1, 3", "there is no convention 3"),
    ]
    code = "from regexp.strength import convert_strength as c\n" + "\n".join(
        f"try: c({call})\nexcept ValueError as error: print(error)" for call, _ in calls
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True)
    for (_, says), line in zip(calls, done.stdout.splitlines(), strict=True):
        assert line.startswith(says)


def test_the_list_names_all():
    assert all(name in listing() for name in CONVENTIONS)


def test_the_command_imports_no_torch():
    code = "import sys, regexp.strength as s; sys.argv = ['x', *sys.argv[1:]]; s.main(); assert 'torch' not in sys.modules"
    words = ["0.1", "--from", "keras", "--to", "sklearn_ridge", "--n", "1000", "--loss", "mse"]
    done = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0] == "alpha = 100  (sklearn_ridge: |y - Xw|^2 + alpha |w|^2)"
    assert done.stdout.splitlines()[1].startswith("differs: times 1000: keras: ")
    assert done.stdout.splitlines()[-1] == "regexp-train regularizer=l2 regularizer.l2.strength=0.1"
