"""The softmax of two scores is the sigmoid of their difference, and so are loss and gradient."""

from __future__ import annotations

from regexp.lazy import torch
from regexp.textbook.study import Study

QUANTITIES = ("probability", "loss", "gradient")
NONNEGATIVE = QUANTITIES

SCORES = 400


def of_study(study: Study) -> dict[str, list[float]]:
    """The largest difference over 400 pairs of scores, drawn anew for every seed, up to about 30: of the second class's
    probability to ``sigmoid(s_2 - s_1)``, of the cross-entropy to the binary one, and of the gradients by ``s_2``.
    """
    found = [_of_scores(seed) for seed in study.seeds]
    return {name: [one[name] for one in found] for name in QUANTITIES}


def recipe() -> str:
    """For captions."""
    return f"{SCORES} random pairs of scores"


def _of_scores(seed: int) -> dict[str, float]:
    from regexp.losses import cross_entropy, predictions

    generator = torch.Generator().manual_seed(seed)
    scores = 10 * torch.randn(1, SCORES, 2, generator=generator, dtype=torch.float64)
    label = torch.randint(2, (1, SCORES), generator=generator)
    difference = (scores[..., 1] - scores[..., 0]).requires_grad_()
    scores.requires_grad_()
    two = cross_entropy(scores, label)
    one = torch.logaddexp(torch.zeros_like(difference), difference) - label * difference  # of one sigmoid output
    (by_scores,), (by_difference,) = (torch.autograd.grad(x.sum(), s) for x, s in ((two, scores), (one, difference)))
    return {
        "probability": _apart(predictions(scores, "softmax")[..., 1], difference.sigmoid()),
        "loss": _apart(two, one),
        "gradient": _apart(by_scores[..., 1], by_difference),
    }


def _apart(a: torch.Tensor, b: torch.Tensor) -> float:
    return (a - b).abs().max().item()
