"""The gradient of a network with an L2 penalty, derived by hand, against the step that training takes.

Reference: Nielsen, "Neural Networks and Deep Learning", 2015, chapter 2 (the four equations of back-propagation).
"""

from __future__ import annotations

import dataclasses

import numpy as np

from regexp.results import Result
from regexp.textbook.study import Study

QUANTITIES = ("gradient",)
NONNEGATIVE = QUANTITIES

LR, STRENGTH = 0.1, 0.3


def recipe() -> str:
    """For captions."""
    return f"a 6-8-1 tanh network, one step of gradient descent, L2 {STRENGTH:g}"


def of_study(study: Study) -> dict[str, list[float]]:
    """The largest difference over all weights and biases between ``(before - after) / lr`` of one full-batch SGD step and the
    gradient by hand, for a 6-8-1 tanh network, on as many data sets and networks as there are seeds.
    """
    import regexp
    from regexp.datasets import SyntheticRegression
    from regexp.models import MLP
    from regexp.optim import SGD
    from regexp.regularizers import L2

    one = regexp.Experiment(
        SyntheticRegression(6, 30, val_size=0, true_weight=1.0, noise=0.5),
        MLP(hidden=(8,), activation="tanh"),
        SGD(LR),
        [L2(STRENGTH)],
        epochs=1,
        dtype="float64",
    )
    stepped = [dataclasses.replace(one, seed=seed) for seed in study.seeds]
    still = [dataclasses.replace(run, optimizer=SGD(1e-300)) for run in stepped]  # ends where it began
    found = regexp.fit([*stepped, *still], threads=1)
    return {"gradient": [_error(a, b) for a, b in zip(found[: study.n], found[study.n :], strict=True)]}


def _error(after: Result, before: Result) -> float:
    from regexp.diagnostics import examples

    old, new = ({k: v.numpy() for k, v in run.weights["final"].items()} for run in (before, after))
    x, y = (t.numpy() for t in examples(before, "train"))
    by_hand = gradient(x, y, *(old[name] for name in ("hidden.0.weight", "hidden.0.bias", "output.weight", "output.bias")))
    return max(float(np.abs((old[name] - new[name]) / LR - g).max()) for name, g in by_hand.items())


def gradient(x: np.ndarray, y: np.ndarray, w: np.ndarray, b: np.ndarray, v: np.ndarray, c: np.ndarray) -> dict[str, np.ndarray]:
    """Of ``mean 1/2 (tanh(x W + b) V + c - y)**2 + strength / 2 (||W||**2 + ||V||**2)``."""
    h = np.tanh(x @ w + b)
    output = (h @ v + c - y) / len(x)
    hidden = (output @ v.T) * (1 - h**2)
    return {
        "hidden.0.weight": x.T @ hidden + STRENGTH * w,
        "hidden.0.bias": hidden.sum(0),
        "output.weight": h.T @ output + STRENGTH * v,
        "output.bias": output.sum(0),
    }
