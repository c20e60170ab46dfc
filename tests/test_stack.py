"""A stacked run is the same run alone, whatever its neighbours are and do."""

import dataclasses
import itertools

import pytest
import torch

from regexp.component import per_run
from regexp.datasets import FashionMNIST, SyntheticRegression
from regexp.experiment import Experiment
from regexp.models import MLP, Linear
from regexp.optim import SGD, Adam
from regexp.program import Program, arrange, load_data
from regexp.regularizers import L1, L2, Dropout, EarlyStopping, L1Subgradient, WeightDecay
from regexp.regularizers.regularizer import Regularizer
from regexp.rules import Invalid
from regexp.stack.numbers import representative
from regexp.training import start, train
from support import CPU, Blobs, assert_equal_alone, fit, same_bits


def test_on_fashion_mnist_an_mlp_has_the_bits_of_the_run_alone():
    """1,000 steps of Adam with dropout, runs that differ in every number there is; two stop early, which drops their rows."""
    data = FashionMNIST(train_size=6400, val_size=512)

    def run(seed, lr, rates, strength, patience, noise=0.0):
        chosen = [WeightDecay(strength), Dropout(rates), EarlyStopping(patience=patience)]
        noisy = dataclasses.replace(data, label_noise=noise)
        return Experiment(noisy, MLP((64, 32)), Adam(lr), chosen, epochs=10, batch_size=64, seed=seed, eval_every=2)

    runs = [
        run(0, 1e-3, (0.3, 0.5), 0.0, 10),
        run(1, 3e-2, (0.0, 0.2), 0.1, 2),
        run(0, 2e-3, (0.0, 0.0), 0.01, 10),
        run(1, 5e-2, (0.5, 0.0), 0.02, 2, noise=0.2),
    ]
    results = fit(runs)
    assert [result.epochs_run < 10 for result in results] == [False, True, False, True]
    assert_equal_alone(runs, results)


TOLERANCE = {"float32": 1e-5, "float64": 1e-10}


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("model", [Linear(init="normal", init_std=0.1), MLP((7, 5), "tanh")])
@pytest.mark.parametrize("optimizers", [[SGD(0.01, momentum=0.9), SGD(0.03)], [Adam(0.01), Adam(0.002, betas=(0.8, 0.99))]])
def test_on_synthetic_regression_every_run_stays_within_the_tolerance(model, optimizers, dtype):
    """50 steps, sizes of all kinds: here products degenerate to vectors, and bits may differ."""
    data = SyntheticRegression(features=9, train_size=23, val_size=10, noise=0.5)
    runs = [
        Experiment(
            dataclasses.replace(data, noise=noise),
            model,
            optimizers[seed],
            [L2(strength), L1(strength / 10), Dropout(0.0, input_rate), EarlyStopping(patience=patience)],
            epochs=10,
            batch_size=5,
            seed=seed,
            dtype=dtype,
        )
        for seed, strength, input_rate, patience, noise in [
            (0, 0.1, 0.0, 20, 0.5),
            (1, 0.0, 0.2, 20, 0.5),
            (0, 0.3, 0.5, 1, 0.1),
            (0, 0.0, 0.0, 20, 0.5),
            (1, 0.2, 0.3, 20, 0.5),
        ]
    ]
    assert_equal_alone(runs, fit(runs), TOLERANCE[dtype])


def small(seed=0, lr=0.1, rate=0.3, **fields):
    regularizers = [Dropout(rate), EarlyStopping(patience=fields.pop("patience", 50))]
    return Experiment(
        Blobs(), MLP((16, 16)), SGD(lr, momentum=0.5), regularizers, **{"epochs": 6, "batch_size": 16, "seed": seed} | fields
    )


@pytest.mark.parametrize("batch_size", [16, 21, 47])
@pytest.mark.parametrize(("classes", "hidden"), [(3, (16,)), (10, (64, 64))])
@pytest.mark.parametrize("loss", ["cross_entropy", "binary_cross_entropy"])
def test_a_loss_gives_the_bits_of_the_run_alone(loss, classes, hidden, batch_size):
    """Its gradient is no broadcast number, of which vectorized kernels would compute other bits in another place, and not
    transposed for one example, the last of an epoch, of which products would.
    """
    one = Experiment(Blobs(classes=classes), MLP(hidden), SGD(0.1), epochs=4, batch_size=batch_size, loss=loss)
    runs = [dataclasses.replace(one, seed=seed) for seed in range(7)]
    assert_equal_alone(runs, fit(runs))


def test_cutting_and_permuting_a_stack_changes_no_bit():
    runs = [small(seed, lr, rate) for seed in (3, 0, 7) for lr in (0.1, 0.02) for rate in (0.0, 0.5)]
    whole = fit(runs)
    order = torch.randperm(len(runs), generator=torch.Generator().manual_seed(0)).tolist()
    permuted = fit([runs[i] for i in order])
    cut = [result for part in (runs[:1], runs[1:6], runs[6:]) for result in fit(part)]
    for result, other in zip(whole, cut, strict=True):
        assert same_bits(result.weights["last"], other.weights["last"])
    for place, i in enumerate(order):
        assert permuted[place].experiment == runs[i]
        assert same_bits(whole[i].weights["last"], permuted[place].weights["last"])


