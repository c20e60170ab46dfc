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
from regexp.textbook.conventions import CONVENTIONS, Inconvertible

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
    "plain": (cross_entropy, {}, lambda w, b, s: cross_entropy(w, b) + s * (w**2).sum()),
    "keras": (cross_entropy, {}, lambda w, b, s: cross_entropy(w, b) + s * (w**2).sum()),
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
    facts["loss"] = "mse" if name in ("sklearn_ridge", "sklearn_lasso", "ridge_sum") else "cross_entropy"
    family = {"L2": "regexp", "L1": "regexp_l1", "dropout": "torch_dropout", "decoupled": "torch_adamw"}[
        CONVENTIONS[name].family
    ]
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
        ((0.1, "sklearn_ridge"), {"n": 10}, "give --loss mse"),
        ((-0.1, "keras"), {}, "finite number >= 0, got -0.1"),
        ((0.1, "nielsen"), {"n": 0}, "n must be > 0, got 0"),
        ((1.2, "srivastava_dropout", "torch_dropout"), {}, "probability must be in"),
        ((0.1, "keras"), {"loss": "l2"}, "loss must be one of"),
    ],
)
def test_what_cannot_be_is_said(arguments, facts, says):
    with pytest.raises(ValueError, match=says):
        convert_strength(*arguments, **facts)


def test_the_list_names_all():
    assert all(name in listing() for name in CONVENTIONS)


def test_the_command_imports_no_torch():
    code = "import sys, regexp.strength as s; sys.argv = ['x', *sys.argv[1:]]; s.main(); assert 'torch' not in sys.modules"
    words = ["0.1", "--from", "keras", "--to", "sklearn_ridge", "--n", "1000", "--loss", "mse"]
    done = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0] == "alpha = 100  (sklearn_ridge: |y - Xw|^2 + alpha |w|^2)"
    assert done.stdout.splitlines()[-1] == "regexp-train regularizer=l2 regularizer.l2.strength=0.1"
