"""Every draw is a function of (seed, purpose, position): what is switched off leaves no trace, what is added moves nothing."""

import dataclasses

import pytest
import torch

import regexp
from regexp.datasets import SyntheticRegression
from regexp.experiment import Experiment
from regexp.files.checkpoint import Pace
from regexp.models import MLP, Linear
from regexp.optim import SGD, Adam
from regexp.program import Program, arrange, load_data
from regexp.regularizers import L1, L2, Augmentation, Dropout, EarlyStopping, InputNoise, L1Subgradient, MaxNorm, WeightDecay
from regexp.regularizers.regularizer import switches
from regexp.train import config_folder
from support import CPU, Blobs, fit, same_bits

PLAIN = Experiment(Blobs(), MLP((16, 16)), SGD(0.1, momentum=0.9), epochs=4, batch_size=16, seed=1)
OPTIMIZERS = [SGD(0.1), SGD(0.1, momentum=0.9), Adam(0.01)]
PAIRS = [  # switched off, and switched on
    (L2(0.0), L2(0.1)),
    (L1(0.0), L1(0.01)),
    (L1Subgradient(0.0), L1Subgradient(0.01)),
    (WeightDecay(0.0), WeightDecay(0.1)),
    (Dropout(0.0), Dropout(0.5, input_rate=0.2)),
    (Dropout(0.0, mask="batch"), Dropout(0.5, input_rate=0.2, mask="batch")),
    (InputNoise(0.0), InputNoise(0.3)),
    (InputNoise(0.0, "all"), InputNoise(0.3, "all")),
    (Augmentation(0, 0.0), Augmentation(1, 10.0)),
    (MaxNorm(float("inf")), MaxNorm(0.5)),
    (EarlyStopping(patience=100), EarlyStopping(patience=1)),
]


def last(experiment):
    return fit([experiment])[0].weights["last"]


@pytest.mark.fault("F26")
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize(("off", "on"), PAIRS)
def test_off_equals_absent_also_beside_a_neighbour_that_is_on(optimizer, off, on):
    plain = dataclasses.replace(PLAIN, optimizer=optimizer)
    absent = fit([plain])[0]
    beside, effective = fit([dataclasses.replace(plain, regularizers=[part]) for part in (off, on)])
    (alone,) = fit([dataclasses.replace(plain, regularizers=[off])])
    for switched_off in (beside, alone):
        assert same_bits(switched_off.weights["last"], absent.weights["last"])
        for row, expected in zip(switched_off.rows, absent.rows, strict=True):
            assert expected.items() <= row.items()
    if not isinstance(on, EarlyStopping):
        assert not same_bits(effective.weights["last"], absent.weights["last"])
        lacking, beside = fit([plain, dataclasses.replace(plain, regularizers=[on])])
        assert same_bits(lacking.weights["last"], absent.weights["last"])
        assert lacking.rows == absent.rows
        assert same_bits(beside.weights["last"], effective.weights["last"])


def test_every_regularizer_that_ships_says_what_switches_it_off():
    shipped = {path.stem for path in (config_folder() / "regularizer").glob("*.yaml")}
    assert {on.name() for _, on in PAIRS} == shipped
    declared = [(off, dataclasses.replace(on, **switches(on))) for off, on in PAIRS if switches(on)]
    assert [off == said for off, said in declared] == [True] * (len(PAIRS) - 1)
    assert not switches(EarlyStopping())
    assert switches(Dropout((0.1, 0.2))) == {"rate": (0.0, 0.0), "input_rate": 0.0}


@pytest.mark.parametrize("experiment", [PLAIN, Experiment(SyntheticRegression(), Linear(), Adam(0.01), [Dropout(0.0, 0.2)])])
def test_the_same_seed_gives_the_same_bits_whatever_torchs_generator_does(experiment):
    torch.manual_seed(0)
    first = fit([experiment])[0]
    torch.manual_seed(1)
    second = fit([experiment])[0]
    assert first.rows == second.rows
    for which in first.weights:
        assert same_bits(first.weights[which], second.weights[which])


def test_seed_zero_is_a_seed():
    torch.manual_seed(0)
    zero = last(dataclasses.replace(PLAIN, seed=0))
    torch.manual_seed(1)
    assert same_bits(zero, last(dataclasses.replace(PLAIN, seed=0)))
    assert not same_bits(zero, last(dataclasses.replace(PLAIN, seed=1)))


def test_a_fit_leaves_torchs_generator_as_it_was():
    before = torch.get_rng_state()
    fit([dataclasses.replace(PLAIN, regularizers=[Dropout(0.5)], seed=seed) for seed in (0, 1)])
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.fault("F25")
def test_evaluating_less_often_changes_no_bit():
    (often,), (seldom,) = fit([PLAIN]), fit([dataclasses.replace(PLAIN, eval_every=4)])
    assert same_bits(often.weights["last"], seldom.weights["last"])
    assert [row["epoch"] for row in often.rows] == [0, 1, 2, 3, 4]
    assert seldom.rows == [often.rows[0], often.rows[4]]


