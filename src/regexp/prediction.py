"""Predictions of finished runs: of one, of an ensemble, and with dropout left on."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Any

import torch
from jaxtyping import Float

from regexp import losses, rng
from regexp.program.model import Noise, StackedModel, places
from regexp.regularizers.regularizer import Place
from regexp.results import Result
from regexp.rules import Invalid
from regexp.stack.noise import Draws
from regexp.stack.numbers import numbers, representative, structure

ROWS = 512
"""Examples of one product: fixed, so that the draws for an example do not depend on how much memory there is."""


@dataclasses.dataclass(frozen=True, eq=False)
class Prediction:
    """What several networks predict for the same inputs, and how far they agree. All entropies are in nats."""

    members: Float[torch.Tensor, "members batch outputs"]
    """Predicted values, or class probabilities, of every member: each run, or each sample of each run."""
    output: str
    """The output function: ``identity`` (regression), ``softmax`` or ``sigmoid`` (one probability per class)."""

    @property
    def mean(self) -> Float[torch.Tensor, "batch outputs"]:
        """The predictive mean, ``p = mean_m p_m``."""
        return self.members.mean(0)

    @property
    def variance(self) -> Float[torch.Tensor, "batch outputs"]:
        """The variance between members, ``mean_m (p_m - p)**2``."""
        return self.members.var(0, correction=0)

    @property
    def entropy(self) -> Float[torch.Tensor, " batch"]:
        """The predictive entropy ``H(p)``, the whole uncertainty: ``-sum_k p_k log p_k``.

        Under sigmoid outputs the classes are events of their own, and ``H`` is the sum of their binary entropies.
        Raises ``ValueError`` for a regression, which predicts no probabilities.
        """
        return _entropy(self.mean, self.output)

    @property
    def mutual_information(self) -> Float[torch.Tensor, " batch"]:
        """Of prediction and network, ``H(p) - mean_m H(p_m)`` >= 0: the part of the uncertainty that members disagree about.

        Reference: Houlsby et al., "Bayesian active learning for classification and preference learning", 2011.
        """
        return self.entropy - _entropy(self.members, self.output).mean(0)


@torch.no_grad()
def predict(
    results: Result | Sequence[Result],
    inputs: Float[torch.Tensor, "batch *features"],
    *,
    samples: int | None = None,
    seed: int = 0,
    noise: Sequence[str] = ("dropout",),
    which: str = "final",
) -> Prediction:
    """The predictions of one finished run, or of several as an ensemble, for inputs as the model sees them.

    ``samples``: None uses every network as it is (for dropout: all units, weights scaled). A number leaves the regularizers
    named in ``noise`` on and predicts that often, with new masks for every example: Monte-Carlo dropout, whose mean tends to
    the predictive mean. The draws are a function of ``seed``, of the run's place in the list and of the sample. ``which``
    weights: final, best or last. :func:`regexp.diagnostics.examples` gives a run's inputs.

    Raises :class:`regexp.Invalid` for runs of different structure, and where there is no noise to leave on.

    Reference: Gal and Ghahramani, "Dropout as a Bayesian approximation", 2016; Lakshminarayanan, Pritzel and Blundell,
    "Simple and scalable predictive uncertainty estimation using deep ensembles", 2017.
    """
    runs = [results] if isinstance(results, Result) else list(results)
    _check(runs, samples, noise)
    first = runs[0].experiment
    model = StackedModel([run.model(which) for run in runs], torch.device("cpu"), first.mixed)
    output = losses.output_of(first.data_loss, first.model.output)
    changes = [] if samples is None else _changes(runs, model, noise, seed)
    parts = []
    for place, chunk in enumerate(inputs.to(first.stored_dtype).split(ROWS)):
        scores = [
            model(chunk.unsqueeze(0), _at(changes, (sample << 16) + place, len(runs)) if samples else None)
            for sample in range(samples or 1)
        ]
        parts.append(losses.predictions(torch.cat(scores), output))
    return Prediction(torch.cat(parts, 1), output)


def _check(runs: Sequence[Result], samples: int | None, noise: Sequence[str]) -> None:
    if not runs:
        raise Invalid("predict", [("results", "must be a run or a list of runs, got an empty list")])
    if samples is not None and (not isinstance(samples, int) or samples < 1):
        raise Invalid("predict", [("samples", f"must be a whole number >= 1 or None, got {samples!r}")])
    first, *others = [_structure(run, noise if samples else ()) for run in runs]
    for i, other in enumerate(others, start=1):
        if wrong := next((name for name in [*first, *other] if first.get(name) != other.get(name)), None):
            why = f"must have one structure, got {first.get(wrong)!r} in run 0 and {other.get(wrong)!r} in run {i}"
            raise Invalid("predict", [(wrong, f"{why}: predict with each apart")])


def _structure(run: Result, noise: Sequence[str]) -> dict[str, Any]:
    """What the networks of an ensemble must have in common; how they were trained may differ."""
    spec = run.experiment
    model = {f"model.{name}": value for name, value in structure(spec.model).items()}
    left_on = {f"regularizer.{one.name()}": structure(one) for one in spec.regularizers if one.name() in noise}
    return {"sizes": run.sizes, "loss": spec.data_loss, "dtype": spec.dtype, **model, **left_on}


Sources = list[tuple]
"""The changes of one slot: what, with which numbers, and the key of every run's draws."""


def _changes(runs: Sequence[Result], model: StackedModel, noise: Sequence[str], seed: int) -> list[Sources]:
    """What the named regularizers do in every slot of the model."""
    found = [list(_sources(runs, place, noise, seed)) for place in places(model, runs[0].experiment.dataset.image)]
    if not any(found):
        have = ", ".join(part.name() for part in runs[0].experiment.regularizers) or "none"
        why = f"must name a regularizer of the run that changes activations, got {list(noise)} (the run has: {have})"
        raise Invalid("predict", [("noise", f"{why}: use samples=None, or train with dropout")])
    return found


def _sources(runs: Sequence[Result], place: Place, noise: Sequence[str], seed: int) -> Iterator[tuple]:
    left_on = [[one for name in noise for one in run.experiment.regularizers if one.name() == name] for run in runs]
    for column in zip(*left_on, strict=True):
        own = numbers(column, torch.device("cpu"), runs[0].experiment.stored_dtype)
        if change := representative(column[0]).wrap(place, own):
            purpose = (column[0].name(), place.place, place.index)
            keys = [rng.key(seed, "predict", member, *purpose) for member in range(len(runs))]
            yield change, own, torch.tensor(keys)


def _at(changes: Sequence[Sources], step: int, runs: int) -> list[Noise]:
    return [[(change, own, Draws(keys, step, runs)) for change, own, keys in sources] for sources in changes]


def _entropy(
    probabilities: Float[torch.Tensor, "*members batch outputs"], output: str
) -> Float[torch.Tensor, "*members batch"]:
    if output == "identity":
        raise ValueError("entropy must be that of class probabilities, and this is a regression: use variance")
    surprise = -torch.special.xlogy(probabilities, probabilities)
    if output == "sigmoid":
        surprise = surprise - torch.special.xlogy(1 - probabilities, 1 - probabilities)
    return surprise.sum(-1)
