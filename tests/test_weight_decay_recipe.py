"""The weight decay recipe of d2l's chapter over 20 seeds, against bands that were simulated by another program.

Zhang et al., "Dive into Deep Learning" (Chinese edition), section 4.5. The bands hold the mean of 20 seeds with probability
0.999; a second, separate simulation of 2,000 seeds and more agrees with them.
"""

import itertools
import statistics

import pytest

from regexp.datasets import SyntheticRegression
from regexp.experiment import Experiment
from regexp.models import Linear
from regexp.optim import SGD
from regexp.regularizers import WeightDecay
from support import arrays, fit

SEEDS = range(20)
INITS = {"normal": Linear(init="normal", init_std=1.0), "zero": Linear(init="constant", init_value=0.0)}
BANDS = [
    ("normal", 0.0, "weights/l2_norm", (12.90, 13.92)),
    ("normal", 0.0, "test/loss", (78.6, 102.0)),
    ("normal", 3.0, "weights/l2_norm", (0.351, 0.379)),
    ("normal", 3.0, "test/loss", (0.0746, 0.119)),
    ("zero", 0.0, "test/loss", (0.00915, 0.0113)),
    ("zero", 3.0, "test/loss", (0.00876, 0.0110)),
]


@pytest.fixture(scope="module")
def results():
    """All 80 runs as one stack, by (initialisation, strength)."""
    kinds = list(itertools.product(INITS, (0.0, 3.0)))
    runs = [
        Experiment(
            SyntheticRegression(val_size=0),
            INITS[init],
            SGD(0.003),
            [WeightDecay(strength)],
            epochs=100,
            batch_size=5,
            seed=seed,
            eval_every=50,
        )
        for init, strength in kinds
        for seed in SEEDS
    ]
    by_kind = itertools.zip_longest(*[iter(fit(runs))] * len(SEEDS))
    return dict(zip(kinds, by_kind, strict=True))


@pytest.mark.parametrize(("init", "strength", "metric", "band"), BANDS)
def test_the_mean_of_20_seeds_lies_in_its_band(results, init, strength, metric, band):
    low, high = band
    assert low < statistics.mean(result.final[metric] for result in results[init, strength]) < high


def test_predicting_the_training_mean_lies_in_its_band(results):
    """The same data judge the simplest predictor: the decayed weights of the recipe are eight times worse than it."""
    losses = []
    for result in results["zero", 0.0]:
        (_, train), (_, test) = arrays(result.experiment), arrays(result.experiment, "test")
        losses.append(((test - train.mean()) ** 2).mean() / 2)
    assert 0.0094 < statistics.mean(losses) < 0.0119
