"""Early stopping on metric sequences whose answer is known, and in training against a replay of the run's own history."""

import dataclasses
import math

import numpy as np
import pytest
import torch

from regexp.datasets import SyntheticRegression
from regexp.experiment import Experiment
from regexp.models import MLP, Linear
from regexp.optim import SGD
from regexp.regularizers import EarlyStopping
from regexp.rules import Invalid
from regexp.stack.numbers import numbers, representative
from support import CPU, Blobs, arrays, fit

NAN = math.nan


def watch(columns, specs, epochs=None, training=None):
    """Feed one metric sequence per run: the epoch each one stops at (None: never) and the epoch of the weights it keeps."""
    trained = specs[0].monitor.replace("val/", "train/")
    regularizer, own, state = representative(specs[0]), numbers(specs, CPU, torch.float64), {}
    stopped, kept = [None] * len(specs), [None] * len(specs)
    epochs = epochs or range(len(columns[0]))
    for epoch, values, train in zip(epochs, zip(*columns, strict=True), zip(*(training or columns), strict=True), strict=True):
        metrics = {name: torch.tensor(v, dtype=torch.float64) for name, v in [(specs[0].monitor, values), (trained, train)]}
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


def prechelt(validation, training, criterion, number, k):
    """The epoch at which his criterion stops, from his definitions; the curves begin with epoch 0, before training."""

    def gl(t):
        return 100 * (validation[t] / min(validation[: t + 1]) - 1)

    def progress(t):
        strip = training[t - k + 1 : t + 1]
        return 1000 * (sum(strip) / (k * min(strip)) - 1)

    def up(t, successive):
        here = validation[t] > validation[t - k]
        return here if successive == 1 else here and t >= 2 * k and up(t - k, successive - 1)

    stops = {
        "gl": lambda t: gl(t) > number,
        "pq": lambda t: t > 0 and t % k == 0 and gl(t) / progress(t) > number,
        "up": lambda t: t > 0 and t % k == 0 and up(t, number),
    }
    return next((t for t in range(len(validation)) if stops[criterion](t)), None)


def curves(runs, epochs=120):
    """Falling training errors, and validation errors that fall, turn up somewhere, and shake."""
    generator = np.random.default_rng(0)
    t = np.arange(epochs)
    turn, noise = generator.uniform(10, 150, (runs, 1)), generator.normal(1, 0.02, (2, runs, epochs))
    training = (0.1 + np.exp(-t / 20)) * noise[0]
    validation = (0.3 + np.exp(-t / 15) + np.maximum(0, t - turn) / 200) * noise[1]
    return validation.tolist(), training.tolist()


@pytest.mark.parametrize(
    ("criterion", "field", "values"),
    [("gl", "alpha", (1.0, 5.0, 20.0)), ("pq", "alpha", (0.2, 0.75, 3.0)), ("up", "strips", (1, 2, 4))],
)
def test_prechelts_criteria_stop_where_a_plain_reading_of_them_does(criterion, field, values):
    specs = [EarlyStopping(criterion=criterion, strip_length=k, **{field: v}) for v in values for k in (3, 5) for _ in range(8)]
    validation, training = curves(len(specs))
    expected = [
        prechelt(v, t, criterion, getattr(spec, field), spec.strip_length)
        for v, t, spec in zip(validation, training, specs, strict=True)
    ]
    found = watch(validation, specs, training=training)
    assert [stop for stop, _ in found] == expected
    for (stop, kept), values in zip(found, validation, strict=True):
        assert kept == np.argmin(values[: None if stop is None else stop + 1])
    assert len(set(expected)) >= 6


def test_a_larger_number_stops_later():
    validation, training = curves(1)
    for criterion, field, values in [("gl", "alpha", (1.0, 3.0, 9.0)), ("up", "strips", (1, 2, 3))]:
        stops = [watch(validation, [EarlyStopping(criterion=criterion, **{field: v})], training=training)[0][0] for v in values]
        assert stops == sorted(stops, key=lambda stop: math.inf if stop is None else stop)
        assert len(set(stops)) > 1


def test_known_strips():
    """Strips of two epochs end at 2, 4, 6, 8; the lowest value is 4."""
    values = [9, 8, 7, 5, 4, 6, 5, 9, 6, 7, 5]
    assert watch([values], [EarlyStopping(criterion="up", strips=1, strip_length=2)]) == [(6, 4)]
    assert watch([values], [EarlyStopping(criterion="up", strips=2, strip_length=2)]) == [(8, 4)]
    assert watch([values], [EarlyStopping(criterion="up", strips=3, strip_length=2)]) == [(None, 4)]
    assert watch([values], [EarlyStopping(criterion="gl", alpha=25.0)]) == [(5, 4)]
    assert watch([values], [EarlyStopping(criterion="gl", alpha=50.0)]) == [(7, 4)]


def test_the_generalization_loss_of_an_accuracy_is_that_of_its_error():
    accuracies = [0.1, 0.5, 0.75, 0.74, 0.69, 0.6]  # errors .9, .5, .25, .26, .31, .4: 4 % and 24 % and 60 % above the best
    spec = EarlyStopping("val/accuracy", criterion="gl", alpha=20.0)
    assert watch([accuracies], [spec]) == [(4, 2)]


@pytest.mark.parametrize("criterion", ["gl", "pq", "up"])
def test_a_criterion_in_training_is_the_one_on_the_recorded_curves(criterion):
    fields = {"gl": ("alpha", (2.0, 10.0)), "pq": ("alpha", (0.1, 1.0)), "up": ("strips", (1, 2))}
    field, values = fields[criterion]
    runs = [
        Experiment(Blobs(), MLP((16,)), SGD(lr), [EarlyStopping(criterion=criterion, strip_length=4, **{field: v})], 40, 16)
        for v in values
        for lr in (0.05, 0.3)
    ]
    for run, result in zip(runs, fit(runs), strict=True):
        (full,) = fit([dataclasses.replace(run, regularizers=())])
        validation, training = ([row[f"{split}/loss"] for row in full.rows] for split in ("val", "train"))
        stop = prechelt(validation, training, criterion, getattr(run.regularizers[0], field), 4)
        assert result.epochs_run == (40 if stop is None else stop)
        assert result.final_epoch == np.argmin(validation[: result.epochs_run + 1])


@pytest.mark.parametrize(
    ("criterion", "strip_length", "eval_every", "message"),
    [
        ("up", 5, 2, r"strip_length must be a multiple of eval_every \(2\), got 5: .* set eval_every=1"),
        ("pq", 5, 5, r"strip_length must hold two evaluations or more, got 5 with eval_every 5"),
    ],
)
def test_strips_must_fit_the_evaluations(criterion, strip_length, eval_every, message):
    chosen = [EarlyStopping(criterion=criterion, strip_length=strip_length)]
    with pytest.raises(Invalid, match=message):
        Experiment(Blobs(), MLP((16,)), SGD(0.1), chosen, eval_every=eval_every)


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
