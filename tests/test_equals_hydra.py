"""A sweep of ours is the sweep of plain Hydra: folders, files, what the runs return, and every number after every step."""

from __future__ import annotations

import pytest

from regexp import stored
from test_sweep import runs_in, same_files

PLAIN = ("hydra/sweeper=basic", "hydra/launcher=basic")
SEEDS, STRENGTHS, RATES = "seed=0,1", "regularizer.weight_decay.strength=0,0.1", "optimizer.lr=0.05,0.1"
DROPPED = "regularizer.dropout.rate=0.2,0.5"
NETWORK = ("model=mlp", "model.hidden=[8]", "regularizer=[weight_decay,dropout]")
STEPWISE = ("dataset.features=20", "batch_size=null", "epochs=50")  # an epoch is a step
CONVEX = ("dataset.features=10", "dataset.train_size=40", "batch_size=null", "epochs=300", "eval_every=300")
TOLERANCE = {"float32": 1e-5, "float64": 1e-10}


def both(command_line, tmp_path, *sweep):
    """The runs of the same command, trained as stacks and by plain Hydra, in pairs."""
    for name, more in (("stacks", ()), ("plain", PLAIN)):
        done = command_line("-m", *sweep, f"hydra.sweep.dir={name}", "compare=false", *more)
        assert done.code == 0, done.stderr
    ours, theirs = runs_in(tmp_path / "stacks"), runs_in(tmp_path / "plain")
    assert list(ours) == list(theirs)
    for name in ours:
        same_files(ours[name], theirs[name])
    return [(stored.load(ours[name]), stored.load(theirs[name])) for name in ours]


def scale(name, row):
    """What a metric's rounding error is relative to: a difference has that of its terms."""
    return abs(row["test/loss"] if name == "gap/loss" else row[name])


def same_numbers(one, other, tolerance):
    assert [row["epoch"] for row in one.rows] == [row["epoch"] for row in other.rows]
    for row, expected in zip(one.rows, other.rows, strict=True):
        assert row.keys() == expected.keys()
        wrong = {n: (row[n], expected[n]) for n in row if abs(row[n] - expected[n]) > tolerance * scale(n, expected)}
        assert not wrong, f"epoch {row['epoch']}"


@pytest.mark.parametrize(("dtype", "numbers"), [("float32", (STRENGTHS, DROPPED)), ("float64", (RATES, DROPPED))])
def test_every_step_of_runs_that_differ_in_seed_strength_and_rates(dtype, numbers, command_line, tmp_path):
    pairs = both(command_line, tmp_path, SEEDS, *numbers, *NETWORK, *STEPWISE, f"dtype={dtype}")
    assert len(pairs) == 8
    assert len({one.final["test/loss"] for one, _ in pairs}) == 8  # they do differ
    for one, other in pairs:
        assert len(one.rows) == 51
        same_numbers(one, other, TOLERANCE[dtype])
        assert one.best_epoch == other.best_epoch
        assert one.objective == pytest.approx(other.objective, rel=TOLERANCE[dtype])


def test_the_end_of_a_convex_problem(command_line, tmp_path):
    for one, other in both(command_line, tmp_path, SEEDS, STRENGTHS, RATES, *CONVEX, "dtype=float64"):
        same_numbers(one, other, TOLERANCE["float64"])
        assert one.objective == pytest.approx(other.objective, rel=TOLERANCE["float64"])
