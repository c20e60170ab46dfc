"""The same epoch by scikit-learn: ``MLPClassifier`` at the same widths, batch, optimizer and precision; it has no dropout."""

from __future__ import annotations

import numpy as np
from sklearn.metrics import log_loss
from sklearn.neural_network import MLPClassifier

from benchmarks.peers.images import BATCH, WIDTHS
from benchmarks.timing import Once


class Epochs:
    """Each call trains for one epoch more, and evaluates both splits."""

    def __init__(self, train: tuple[np.ndarray, np.ndarray], test: tuple[np.ndarray, np.ndarray]):
        self.train, self.test = train, test
        state = np.random.RandomState(0)  # by a number, partial_fit would give every epoch the same order
        self.model = MLPClassifier(WIDTHS[1:-1], batch_size=BATCH, alpha=0.0, random_state=state)

    def __call__(self) -> Once:
        self.model.partial_fit(*self.train, classes=range(WIDTHS[-1]))
        losses = []
        for x, y in (self.train, self.test):
            chances = self.model.predict_proba(x).astype(np.float64)
            losses.append(log_loss(y, chances / chances.sum(1, keepdims=True)))
            (chances.argmax(1) == y).mean()
        return Once(losses[-1])