def test_runs_of_one_seed_become_neighbours():
    runs = [small(seed, lr) for lr in (0.1, 0.2) for seed in (5, 2)]
    assert arrange(runs) == [0, 2, 1, 3]


@pytest.mark.fault("F14")
@pytest.mark.parametrize("fields", [{"lr": 1e8}, {"lr": 1e30}])
def test_a_diverging_neighbour_changes_no_bit(fields):
    healthy = [small(0), small(1, lr=0.05), small(2)]
    results = fit([small(0, **fields), *healthy, small(4, **fields)])
    assert [result.status for result in results] == ["diverged", *["completed"] * 3, "diverged"]
    for stacked, alone in zip(results[1:-1], fit(healthy), strict=True):
        assert same_bits(stacked.weights["final"], alone.weights["final"])
        assert stacked.rows == alone.rows


@pytest.mark.fault("F14")
def test_a_diverged_run_says_since_when_and_ends_with_its_last_finite_best():
    (result,) = fit([small(lr=1e8)])
    assert "loss is" in result.reason
    assert result.epochs_run < 6
    assert all(torch.isfinite(w).all() for w in result.weights["best"].values())


STOPPING = [small(seed, lr=3.0, patience=1, epochs=20) for seed in (0, 1, 2)]
LASTING = [small(seed, lr=0.01 * seed + 0.01, epochs=20) for seed in (1, 3, 4, 5)]


def test_dropping_the_rows_of_stopped_runs_changes_no_bit():
    """Three of five runs stop after an epoch or so; the others go on without them to the end."""
    runs = [*STOPPING, *LASTING[:2]]
    results = fit(runs)
    assert [result.epochs_run < 20 for result in results] == [True] * 3 + [False] * 2
    assert_equal_alone(runs, results)


def test_a_stopped_run_stands_still_among_those_that_train():
    program = Program([STOPPING[0], *LASTING], load_data([STOPPING[0], *LASTING]), CPU)
    seen = []
    train(program, start(program), lambda program, *_: seen.append(program.parameters[0].detach().clone()))
    moved = torch.stack([(later != earlier).flatten(1).any(1) for earlier, later in itertools.pairwise(seen)])
    stopped = moved.sum(0)
    assert stopped[0] < 20
    assert not moved[stopped[0] :, 0].any()
    assert stopped[1:].tolist() == [20] * 4


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"epochs": 7}, "epochs"),
        ({"batch_size": 8}, "batch_size"),
        ({"dtype": "float64"}, "dtype"),
        ({"eval_every": 2}, "eval_every"),
        ({"loss": "quadratic"}, "loss"),
        ({"objective": "val/accuracy"}, "objective"),
        ({"model": MLP((16,))}, "model.hidden"),
        ({"model": MLP((16, 16), "tanh")}, "model.activation"),
        ({"model": Linear(), "regularizers": [Dropout(0.0), EarlyStopping()]}, "model.class"),
        ({"dataset": Blobs(train_size=32)}, "dataset.train_size"),
        ({"optimizer": SGD(0.1, momentum=0.5, nesterov=True)}, "optimizer.nesterov"),
        ({"optimizer": Adam(0.1)}, "optimizer.class"),
        ({"regularizers": [Dropout(0.3)]}, "regularizers"),
        ({"regularizers": [Dropout((0.3, 0.3)), EarlyStopping()]}, r"regularizer\.dropout\.len\(rate\)"),
        ({"regularizers": [Dropout(0.3), EarlyStopping("val/accuracy")]}, r"regularizer\.early_stopping\.monitor"),
    ],
)
def test_other_structures_are_refused_by_name(change, named):
    with pytest.raises(Invalid, match=rf"stack\.{named} differs between experiment 0 .* and 1"):
        fit([small(), dataclasses.replace(small(), **change)])


@dataclasses.dataclass(frozen=True)
class Careless(Regularizer):
    """A regularizer that takes one run's strength for everybody's."""

    strength: float = per_run()
    biases: bool = False

    def penalty(self, weights, numbers):
        return self.strength * sum(w.square().flatten(1).sum(1) for w in weights)


def test_reading_a_per_run_number_of_the_component_is_refused():
    run = dataclasses.replace(small(), regularizers=[Careless(0.1)])
    with pytest.raises(TypeError, match=r"Careless\.strength differs between the runs of a stack: use numbers\['strength'\]"):
        fit([run])


@pytest.mark.parametrize("component", [L2(0.1), L1Subgradient(0.1), Dropout(0.5), EarlyStopping(), SGD(0.1), Adam(0.1)])
def test_a_representative_shows_structure_only(component):
    shown = representative(component)
    for field in dataclasses.fields(component):
        if field.metadata.get("per_run"):
            with pytest.raises(TypeError, match=field.name):
                getattr(shown, field.name)
        else:
            assert getattr(shown, field.name) == getattr(component, field.name)
