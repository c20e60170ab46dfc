"""A network with dropout as the average of all its thinned networks: summed over every mask of the hidden layer.

Reference: Srivastava et al., "Dropout: a simple way to prevent neural networks from overfitting", 2014; Goodfellow, Bengio and
Courville, "Deep Learning", 2016, section 7.12 (the geometric mean).
"""

from __future__ import annotations

import itertools
from typing import Any

from regexp.lazy import torch
from regexp.textbook.study import Study

QUANTITIES = ("classic", "scores", "geometric", "arithmetic", "sampled")
NONNEGATIVE = QUANTITIES

INPUTS, HIDDEN, CLASSES, EXAMPLES = 5, 8, 3, 40
RATE = 0.375
"""A multiple of 2**-16, so that the package's dropout has this very rate."""
SAMPLES = 2000


def of_study(study: Study) -> dict[str, list[float]]:
    """On as many networks, drawn at random, as there are seeds, the largest difference over examples and classes.

    ``classic``: between the classic network, masked in training and with weights times ``1 - rate`` at evaluation, and the
    package's own, whose weights are those times ``1 - rate``, with the masks that it draws, and at evaluation. Against the
    network that is evaluated whole: ``scores``, of the mean of the scores over all masks; ``geometric``, of the renormalised
    geometric mean of the probabilities; ``arithmetic``, of their mean; ``sampled``, of their mean over 2,000 masks drawn by
    :func:`regexp.predict`, minus ``arithmetic``'s.
    """
    found = [_of_network(seed) for seed in study.seeds]
    return {name: [one[name] for one in found] for name in QUANTITIES}


def recipe() -> str:
    """For captions."""
    layers = f"{INPUTS}-{HIDDEN}-{CLASSES} ReLU networks with random weights"
    return f"{layers}, {EXAMPLES} examples, dropout {RATE:g}, every mask of the hidden layer by its probability"


def _of_network(seed: int) -> dict[str, float]:
    generator = torch.Generator().manual_seed(seed)
    x, w, v = (_normal(generator, *s) for s in ((EXAMPLES, INPUTS), (INPUTS, HIDDEN), (HIDDEN, CLASSES)))
    h, keep = (x @ w).relu(), 1 - RATE
    masks = torch.tensor(list(itertools.product((0.0, 1.0), repeat=HIDDEN)), dtype=torch.float64)[:, None]
    chance = (RATE ** (1 - masks) * keep**masks).prod(-1, keepdim=True)

    whole, thinned = h @ v, (h * masks / keep) @ v
    logarithms = thinned.log_softmax(-1)
    mean = (chance * logarithms.exp()).sum(0)
    return {
        "classic": _classic(seed, x, w, v),
        "scores": _apart((chance * thinned).sum(0), whole),
        "geometric": _apart((chance * logarithms).sum(0).softmax(-1), whole.softmax(-1)),
        "arithmetic": _apart(mean, whole.softmax(-1)),
        "sampled": _apart(_sampled(seed, x, w, v), mean),
    }


def _classic(seed: int, x: torch.Tensor, w: torch.Tensor, v: torch.Tensor) -> float:
    """Of scores with masks, and of probabilities at evaluation."""
    import regexp
    from regexp import rng
    from regexp.regularizers.dropout import masks_of
    from regexp.stack.noise import Draws

    h, u = (x @ w).relu(), v / (1 - RATE)
    draws, rate = Draws(torch.tensor(rng.key(seed, "classic")), 0, 1), torch.tensor(RATE, dtype=h.dtype)
    masks = masks_of(rate)(draws.sixteenths(*h.shape))
    with_masks = _apart((h * (masks > 0)) @ u, (h * masks) @ v)
    at_evaluation = _apart((h @ (u * (1 - RATE))).softmax(-1), regexp.predict(_network(w, v), x).mean)
    return max(with_masks, at_evaluation)


def _sampled(seed: int, x: torch.Tensor, w: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
    """The Monte-Carlo mean of this network, by the package's own call."""
    import regexp

    return regexp.predict(_network(w, v), x, samples=SAMPLES, seed=seed).mean


def _network(w: torch.Tensor, v: torch.Tensor) -> Any:
    """The network with dropout as a finished run; no data are loaded."""
    import regexp
    from regexp.datasets import FashionMNIST
    from regexp.models import MLP
    from regexp.optim import SGD
    from regexp.regularizers import Dropout

    one = regexp.Experiment(FashionMNIST(), MLP(hidden=(HIDDEN,)), SGD(0.1), [Dropout(RATE)], dtype="float64")
    zeros = {"hidden.0.bias": torch.zeros(HIDDEN, dtype=w.dtype), "output.bias": torch.zeros(CLASSES, dtype=w.dtype)}
    weights = {"final": {"hidden.0.weight": w, "output.weight": v, **zeros}}
    return regexp.Result(one, "completed", None, [{"epoch": 0}], 0, None, weights, (INPUTS, CLASSES))


def _normal(generator: torch.Generator, *shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=generator, dtype=torch.float64)


def _apart(a: torch.Tensor, b: torch.Tensor) -> float:
    return (a - b).abs().max().item()
