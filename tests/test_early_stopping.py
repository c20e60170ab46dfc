"""Early stopping on metric sequences whose answer is known, and in training against a replay of the run's own history."""

import math

import pytest
import torch

from regexp.component import Invalid
from regexp.datasets import SyntheticRegression
from regexp.experiment import Experiment
from regexp.models import MLP, Linear
from regexp.optim import SGD
from regexp.regularizers import EarlyStopping
from regexp.stack.numbers import numbers, representative
from support import CPU, Blobs, arrays, fit

NAN = math.nan


def watch(columns, specs, epochs=None):
    """Feed one metric sequence per run: the epoch each one stops at (None: never) and the epoch of the weights it keeps."""
    regularizer, own, state = representative(specs[0]), numbers(specs, CPU, torch.float64), {}
    stopped, kept = [None] * len(specs), [None] * len(specs)
    for epoch, values in zip(epochs or range(len(columns[0])), zip(*columns, strict=True), strict=True):
        metrics = {specs[0].monitor: torch.tensor(values, dtype=torch.float64)}
        verdict = regularizer.watch(epoch, metrics, state, own)
        for run in range(len(specs)):
            if stopped[run] is None:
                kept[run] = epoch if verdict.keep[run] else kept[run]
                stopped[run] = None if verdict.go_on[run] else epoch
    return list(zip(stopped, kept, strict=True))


@pytest.mark.parametrize(
    ("values", "spec", "answer"),
    [
        ([5, 4, 3, 2, 1], EarlyStopping(patience=1), (None, 4)),
        ([5, 4, 4.5, 4.6, 4.7, 1], EarlyStopping(patience=3), (4, 1)),
        ([5, 4, 4.5, 3, 4, 4, 4, 1], EarlyStopping(patience=3), (6, 3)),
        ([1, 2, 3, 4], EarlyStopping(patience=2), (2, 0)),
        ([5, 4, 4, 4], EarlyStopping(patience=2), (3, 1)),
        ([5, NAN, NAN, 4, 5, 5, 5], EarlyStopping(patience=3), (6, 3)),
        ([5, NAN, NAN, NAN, 1], EarlyStopping(patience=3), (3, 0)),
        ([NAN, NAN, 1, 0], EarlyStopping(patience=2), (None, 3)),
        ([NAN, NAN, NAN, 0], EarlyStopping(patience=2), (2, None)),
        # min_delta decides about patience only; the best weights are those of the lowest value
        ([5, 4.9, 4.8, 4.7, 4.6], EarlyStopping(patience=3, min_delta=0.25), (None, 4)),
        ([5, 4.9, 4.8, 4.7, 4.6], EarlyStopping(patience=3, min_delta=0.5), (3, 3)),
        ([0.1, 0.5, 0.4, 0.3], EarlyStopping("val/accuracy", patience=2), (3, 1)),
    ],
)
def test_known_sequences(values, spec, answer):
    assert watch([values], [spec]) == [answer]


def test_patience_counts_epochs_not_evaluations():
    values = [5, 4, 4.5, 4.6, 4.7]
    assert watch([values], [EarlyStopping(patience=3)], epochs=[0, 5, 10, 15, 20]) == [(10, 5)]
    assert watch([values], [EarlyStopping(patience=6)], epochs=[0, 5, 10, 15, 20]) == [(15, 5)]


def test_every_run_of_a_stack_has_its_own_patience():
    values = [5, 4, 4.5, 4.6, 4.7, 1]
    specs = [EarlyStopping(patience=p, min_delta=d) for p, d in [(1, 0.0), (2, 0.0), (3, 0.0), (5, 0.0), (4, 2.0)]]
    assert watch([values] * 5, specs) == [(2, 1), (3, 1), (4, 1), (None, 5), (4, 1)]


def replay(rows, patience, last_epoch):
    """The epochs at which a run with this validation history stops and is best."""
    best_epoch, best = 0, math.inf
    for row in rows:
        if row["val/loss"] < best:
            best_epoch, best = row["epoch"], row["val/loss"]
        if row["epoch"] - best_epoch >= patience:
            return row["epoch"], best_epoch
    return last_epoch, best_epoch


@pytest.mark.parametrize("eval_every", [1, 3])
def test_training_stops_where_the_history_says_and_restores_the_best_weights(eval_every):
    patiences, epochs = (1, 2, 4, 7, 30), 30
    runs = [
        Experiment(
            Blobs(),
            MLP((16,)),
            SGD(lr),
            [EarlyStopping(patience=patience)],
            epochs=epochs,
            batch_size=16,
            eval_every=eval_every,
            dtype="float64",
        )
        for patience in patiences
        for lr in (0.02, 0.3)
    ]
    full = {run.optimizer: fit([run])[0] for run in runs[-2:]}
    results = fit(runs)
    for run, result in zip(runs, results, strict=True):
        stop, best = replay(full[run.optimizer].rows, run.regularizers[0].patience, epochs)
        assert (result.epochs_run, result.final_epoch, result.best_epoch) == (stop, best, best)
        x, y = map(torch.from_numpy, arrays(run, "val"))
        loss = torch.nn.functional.cross_entropy(result.model()(x), y).item()
        assert loss == pytest.approx(min(row["val/loss"] for row in result.rows), rel=1e-10)
    assert len({result.epochs_run for result in results}) >= 3


def test_without_a_validation_split_it_is_refused_with_the_way_out():
    with pytest.raises(
        Invalid, match=r"early_stopping.monitor must be measured on a validation split.*set dataset.val_size > 0"
    ):
        Experiment(SyntheticRegression(val_size=0), Linear(), SGD(0.1), [EarlyStopping()])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: EarlyStopping("test/loss"), r"monitor must be a validation metric .* \(the test split decides nothing\)"),
        (lambda: EarlyStopping(patience=0), r"patience must be a whole number >= 1, got 0"),
        (lambda: EarlyStopping(min_delta=-1.0), r"min_delta must be a finite number >= 0, got -1.0"),
        (
            lambda: Experiment(SyntheticRegression(), Linear(), SGD(0.1), [EarlyStopping("val/accuracy")]),
            "monitor must be one of val/loss, got 'val/accuracy'",
        ),
    ],
)
def test_wrong_fields_are_refused(make, message):
    with pytest.raises(Invalid, match=message):
        make()