def draws(experiment, neighbours=()):
    """Everything random of the run at place 0: data, initial weights, the batches of two epochs, masks of two steps."""
    runs = [experiment, *neighbours]
    order = arrange(runs)
    runs = [runs[i] for i in order]
    program, place = Program(runs, load_data(runs), CPU), order.index(0)
    group = place * len(program.data.seeds) // len(runs)
    batches = [b for epoch in (1, 2) for b in program.data.batches(epoch, experiment.batch_size)]
    masks = [change[-1].sixteenths(5, 6)[place] for step in (1, 7) for slot in program.noise(step) for change in slot]
    return {
        "data": [inputs[0] for inputs, _ in program.data.chunks("train")],
        "init": [p[place].detach() for p in program.parameters],
        "order": [inputs[group] for inputs, _ in batches] + [targets[place] for _, targets in batches],
        "masks": masks,
    }


def assert_same_draws(ours, theirs):
    for name in ours:
        assert len(ours[name]) == len(theirs[name]) > 0
        assert all(torch.equal(a, b) for a, b in zip(ours[name], theirs[name], strict=True)), name


DROPPING = dataclasses.replace(PLAIN, regularizers=[Dropout(0.5)])


@pytest.mark.parametrize(
    "change",
    [
        {"regularizers": [L2(0.1), Dropout(0.5), EarlyStopping()]},
        {"regularizers": [Dropout(0.2), WeightDecay(0.1)]},
        {"optimizer": Adam(0.003)},
        {"eval_every": 3},
        {"epochs": 9},
        {"loss": "quadratic"},
    ],
)
def test_no_setting_moves_a_stream(change):
    assert_same_draws(draws(dataclasses.replace(DROPPING, **change)), draws(DROPPING))


@pytest.mark.fault("F25")
@pytest.mark.parametrize("seeds", [[1], [1, 2, 2], [0, 3, 2, 1, 1]])
def test_no_neighbour_moves_a_stream(seeds):
    neighbours = [dataclasses.replace(DROPPING, seed=seed, optimizer=SGD(0.01 * i + 0.01)) for i, seed in enumerate(seeds)]
    alone, beside = draws(DROPPING), draws(DROPPING, neighbours)
    assert_same_draws({n: alone[n] for n in ("init", "order", "masks")}, {n: beside[n] for n in ("init", "order", "masks")})


def test_streams_differ_by_seed():
    ours, theirs = draws(DROPPING), draws(dataclasses.replace(DROPPING, seed=2))
    for name in ours:
        assert not any(torch.equal(a, b) for a, b in zip(ours[name], theirs[name], strict=True) if a.numel() > 8), name


def test_the_data_sets_own_seed_fixes_the_data_and_nothing_else():
    fixed = [dataclasses.replace(DROPPING, dataset=Blobs(seed=9), seed=seed) for seed in (1, 2)]
    ours, theirs = draws(fixed[0]), draws(fixed[1])
    assert all(torch.equal(a, b) for a, b in zip(ours["data"], theirs["data"], strict=True))
    for name in ("init", "order", "masks"):
        assert not any(torch.equal(a, b) for a, b in zip(ours[name], theirs[name], strict=True) if a.numel() > 8), name


def test_every_epoch_has_an_order_of_its_own_that_visits_every_example_once():
    (data,) = load_data([PLAIN])
    program = Program([PLAIN], [data], CPU)
    x = data.inputs[data.rows["train"]]
    seen = [torch.cat([inputs[0] for inputs, _ in program.data.batches(epoch, 10)]) for epoch in (1, 2)]
    assert not torch.equal(*seen)
    for epoch in seen:
        places = torch.cdist(epoch, x, compute_mode="donot_use_mm_for_euclid_dist").argmin(1)
        assert sorted(places.tolist()) == list(range(len(x)))
        assert torch.equal(x[places], epoch)


FIRST = dataclasses.replace(PLAIN, regularizers=[Dropout(0.5)], seed=3)
SECOND = Experiment(SyntheticRegression(), Linear(), Adam(0.01), [Dropout(0.0, 0.2), L2(0.1)], seed=4, epochs=4)


@pytest.mark.fault("F24")
def test_the_order_of_jobs_in_a_process_changes_no_bit():
    alone = fit([FIRST])[0], fit([SECOND])[0]
    for order in ([FIRST, SECOND], [SECOND, FIRST, SECOND]):
        for experiment, result in zip(order, [fit([experiment])[0] for experiment in order], strict=True):
            expected = alone[0] if experiment is FIRST else alone[1]
            assert result.rows == expected.rows
            assert all(same_bits(result.weights[which], expected.weights[which]) for which in expected.weights)


@pytest.mark.fault("F25")
def test_what_is_logged_changes_no_bit(tmp_path):
    quiet = fit([FIRST])[0]
    loud = regexp.fit([FIRST], tmp_path, threads=1, checkpoint=Pace(seconds=0), progress=True)[0]
    assert loud.rows == quiet.rows
    assert all(same_bits(loud.weights[which], quiet.weights[which]) for which in quiet.weights)
